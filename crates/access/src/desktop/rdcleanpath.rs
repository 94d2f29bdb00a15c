//! The first message each way on the desktop's WebSocket: `RDCleanPath`, DER encoded, version 3390.
//!
//! Only the client's X.224 request is taken from it. The destination that it names is ignored: where to connect stands
//! in the ticket.

use ironrdp_rdcleanpath::{
    NEGOTIATION_ERROR_CODE, RDCleanPathErr, RDCleanPathPdu, REVOKED_ERROR_CODE, TARGET_UNREACHABLE_ERROR_CODE,
    TLS_HANDSHAKE_FAILED_ERROR_CODE, VERSION_1,
};

/// The most bytes of a request; a real one has some two hundred.
pub const MAX_REQUEST_BYTES: usize = 8 * 1024;

/// A client's request.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// The X.224 connection request.
    pub x224: Vec<u8>,
}

/// Why a request is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It is longer than [`MAX_REQUEST_BYTES`].
    #[error("the RDCleanPath request is longer than {MAX_REQUEST_BYTES} bytes")]
    TooLong,
    /// It is not an `RDCleanPath` request of version 3390.
    #[error("this is not an RDCleanPath request of version {VERSION_1}")]
    Malformed,
}

/// Parses what came so far. `Ok(None)` asks for more; otherwise the request and the bytes that it took.
pub fn parse(data: &[u8]) -> Result<Option<(Request, usize)>, RequestError> {
    let Some(total) = der_length(data)? else { return Ok(None) };
    if total > MAX_REQUEST_BYTES {
        return Err(RequestError::TooLong);
    }
    let Some(bytes) = data.get(..total) else { return Ok(None) };
    let pdu = RDCleanPathPdu::from_der(bytes).map_err(|_| RequestError::Malformed)?;
    let is_request = pdu.version == VERSION_1 && pdu.destination.is_some() && pdu.error.is_none();
    match pdu.x224_connection_pdu {
        Some(x224) if is_request => Ok(Some((Request { x224: x224.as_bytes().to_vec() }, total))),
        _ => Err(RequestError::Malformed),
    }
}

/// The whole length of the DER sequence that `data` begins with. The crate's own `detect` asks for more bytes where
/// the first one already shows that this is something else.
fn der_length(data: &[u8]) -> Result<Option<usize>, RequestError> {
    match *data {
        [] | [0x30] | [0x30, 0x81 | 0x82] | [0x30, 0x82, _] => Ok(None),
        [0x30, short @ 0..=0x7F, ..] => Ok(Some(usize::from(short) + 2)),
        [0x30, 0x81, length, ..] => Ok(Some(usize::from(length) + 3)),
        [0x30, 0x82, high, low, ..] => Ok(Some(usize::from(u16::from_be_bytes([high, low])) + 4)),
        [0x30, 0x83..=0xFF, ..] => Err(RequestError::TooLong),
        _ => Err(RequestError::Malformed),
    }
}

/// The answer once TLS stands: the desktop's X.224 answer, its certificates and its address.
pub fn response(address: String, x224: Vec<u8>, chain: Vec<Vec<u8>>) -> Result<Vec<u8>, RequestError> {
    let pdu = RDCleanPathPdu::new_response(address, x224, chain).map_err(|_| RequestError::Malformed)?;
    pdu.to_der().map_err(|_| RequestError::Malformed)
}

/// Why no connection came about, as far as `RDCleanPath` has words for it. What the person reads comes from the
/// WebSocket's close code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Not allowed, or not any more.
    Refused,
    /// The desktop did not answer.
    Unreachable,
    /// Client and desktop found no common security protocol.
    Negotiation,
    /// TLS failed, or the certificate is not the pinned one.
    Tls,
}

/// The answer in place of [`response`] when there is no connection.
pub fn failure(failure: Failure) -> Vec<u8> {
    let (error_code, http_status_code) = match failure {
        Failure::Refused => (REVOKED_ERROR_CODE, 403),
        Failure::Unreachable => (TARGET_UNREACHABLE_ERROR_CODE, 504),
        Failure::Negotiation => (NEGOTIATION_ERROR_CODE, 501),
        Failure::Tls => (TLS_HANDSHAKE_FAILED_ERROR_CODE, 502),
    };
    let error = RDCleanPathErr {
        error_code,
        http_status_code: Some(http_status_code),
        wsa_last_error: None,
        tls_alert_code: None,
    };
    RDCleanPathPdu { error: Some(error), ..RDCleanPathPdu::default() }.to_der().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request() -> Vec<u8> {
        RDCleanPathPdu::new_request(vec![3, 0, 0, 7], "elsewhere:3389".to_owned(), "ticket".to_owned(), None)
            .unwrap()
            .to_der()
            .unwrap()
    }

    #[test]
    fn a_request_may_come_in_pieces() {
        let bytes = request();
        for length in 0..bytes.len() {
            assert_eq!(parse(&bytes[..length]), Ok(None), "{length} bytes");
        }
        let with_rest = [bytes.as_slice(), b"rest"].concat();
        let (request, taken) = parse(&with_rest).unwrap().unwrap();
        assert_eq!((request.x224, taken), (vec![3, 0, 0, 7], bytes.len()));
    }

    #[test]
    fn other_versions_lengths_and_messages_are_refused() {
        let mut version = RDCleanPathPdu::from_der(&request()).unwrap();
        version.version = 3389;
        assert_eq!(parse(&version.to_der().unwrap()), Err(RequestError::Malformed));
        let response = response("10.0.0.1".to_owned(), vec![1], vec![vec![2]]).unwrap();
        assert_eq!(parse(&response), Err(RequestError::Malformed));
        let long = RDCleanPathPdu::new_request(vec![0; MAX_REQUEST_BYTES], "d".to_owned(), "t".to_owned(), None);
        assert_eq!(parse(&long.unwrap().to_der().unwrap()), Err(RequestError::TooLong));
        assert_eq!(parse(&[0x30, 0x84, 1, 0, 0, 0]), Err(RequestError::TooLong));
        assert_eq!(parse(b"GET / HTTP/1.1"), Err(RequestError::Malformed));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(data in prop::collection::vec(any::<u8>(), 0..512), cut in 0_usize..200, flip: u8) {
            let _ = parse(&data);
            let mut near = request();
            let at = cut % near.len();
            near[at] ^= flip;
            let _ = parse(&near);
        }
    }
}
