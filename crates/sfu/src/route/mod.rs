//! What is decided about packets, as pure state machines: no str0m connection, no socket, no clock.

pub(crate) mod allocate;
pub(crate) mod continuity;
pub(crate) mod descriptor;
pub(crate) mod frame;
pub(crate) mod keyframes;
pub(crate) mod layer;
pub(crate) mod picture;
pub(crate) mod quality;
pub(crate) mod rate;
pub(crate) mod red;
pub(crate) mod shortage;
pub(crate) mod sound;
pub(crate) mod speakers;
pub(crate) mod vp9;
