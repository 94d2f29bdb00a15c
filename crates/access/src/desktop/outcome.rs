//! How a desktop connection ended, in words that the web app turns into sentences.

use fernamt_domain::EndReason;

use super::{handshake::HandshakeError, rdcleanpath::Failure};

/// How a desktop connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The desktop ended it: the person signed off there, or the session was taken over.
    DesktopEnded,
    /// The browser ended it.
    BrowserEnded,
    /// The line to the browser broke, or nothing was heard from it.
    LineLost,
    /// The ticket does not exist, was used, ran out, or belongs to another session.
    TicketInvalid,
    /// The rules do not allow it.
    NotAllowed,
    /// It ran, and its grant ended.
    GrantEnded(EndReason),
    /// The person has too many connections open.
    TooMany,
    /// The desktop's name does not resolve.
    Unresolved,
    /// The desktop does not answer.
    Unreachable,
    /// The desktop's address must not be connected to.
    AddressRefused,
    /// The desktop shows another certificate than the pinned one.
    CertificateChanged,
    /// TLS with the desktop failed.
    TlsFailed,
    /// The desktop offers standard RDP security only.
    StandardSecurity,
    /// The desktop demands network level authentication, which its settings deny.
    NlaDemanded,
    /// The desktop does not do network level authentication, which its settings demand.
    NlaMissing,
    /// Browser and desktop found no common ground for another reason.
    NegotiationFailed,
    /// One side did not keep to the protocol.
    ProtocolViolation,
    /// A session broker sends the person elsewhere; the next opening goes there.
    Redirected,
    /// A session broker sends the person to a host that is no target of theirs.
    RedirectionRefused,
    /// The server failed.
    Internal,
}

impl Outcome {
    /// The stable word: the close frame's reason, and what the API tells.
    pub fn word(&self) -> &'static str {
        self.row().1
    }

    /// The WebSocket close code (RFC 6455: 4000 to 4999 are ours to give).
    pub fn close_code(&self) -> u16 {
        self.row().0
    }

    /// What `RDCleanPath` has to say when the connection did not come about.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Unresolved | Self::Unreachable | Self::AddressRefused => Failure::Unreachable,
            Self::CertificateChanged | Self::TlsFailed => Failure::Tls,
            Self::StandardSecurity | Self::NlaDemanded | Self::NlaMissing | Self::NegotiationFailed => {
                Failure::Negotiation
            }
            _ => Failure::Refused,
        }
    }

    fn row(&self) -> (u16, &'static str) {
        match self {
            Self::DesktopEnded => (1000, "desktop_ended"),
            Self::BrowserEnded => (1000, "browser_ended"),
            Self::LineLost => (4000, "line_lost"),
            Self::TicketInvalid => (4401, "ticket_invalid"),
            Self::NotAllowed | Self::GrantEnded(EndReason::NotAllowed) => (4403, "not_allowed"),
            Self::GrantEnded(EndReason::SessionEnded) => (4410, "session_ended"),
            Self::GrantEnded(EndReason::DeviceRevoked) => (4411, "device_revoked"),
            Self::GrantEnded(EndReason::PersonDisabled) => (4412, "person_disabled"),
            Self::GrantEnded(EndReason::TargetChanged) => (4413, "target_changed"),
            Self::GrantEnded(EndReason::Expired) => (4414, "expired"),
            Self::GrantEnded(EndReason::Shutdown) => (4415, "shutdown"),
            Self::GrantEnded(EndReason::EndedByAdministrator) => (4416, "ended_by_administrator"),
            Self::TooMany => (4429, "too_many_connections"),
            Self::Unresolved => (4420, "name_unresolved"),
            Self::Unreachable => (4421, "target_unreachable"),
            Self::AddressRefused => (4422, "address_refused"),
            Self::CertificateChanged => (4423, "certificate_changed"),
            Self::TlsFailed => (4424, "tls_failed"),
            Self::StandardSecurity => (4425, "standard_security"),
            Self::NlaDemanded => (4426, "nla_demanded"),
            Self::NlaMissing => (4427, "nla_missing"),
            Self::NegotiationFailed => (4428, "negotiation_failed"),
            Self::ProtocolViolation => (4400, "protocol_violation"),
            Self::Redirected => (4430, "redirected"),
            Self::RedirectionRefused => (4431, "redirection_refused"),
            Self::Internal => (1011, "internal"),
        }
    }
}

impl From<&HandshakeError> for Outcome {
    fn from(error: &HandshakeError) -> Self {
        match error {
            HandshakeError::Request => Self::ProtocolViolation,
            HandshakeError::StandardSecurity => Self::StandardSecurity,
            HandshakeError::NlaDemanded => Self::NlaDemanded,
            HandshakeError::NlaMissing => Self::NlaMissing,
            HandshakeError::Io(_) => Self::Unreachable,
            HandshakeError::ClientTooWeak
            | HandshakeError::RoutingToken
            | HandshakeError::Confirm
            | HandshakeError::Refused(_) => Self::NegotiationFailed,
        }
    }
}
