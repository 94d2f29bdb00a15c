//! Devices: what kind of thing a person works on and whether it is trusted.

use serde::{Deserialize, Serialize};

use crate::text_enum;

text_enum! {
    /// The kind of a device, each with a key of its own.
    pub enum DeviceKind {
        /// A browser, holding a non-extractable P-256 key.
        Browser = "browser",
        /// A USB stick with the portable client.
        Stick = "stick",
        /// A public key that stock SSH clients use.
        SshKey = "ssh_key",
        /// A stock SSH client that signs in by password and code, without a key of its own.
        SshPassword = "ssh_password",
        /// A program that uses the API.
        ApiClient = "api_client",
        /// A phone with the container.
        Phone = "phone",
        /// A `WireGuard` peer.
        Peer = "peer",
        /// A netbooted thin client.
        ThinClient = "thin_client",
    }
}

text_enum! {
    /// How far a device is trusted.
    pub enum DeviceState {
        /// Enrolled, waiting for an administrator.
        Pending = "pending",
        /// May be used.
        Approved = "approved",
        /// Blocked for the time being.
        Suspended = "suspended",
        /// Blocked for good.
        Revoked = "revoked",
    }
}
