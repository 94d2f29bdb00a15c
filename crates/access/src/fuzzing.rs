//! Entry points for fuzzing: each takes any bytes and must neither panic nor grow without bound.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use fernamt_domain::target::RdpSettings;
use ironrdp_pdu::nego::SecurityProtocol;

use crate::{
    desktop::{
        filter::{ChannelPolicy, FarmSession, Filter},
        handshake, rdcleanpath,
    },
    proxy,
};

/// `RDCleanPath` and X.224, as the browser and the desktop send them.
pub fn fuzz_rdcleanpath(data: &[u8]) {
    if let Ok(Some((request, _))) = rdcleanpath::parse(data) {
        let nla = RdpSettings { nla: true, ..RdpSettings::default() };
        let _ = handshake::connection_request(&request.x224, &nla, None);
        let _ = handshake::connection_request(&request.x224, &nla, Some("Cookie: msts=1"));
    }
    let _ = handshake::connection_request(data, &RdpSettings::default(), None);
    let _ = handshake::connection_confirm(data, &RdpSettings::default());
}

/// The RDP filter. The first byte chooses policy and protocol; each following part begins with its direction and its
/// length (two bytes).
pub fn fuzz_rdp_filter(data: &[u8]) {
    let Some((&choice, mut rest)) = data.split_first() else { return };
    let policy = ChannelPolicy { clipboard: choice & 1 != 0, drives: choice & 2 != 0, printers: choice & 4 != 0 };
    let protocol = if choice & 8 == 0 { SecurityProtocol::SSL } else { SecurityProtocol::HYBRID_EX };
    let farm = (choice & 16 != 0).then_some(FarmSession { redirected: Some(u32::from(choice)) });
    let mut filter = Filter::new(policy, protocol, farm);
    let mut out = Vec::new();
    while let [direction, high, low, tail @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(tail.len());
        let (part, next) = tail.split_at(length);
        rest = next;
        out.clear();
        let ended = if direction & 1 == 0 {
            filter.from_client(part, &mut out).is_err()
        } else {
            filter.from_server(part, &mut out).is_err()
        };
        if ended {
            return;
        }
    }
}

/// Headers on their way through the proxy: one a line, the path first; and the application's cookies.
pub fn fuzz_proxy_headers(data: &[u8]) {
    let mut lines = data.split(|&byte| byte == b'\n');
    let path = lines.next().unwrap_or_default();
    let mut headers = HeaderMap::new();
    for line in lines.take(64) {
        let mut parts = line.splitn(2, |&byte| byte == b':');
        let name = parts.next().and_then(|name| HeaderName::from_bytes(name).ok());
        let value = parts.next().and_then(|value| HeaderValue::from_bytes(value).ok());
        if let (Some(name), Some(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    for method in [Method::GET, Method::POST] {
        proxy::pass_through(&method, &String::from_utf8_lossy(path), headers.clone());
    }
}
