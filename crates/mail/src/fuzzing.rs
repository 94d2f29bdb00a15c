//! What reads foreign bytes, as functions of bytes, for the fuzz targets.

use std::collections::HashMap;

use fernamt_domain::{EmailId, MailAccountId, mail::Keywords};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    delivery::without_bcc,
    jmap::{
        patch, reference,
        request::{Invocation, Request},
        socket::{Incoming, refusal},
    },
    lmtp::{Command, Content},
    message::{
        blob_id::BlobId,
        body::{AskBody, Body, contents},
        compose::{Surroundings, compose},
        envelope::{KEPT, parse, read},
        header::HeaderProperty,
    },
    methods::email::query::filter_of,
    pictures::{address_of, kind_of, show, sources},
};

/// Header fields in every form.
const FORMS: [&str; 7] = ["asRaw", "asText", "asAddresses", "asGroupedAddresses", "asMessageIds", "asDate", "asURLs"];

/// Reads any bytes as a message, in every way that a client may ask for.
///
/// # Panics
/// When what is kept of it exceeds a limit, or a secret receiver stays: a fuzzer looks for panics.
pub fn message(data: &[u8]) {
    let kept =
        read(data, EmailId(Uuid::nil()), MailAccountId(Uuid::nil()), OffsetDateTime::UNIX_EPOCH, Keywords::default());
    assert!(KEPT.iter().all(|name| kept.email.envelope.get(*name).is_some()));
    assert!(!kept.email.envelope.to_string().contains("\\u0000") && kept.email.preview.chars().count() <= 256);
    let message = parse(data);
    let everything =
        AskBody { properties: None, text_values: true, html_values: true, all_values: true, max_bytes: 100 };
    let blob = BlobId::from(kept.email.print);
    if let Ok(body) = Body::new(&message, blob, &everything) {
        let told = [body.structure(), body.text(), body.html(), body.attachments(), body.values()];
        assert!(told.iter().all(|one| serde_json::to_string(one).is_ok()));
    }
    for part in &message.parts {
        let _ = contents(&message, part);
    }
    for form in FORMS {
        for field in ["From", "Subject", "References", "Date", "List-Post", "X-Other"] {
            let _ = HeaderProperty::read(&format!("header:{field}:{form}:all")).map(|property| property.of(&message));
        }
    }
    let sent = without_bcc(data);
    assert_eq!(without_bcc(&sent), sent, "taking the secret receivers out twice changes nothing");
}

/// Writes a message from any JSON; what is written reads back.
///
/// # Panics
/// When the message holds more header fields than it was given: a fuzzer looks for panics.
pub fn composing(data: &[u8]) {
    let Ok(Value::Object(email)) = serde_json::from_slice(data) else { return };
    let blobs = HashMap::from([("B1".to_owned(), b"blob".to_vec())]);
    let surroundings = Surroundings {
        blobs: &blobs,
        message_id: "own@amt.example".to_owned(),
        now: OffsetDateTime::UNIX_EPOCH,
        attaches_only: false,
    };
    let Ok(raw) = compose(&email, &surroundings) else { return };
    let message = parse(&raw);
    let ours = ["date", "message-id", "mime-version"];
    let fields = message.headers().iter().filter(|header| {
        let name = header.name().to_lowercase();
        !name.starts_with("content-") && !ours.contains(&name.as_str())
    });
    assert!(fields.count() <= email.len(), "somebody slipped a field in: {}", String::from_utf8_lossy(&raw));
}

/// Reads any bytes as a request: its calls, their references to each other, filters and patches.
pub fn request(data: &[u8]) {
    let Ok(request) = Request::read(data) else { return };
    let mut answered: Vec<Invocation> = Vec::new();
    for Invocation(name, arguments, call) in request.method_calls {
        let Ok(resolved) = reference::resolve(&arguments, &answered) else { continue };
        if let Some(filter) = resolved.get("filter") {
            let _ = filter_of(filter);
        }
        if let (Some(Value::Object(object)), Some(Value::Object(changes))) =
            (resolved.get("object"), resolved.get("patch"))
        {
            let _ = patch::apply(object, changes);
        }
        answered.push(Invocation(name, resolved, call));
    }
}

/// Reads any bytes as what a client says on a WebSocket.
///
/// # Panics
/// When a refusal is none: a fuzzer looks for panics.
pub fn socket(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err((id, error)) = Incoming::read(text) {
        assert!(refusal(id, &error)["status"].is_u64());
    }
}

/// Reads any bytes as what a mail server says by LMTP: as commands, and as a message in two pieces.
///
/// # Panics
/// When a refusal is no reply, or a message depends on how it was cut: a fuzzer looks for panics.
pub fn lmtp(data: &[u8]) {
    for line in data.split(|byte| *byte == b'\n') {
        if let Err(refusal) = Command::read(line) {
            assert!(refusal.starts_with('5') && refusal.is_ascii());
        }
    }
    let (first, second) = data.split_at(data.len() / 2);
    let (mut whole, mut cut) = (Content::new(64), Content::new(64));
    let end = whole.take(data);
    let in_pieces = cut.take(first).or_else(|| cut.take(second).map(|taken| first.len() + taken));
    assert_eq!(end, in_pieces);
    let (whole, cut) = (whole.whole(), cut.whole());
    assert!(whole == cut && whole.is_none_or(|message| message.len() <= 64));
}

/// Reads any bytes as the HTML of a message whose pictures lie elsewhere, and as such a picture.
///
/// # Panics
/// When an address is not found where it was read: a fuzzer looks for panics.
pub fn pictures(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for source in sources(&text).take(10) {
        assert!(source.len() <= text.len());
        if let Some(address) = address_of(&source) {
            assert!(show([&*text], &address));
        }
    }
    let _ = kind_of(data);
}
