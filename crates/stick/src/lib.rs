//! The program on the stick, as a library: [`engine`] is its inside, the window and the command line stand on top.
//!
//! The inside is joined to what lies around it by [`seam`]: a gateway to sign in to, and programs to start.

pub mod activation;
pub mod cli;
pub mod config;
pub mod console;
pub mod container;
pub mod dial;
pub mod engine;
mod error;
mod forward;
pub mod launch;
pub mod no_trace;
pub mod passphrase;
mod peer_process;
pub mod proxy;
pub mod seam;
pub mod session;
pub mod state_file;
mod turn;
#[cfg(feature = "window")]
pub mod window;

pub use dial::gateway;
pub use error::StickError;
