//! Getting in: by link, by number and PIN, or as a person of the house.
