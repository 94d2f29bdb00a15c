//! The identity feature as others see it: over its HTTP routes, a real store and a real directory.

mod active_directory;
