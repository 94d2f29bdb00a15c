//! The X.224 exchange ([MS-RDPBCGR] 1.3.1.1, 2.2.1.1, 2.2.1.2) between the relay and the desktop.

use fernamt_domain::target::RdpSettings;
use ironrdp_core::{decode, encode_vec};
use ironrdp_pdu::{
    nego::{
        ConnectionConfirm, ConnectionRequest, ConnectionRequestWithOpaqueRoutingToken, FailureCode,
        MAX_ROUTING_TOKEN_LENGTH, OpaqueRoutingToken, RequestFlags, SecurityProtocol,
    },
    x224::X224,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The most bytes of a connection confirm; a real one has 19.
const MAX_CONFIRM_BYTES: usize = 512;

/// What the relay can carry: TLS, with `CredSSP` inside or without.
const SUPPORTED: SecurityProtocol =
    SecurityProtocol::SSL.union(SecurityProtocol::HYBRID).union(SecurityProtocol::HYBRID_EX);

/// Why client and desktop did not agree.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// The client's connection request does not follow the protocol.
    #[error("the client's connection request is malformed")]
    Request,
    /// The client does not offer TLS, or not network level authentication where the target demands it.
    #[error("the client does not offer what the target demands: network level authentication")]
    ClientTooWeak,
    /// The load-balance information or routing token cannot be sent.
    #[error("the load-balance information must be 1 to {MAX_ROUTING_TOKEN_LENGTH} printable ASCII characters")]
    RoutingToken,
    /// The desktop's answer does not follow the protocol.
    #[error("the desktop's answer is not RDP")]
    Confirm,
    /// The desktop speaks standard RDP security only, which protects nothing.
    #[error("the desktop offers standard RDP security only: set it to TLS (for xrdp: security_layer=tls)")]
    StandardSecurity,
    /// The desktop demands network level authentication, which its settings here deny.
    #[error("the desktop demands network level authentication: switch it on for this target")]
    NlaDemanded,
    /// The desktop does not do network level authentication although its settings here demand it.
    #[error(
        "the desktop does not do network level authentication: switch it off for this target, or on at the desktop"
    )]
    NlaMissing,
    /// The desktop refused for another reason.
    #[error("the desktop refused: {0}")]
    Refused(FailureCode),
    /// The connection broke.
    #[error("the connection to the desktop broke")]
    Io(#[from] std::io::Error),
}

/// Writes the connection request that the desktop gets: what the client asked for, cut down to what the target
/// demands and the relay can carry, with the routing token that a session broker needs.
pub fn connection_request(
    client: &[u8],
    settings: &RdpSettings,
    routing_token: Option<&str>,
) -> Result<Vec<u8>, HandshakeError> {
    let X224(asked) = decode::<X224<ConnectionRequest>>(client).map_err(|_| HandshakeError::Request)?;
    let mut protocol = asked.protocol & SUPPORTED;
    if settings.nla {
        if !protocol.intersects(SecurityProtocol::HYBRID | SecurityProtocol::HYBRID_EX) {
            return Err(HandshakeError::ClientTooWeak);
        }
    } else {
        protocol &= SecurityProtocol::SSL;
    }
    if protocol.is_empty() {
        return Err(HandshakeError::ClientTooWeak);
    }
    let mut request =
        ConnectionRequest { nego_data: None, flags: RequestFlags::empty(), protocol, correlation_info: None };
    let Some(token) = routing_token.or(settings.load_balance_info.as_deref()).map(str::trim_end) else {
        request.nego_data = asked.nego_data;
        return encode_vec(&X224(request)).map_err(|_| HandshakeError::Request);
    };
    let routing_token = OpaqueRoutingToken(token.to_owned());
    encode_vec(&X224(ConnectionRequestWithOpaqueRoutingToken { request, routing_token }))
        .map_err(|_| HandshakeError::RoutingToken)
}

/// Judges the desktop's answer and tells the protocol that was agreed on.
pub fn connection_confirm(answer: &[u8], settings: &RdpSettings) -> Result<SecurityProtocol, HandshakeError> {
    let X224(confirm) = decode::<X224<ConnectionConfirm>>(answer).map_err(|_| HandshakeError::Confirm)?;
    let protocol = match confirm {
        ConnectionConfirm::Response { protocol, .. } => protocol,
        ConnectionConfirm::Failure { code } => {
            return Err(match code {
                FailureCode::SSL_NOT_ALLOWED_BY_SERVER | FailureCode::SSL_CERT_NOT_ON_SERVER => {
                    HandshakeError::StandardSecurity
                }
                FailureCode::HYBRID_REQUIRED_BY_SERVER => HandshakeError::NlaDemanded,
                FailureCode::SSL_REQUIRED_BY_SERVER => HandshakeError::NlaMissing,
                other => HandshakeError::Refused(other),
            });
        }
    };
    if protocol.is_standard_rdp_security() {
        return Err(HandshakeError::StandardSecurity);
    }
    let nla = protocol == SecurityProtocol::HYBRID || protocol == SecurityProtocol::HYBRID_EX;
    match (settings.nla, nla) {
        (true, true) => Ok(protocol),
        (true, false) => Err(HandshakeError::NlaMissing),
        (false, _) if protocol == SecurityProtocol::SSL => Ok(protocol),
        (false, _) => Err(HandshakeError::Confirm),
    }
}

