//! The words that every other crate of Fernamt speaks: ids, people and devices, grants and their registry,
//! data categories with their deletion rules, the conference, the audit hash chain, and the injected [`Clock`] and [`Rng`].
//!
//! Nothing in here does input or output, so all of it can be tested in virtual time.

pub mod audit;
pub mod clock;
pub mod conference;
pub mod device;
pub mod event;
pub mod feature;
pub mod grant;
pub mod id;
pub mod mail;
pub mod name;
pub mod person;
pub mod retention;
pub mod rng;
pub mod seal;
pub mod secret;
pub mod start_command;
pub mod target;
mod text_enum;

pub use clock::{Clock, SystemClock};
pub use device::{DeviceKind, DeviceState};
pub use event::DomainEvent;
pub use grant::{EndReason, Grant, LiveGrant, LiveGrants, SessionFacts, Situation, Zone};
pub use id::*;
pub use name::NameFault;
pub use person::{Method, PersonSource, PersonState, Role};
pub use retention::{DataCategory, Retention};
pub use rng::{Rng, SystemRng};
pub use seal::{Purpose, Sealer};
pub use secret::Secret;
pub use target::{TargetKind, TargetSettings};
pub use text_enum::{UnknownWord, openapi};
