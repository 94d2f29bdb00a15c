//! The SSH gateway: stock SSH clients sign in with password or key and a one-time code, and open tunnels (`-L`, `-D`,
//! `-J`, `-W`) to the targets that policy allows them. There is no shell, no forwarding back and no agent.
//!
//! [`Gateway`] accepts connections, [`router`] those that come by WebSocket, and watches over them; a handler of its own
//! speaks SSH for each connection; a tunnel carries bytes between one channel and one target for as long as its live grant
//! lasts. Below the SSH of a stick lies a resumable stream, which outlives its lines, and beside its tunnels a conversation
//! on what it may reach. All that has to be known about people, rules and targets comes through the [`Gatekeeper`]; the product's is the
//! [`Porter`].

mod algorithms;
mod arrival;
mod companions;
mod connection;
mod control;
mod destination;
mod gatekeeper;
mod gateway;
mod host_key;
mod limits;
mod line_test;
mod lines;
mod login;
mod moving;
mod opening;
mod porter;
mod stick_targets;
mod streams;
mod transport;
mod tunnel;
mod turns;
mod websocket;
mod words;

pub use destination::{Destination, DestinationError, MAX_HOST_BYTES};
pub use gatekeeper::{
    Activation, Admitted, Attempt, FirstFactor, Gatekeeper, OpenRefusal, Origin, Reachable, SignInRefusal, SignedIn,
    TunnelNote, Welcomed,
};
pub use gateway::{Entrance, Gateway, GatewayError, Guest, Settings};
pub use host_key::{HostKeyError, HostKeys};
pub use limits::Limits;
pub use lines::{LineError, Lines, Said};
pub use login::{Answers, Login, LoginError, MAX_ANSWER_BYTES, MAX_LOGIN_BYTES, MAX_TENANT_BYTES};
pub use porter::Porter;
pub use websocket::{MAX_MESSAGE_BYTES, TUNNEL_PATH, router};
pub use words::{Language, local_port};
