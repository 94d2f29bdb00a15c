//! What the signed-in person may reach, and how they open it.

use fernamt_domain::{Secret, TargetId, TargetKind, text_enum};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use crate::operations::operations;

text_enum! {
    /// Whether a target answered when it was last looked at.
    pub enum HealthState {
        /// Not looked at yet.
        Unknown = "unknown",
        /// It answered, with the certificate that is pinned.
        Ok = "ok",
        /// It did not answer.
        Unreachable = "unreachable",
        /// It answered with another certificate than the pinned one.
        CertificateChanged = "certificate_changed",
    }
}

/// A tile on the start page.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MyTarget {
    /// The target.
    pub id: TargetId,
    /// Its name.
    pub name: String,
    /// What is spoken to it.
    pub kind: TargetKind,
    /// The heading it stands under.
    pub folder: String,
    /// The name of its icon.
    pub icon: String,
    /// A sentence on what it is for.
    pub description: String,
    /// The day it was last opened by this person.
    pub last_used_on: Option<Date>,
    /// Whether it answers.
    pub health: HealthState,
    /// Host and port as typed into an SSH client's `-L`, for tunnels.
    pub tunnel: Option<String>,
    /// The command to start once the tunnel stands, with `{host}` and `{port}` for our end of it.
    pub start_command: Option<String>,
}

/// All that a person may reach now.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MyTargets {
    /// The targets, last used first.
    pub targets: Vec<MyTarget>,
    /// How to reach the SSH gateway, if it is on: `host` and `port`.
    pub ssh_gateway: Option<SshGateway>,
}

/// Where the SSH gateway listens.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SshGateway {
    /// The host name.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The sign-in name to use, with the tenant where one is needed.
    pub user: String,
    /// Fingerprints of the host keys, as `ssh` prints them.
    pub fingerprints: Vec<String>,
}

/// What a client needs to use a target.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Opened {
    /// A desktop, opened by WebSocket with a one-time ticket.
    Desktop(OpenedDesktop),
    /// A web application, opened at its own origin.
    Web {
        /// The address to go to.
        url: String,
    },
    /// A tunnel, opened with an SSH client.
    Tunnel {
        /// The `ssh` command that opens it.
        command: String,
        /// The port on the loopback that it then listens on.
        local_port: u16,
        /// The command to start once the tunnel stands, with `{host}` and `{port}` for our end of it.
        start_command: Option<String>,
    },
}

/// What the browser desktop needs.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenedDesktop {
    /// The one-time ticket, for `GET /api/v1/desktop?ticket=`.
    pub ticket: String,
    /// Until when the ticket may be used.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// The desktop's name.
    pub name: String,
    /// Clipboard text may pass.
    pub clipboard: bool,
    /// The server demands network level authentication.
    pub credssp: bool,
    /// The user name to sign on with, where sign-on is set up.
    pub username: Option<String>,
    /// The password typed at sign-in, where sign-on is set up and the password is at hand.
    #[schema(value_type = Option<String>)]
    #[serde(serialize_with = "expose")]
    pub password: Option<Secret<String>>,
    /// The Windows domain.
    pub domain: Option<String>,
    /// The desktop's width must be a multiple of this.
    pub width_multiple: u16,
}

#[expect(clippy::ref_option, reason = "serde hands the field over this way")]
fn expose<S: serde::Serializer>(secret: &Option<Secret<String>>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::expose).serialize(serializer)
}

/// The ticket of a desktop.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DesktopQuery {
    /// The one-time ticket.
    #[param(value_type = String)]
    pub ticket: Secret<String>,
}

/// Where to go inside a web application.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EnterAppQuery {
    /// The path and query inside the application; its start page unless said.
    pub path: Option<String>,
    /// What the application's origin put into the address: the hash of a secret that it keeps in this browser. Left
    /// out, the way leads to the application first, which sets it.
    pub state: Option<String>,
}

operations! { "targets";
    /// What the signed-in person may reach now.
    my_targets: get "/api/v1/me/targets" () [] -> 200 MyTargets;
    /// Opens a target: takes the decision and hands out what the client needs.
    open_target: post "/api/v1/me/targets/{id}/open" (TargetId) [] -> 200 Opened;
    /// The desktop's WebSocket: `RDCleanPath`, then RDP.
    desktop: get "/api/v1/desktop" () query DesktopQuery [] -> 101;
    /// The SSH gateway by WebSocket: binary messages carry its bytes. SSH asks who it is; a page's `Origin` is refused.
    tunnel: get "/api/v1/tunnel" () [] -> 101;
    /// Goes on to a web application's own origin with a one-time code. The id is the target's.
    enter_app: get "/api/v1/apps/{id}/enter" (TargetId) query EnterAppQuery [] -> 303;
}
