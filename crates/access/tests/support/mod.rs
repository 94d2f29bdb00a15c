//! What the tests of desktop and proxy share.

pub(crate) mod apps;
pub(crate) mod broker;
pub(crate) mod house;
pub(crate) mod office;
pub(crate) mod rdp_client;
pub(crate) mod relay;
