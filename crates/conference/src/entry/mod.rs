//! Getting in: who asks, whether they may, and what becomes of wrong tries.

mod bucket;
pub mod guard;
pub mod proof;
