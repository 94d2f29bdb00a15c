//! Telling clients what is new as soon as it is (RFC 8620, section 7).

mod line;
mod pace;
mod places;
mod socket;
mod states;

pub(crate) use line::{Line, Wanted};
pub(crate) use places::Places;
pub(crate) use socket::{Client, serve};
pub(crate) use states::Kinds;