/// Sends the request and reads the desktop's answer, which is returned as it came beside the protocol agreed on.
pub async fn negotiate<S: AsyncRead + AsyncWrite + Unpin>(
    desktop: &mut S,
    request: &[u8],
    settings: &RdpSettings,
) -> Result<(Vec<u8>, SecurityProtocol), HandshakeError> {
    const HEADER_BYTES: usize = 4;
    desktop.write_all(request).await?;
    let mut answer = vec![0; HEADER_BYTES];
    desktop.read_exact(&mut answer).await?;
    let length = match *answer.as_slice() {
        [3, _, high, low] => usize::from(u16::from_be_bytes([high, low])),
        _ => return Err(HandshakeError::Confirm),
    };
    if !(HEADER_BYTES + 1..=MAX_CONFIRM_BYTES).contains(&length) {
        return Err(HandshakeError::Confirm);
    }
    answer.resize(length, 0);
    desktop.read_exact(answer.get_mut(HEADER_BYTES..).unwrap_or_default()).await?;
    let protocol = connection_confirm(&answer, settings)?;
    Ok((answer, protocol))
}

#[cfg(test)]
mod tests {
    use ironrdp_pdu::nego::{NegoRequestData, ResponseFlags};

    use super::*;

    fn client(protocol: SecurityProtocol) -> Vec<u8> {
        let request = ConnectionRequest {
            nego_data: Some(NegoRequestData::cookie("anna".to_owned())),
            flags: RequestFlags::RESTRICTED_ADMIN_MODE_REQUIRED,
            protocol,
            correlation_info: None,
        };
        encode_vec(&X224(request)).unwrap()
    }

    fn answer(protocol: SecurityProtocol) -> Vec<u8> {
        encode_vec(&X224(ConnectionConfirm::Response { flags: ResponseFlags::empty(), protocol })).unwrap()
    }

    #[test]
    fn the_request_is_cut_down_to_what_the_relay_carries() {
        let plain = RdpSettings::default();
        let all = client(SecurityProtocol::all());
        let X224(sent): X224<ConnectionRequest> = decode(&connection_request(&all, &plain, None).unwrap()).unwrap();
        assert_eq!(sent.protocol, SecurityProtocol::SSL);
        assert_eq!(sent.flags, RequestFlags::empty());
        assert_eq!(sent.nego_data, Some(NegoRequestData::cookie("anna".to_owned())));

        let nla = RdpSettings { nla: true, ..plain.clone() };
        let X224(sent): X224<ConnectionRequest> = decode(&connection_request(&all, &nla, None).unwrap()).unwrap();
        assert_eq!(sent.protocol, SUPPORTED);
        let tls_only = client(SecurityProtocol::SSL);
        assert!(matches!(connection_request(&tls_only, &nla, None), Err(HandshakeError::ClientTooWeak)));
        let standard = client(SecurityProtocol::empty());
        assert!(matches!(connection_request(&standard, &plain, None), Err(HandshakeError::ClientTooWeak)));
        assert!(matches!(connection_request(b"\x03\0\0\x05x", &plain, None), Err(HandshakeError::Request)));
    }

    #[test]
    fn load_balance_information_takes_the_cookies_place() {
        let farm = RdpSettings {
            load_balance_info: Some("tsv://MS Terminal Services Plugin.1.Amt\r\n".to_owned()),
            ..RdpSettings::default()
        };
        let sent = connection_request(&client(SecurityProtocol::SSL), &farm, None).unwrap();
        let expected =
            b"\x03\0\x00\x3C\x37\xE0\0\0\0\0\0tsv://MS Terminal Services Plugin.1.Amt\r\n\x01\0\x08\0\x01\0\0\0";
        assert_eq!(sent, expected);
        let sent =
            connection_request(&client(SecurityProtocol::SSL), &farm, Some("Cookie: msts=3640205228.15629.0000"));
        assert!(sent.unwrap().windows(33).any(|part| part == b"Cookie: msts=3640205228.15629.000"));
        let long = "x".repeat(MAX_ROUTING_TOKEN_LENGTH + 1);
        let refused = connection_request(&client(SecurityProtocol::SSL), &farm, Some(&long));
        assert!(matches!(refused, Err(HandshakeError::RoutingToken)));
        let injected = connection_request(&client(SecurityProtocol::SSL), &farm, Some("a\r\nb"));
        assert!(matches!(injected, Err(HandshakeError::RoutingToken)));
    }

    #[test]
    fn weak_or_unexpected_answers_are_refused_with_a_remedy() {
        let (plain, nla) = (RdpSettings::default(), RdpSettings { nla: true, ..RdpSettings::default() });
        assert!(connection_confirm(&answer(SecurityProtocol::SSL), &plain).is_ok());
        assert!(connection_confirm(&answer(SecurityProtocol::HYBRID_EX), &nla).is_ok());
        let refused = |answer: &[u8], settings| connection_confirm(answer, settings).unwrap_err().to_string();
        assert!(refused(&answer(SecurityProtocol::empty()), &plain).contains("security_layer=tls"));
        assert!(refused(&answer(SecurityProtocol::SSL), &nla).contains("switch it off"));
        let failure = |code| encode_vec(&X224(ConnectionConfirm::Failure { code })).unwrap();
        assert!(refused(&failure(FailureCode::HYBRID_REQUIRED_BY_SERVER), &plain).contains("switch it on"));
        assert!(refused(&failure(FailureCode::SSL_NOT_ALLOWED_BY_SERVER), &plain).contains("standard RDP security"));
        assert!(refused(b"HTTP/1.1 400 Bad Request", &plain).contains("not RDP"));
    }
}
