//! What every HTTP feature shares.
//!
//! A request passes [`site::resolve`] (which tenant, and is it the main site or a proxied application?), then
//! [`origin::check`] (may this page send this request?), and reaches a handler whose arguments say what it needs:
//! [`Site`], [`Session`], [`Administrator`], [`extract::Json`]. A handler that takes no session argument is open to
//! everybody, so each such handler is visible in its signature.

mod addresses;
pub mod assets;
pub mod bearer;
pub mod cookie;
pub mod egress;
pub mod entry;
mod exact;
pub mod extract;
pub mod isolation;
mod lookups;
pub mod origin;
pub mod problem;
pub mod session;
pub mod site;
pub mod version;
pub mod words;

pub use exact::Exact;
pub use extract::{Json, Path, Query};
pub use problem::ApiError;
pub use session::{Administrator, Auditor, ControlDesk, Session, Sessions};
pub use site::{Connection, PublicAddress, Site, Web};
