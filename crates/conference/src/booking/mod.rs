//! Booking: which days a rule names, and what becomes of a room's meetings when its booking changes.

mod expand;
mod plan;
mod zone;

pub(crate) use expand::{Expanded, Place, expand, weekday};
pub(crate) use plan::{Plan, Slot, is_moved};
pub(crate) use zone::{Wall, utc};
