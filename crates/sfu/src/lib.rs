//! media core
