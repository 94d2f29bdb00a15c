//! The SSH gateway: stock SSH clients sign in with password or key and a one-time code, and open tunnels (`-L`, `-D`,
//! `-J`, `-W`) to the targets that policy allows them. There is no shell, no forwarding back and no agent.
//!
//! [`Gateway`] accepts connections, [`router`] those that come by WebSocket, and watches over them; a handler of its own
//! speaks SSH for each connection; a tunnel carries bytes between one channel and one target for as long as its live grant
//! lasts. All that has to be known about people, rules and targets comes through the [`Gatekeeper`]; the product's is the
//! [`Porter`].

mod algorithms;
mod connection;
mod destination;
mod gatekeeper;
mod gateway;
mod host_key;
mod limits;
mod login;
mod porter;
mod transport;
mod tunnel;
mod websocket;
mod words;

pub use destination::{Destination, DestinationError, MAX_HOST_BYTES, alias};
pub use gatekeeper::{
    Admitted, Attempt, FirstFactor, Gatekeeper, OpenRefusal, Origin, Reachable, SignInRefusal, SignedIn, TunnelNote,
};
pub use gateway::{Entrance, Gateway, GatewayError, Guest, Settings};
pub use host_key::{HostKeyError, HostKeys};
pub use limits::Limits;
pub use login::{Answers, Login, LoginError, MAX_ANSWER_BYTES, MAX_LOGIN_BYTES, MAX_TENANT_BYTES};
pub use porter::Porter;
pub use websocket::{MAX_MESSAGE_BYTES, TUNNEL_PATH, router};
pub use words::{Language, local_port};
