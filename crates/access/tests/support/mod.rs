//! What the tests of desktop and proxy share.

pub mod apps;
pub mod house;
pub mod rdp_client;
pub mod relay;
