//! Policy by its public face: decisions, explanations, and properties over random rules.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

mod faults;
mod model;
mod own;
mod speed;
mod support;
mod why;
mod windows;
