//! Writing a message (RFC 5322) from what a client says of it (RFC 8621, section 4.6).

use std::collections::HashMap;

use mail_builder::{
    MessageBuilder,
    headers::{
        HeaderType, address::Address, content_type::ContentType, date::Date, message_id::MessageId, raw::Raw,
        text::Text,
    },
    mime::{BodyPart, MimePart},
};
use mail_parser::HeaderForm;
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    blob_id::BlobId,
    header::{HeaderProperty, MAX_ADDRESSES, is_field_name},
};
use crate::jmap::{Object, error::SetError};

/// The most parts of a message that is written here.
const MAX_PARTS: usize = 1_000;
/// How deep they lie within each other at most.
const MAX_DEPTH: usize = 20;
/// The most bytes of one field's value.
const MAX_FIELD_BYTES: usize = 50_000;

/// What a new message needs beside the client's words.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    /// The bytes of the blobs that it names.
    pub(crate) blobs: &'a HashMap<String, Vec<u8>>,
    /// The Message-ID where the client gives none.
    pub(crate) message_id: String,
    /// The moment where the client gives none.
    pub(crate) now: OffsetDateTime,
    /// Whether texts and messages among the blobs may be attached alone. As the text of a draft they could be read.
    pub(crate) attaches_only: bool,
}

/// The names of all blobs that a message is to be made of.
pub(crate) fn blobs_named(email: &Object) -> Vec<BlobId> {
    let mut found = Vec::new();
    let mut left: Vec<&Value> =
        ["bodyStructure", "textBody", "htmlBody", "attachments"].iter().filter_map(|name| email.get(*name)).collect();
    while let Some(value) = left.pop() {
        match value {
            Value::Array(list) => left.extend(list),
            Value::Object(part) => {
                found.extend(part.get("blobId").and_then(Value::as_str).and_then(|text| text.parse::<BlobId>().ok()));
                left.extend(part.get("subParts"));
            }
            _ => {}
        }
    }
    found.truncate(MAX_PARTS);
    found
}

/// Writes the message.
pub(crate) fn compose(email: &Object, surroundings: &Surroundings<'_>) -> Result<Vec<u8>, SetError> {
    let mut builder = MessageBuilder::new();
    let mut written = Vec::new();
    for (property, value) in email {
        let Some((name, header)) = field(property, value)? else { continue };
        if written.iter().any(|other: &String| other.eq_ignore_ascii_case(&name)) {
            return Err(SetError::invalid(&[property], "the same header field is given twice"));
        }
        if let Some(header) = header {
            builder = builder.header(name.clone(), header);
        }
        written.push(name);
    }
    let missing = |name: &str| !written.iter().any(|other| other.eq_ignore_ascii_case(name));
    if missing("Date") {
        builder = builder.date(Date::new(surroundings.now.unix_timestamp()));
    }
    if missing("Message-ID") {
        builder = builder.message_id(surroundings.message_id.clone());
    }
    let body = Writer { values: email.get("bodyValues"), surroundings, left: MAX_PARTS.into() }.body(email)?;
    builder.body(body).write_to_vec().map_err(|error| SetError::invalid(&[], error.to_string()))
}

/// The header field that a property stands for, and its value; none where the client says that there is no such field.
fn field(property: &str, value: &Value) -> Result<Option<(String, Option<HeaderType<'static>>)>, SetError> {
    let fault = |why: &str| SetError::invalid(&[property], why);
    let (name, form) = match property {
        "from" => ("From", HeaderForm::Addresses),
        "sender" => ("Sender", HeaderForm::Addresses),
        "to" => ("To", HeaderForm::Addresses),
        "cc" => ("Cc", HeaderForm::Addresses),
        "bcc" => ("Bcc", HeaderForm::Addresses),
        "replyTo" => ("Reply-To", HeaderForm::Addresses),
        "subject" => ("Subject", HeaderForm::Text),
        "sentAt" => ("Date", HeaderForm::Date),
        "messageId" => ("Message-ID", HeaderForm::MessageIds),
        "inReplyTo" => ("In-Reply-To", HeaderForm::MessageIds),
        "references" => ("References", HeaderForm::MessageIds),
        other => match HeaderProperty::read(other) {
            Some(HeaderProperty { all: true, .. }) => return Err(fault("a field is written once")),
            Some(own) => {
                if own.name.len() >= 8 && own.name[..8].eq_ignore_ascii_case("content-") {
                    return Err(fault("the fields of MIME follow from the parts"));
                }
                let header = if value.is_null() { None } else { Some(header_of(own.form, value, &fault)?) };
                return Ok(Some((own.name, header)));
            }
            None => return Ok(None),
        },
    };
    let header = if value.is_null() { None } else { Some(header_of(form, value, &fault)?) };
    Ok(Some((name.to_owned(), header)))
}

fn header_of(
    form: HeaderForm,
    value: &Value,
    fault: &impl Fn(&str) -> SetError,
) -> Result<HeaderType<'static>, SetError> {
    let text = |value: &Value| -> Result<String, SetError> {
        let text = value.as_str().ok_or_else(|| fault("it is no text"))?;
        one_line(text).ok_or_else(|| fault("it holds a line's end or is too long"))
    };
    let texts = |value: &Value| -> Result<Vec<String>, SetError> {
        let list = value.as_array().ok_or_else(|| fault("it is no list"))?;
        list.iter().take(MAX_ADDRESSES).map(text).collect()
    };
    Ok(match form {
        HeaderForm::Raw => HeaderType::Raw(Raw::new(text(value)?.trim().to_owned())),
        HeaderForm::Text => HeaderType::Text(Text::new(text(value)?)),
        HeaderForm::Date => {
            let text = text(value)?;
            let at = OffsetDateTime::parse(&text, &Rfc3339).map_err(|_| fault("it is no moment"))?;
            HeaderType::Date(Date::new(at.unix_timestamp()))
        }
        HeaderForm::MessageIds => {
            let ids = texts(value)?;
            if ids.iter().any(|id| id.is_empty() || id.contains(['<', '>', ' ', '\t'])) {
                return Err(fault("a Message-ID has no brackets and no blanks"));
            }
            HeaderType::MessageId(MessageId::new_list(ids.into_iter()))
        }
        HeaderForm::URLs => {
            let urls = texts(value)?;
            HeaderType::Raw(Raw::new(urls.iter().map(|url| format!("<{url}>")).collect::<Vec<_>>().join(", ")))
        }
        HeaderForm::Addresses => HeaderType::Address(Address::new_list(addresses(value, fault)?)),
        HeaderForm::GroupedAddresses => {
            let groups = value.as_array().ok_or_else(|| fault("it is no list"))?;
            let mut all = Vec::new();
            for group in groups.iter().take(MAX_ADDRESSES) {
                let members = addresses(&group["addresses"], fault)?;
                match &group["name"] {
                    Value::Null => all.extend(members),
                    name => all.push(Address::new_group(Some(text(name)?), members)),
                }
            }
            HeaderType::Address(Address::new_list(all))
        }
    })
}

fn addresses(value: &Value, fault: &impl Fn(&str) -> SetError) -> Result<Vec<Address<'static>>, SetError> {
    let list = value.as_array().ok_or_else(|| fault("it is no list of addresses"))?;
    if list.len() > MAX_ADDRESSES {
        return Err(fault(&format!("there may be at most {MAX_ADDRESSES} addresses")));
    }
    list.iter()
        .map(|one| {
            let email = one["email"].as_str().filter(|email| is_address(email));
            let email = email.ok_or_else(|| fault("an address has the form name@domain"))?.to_owned();
            let name = match &one["name"] {
                Value::Null => None,
                name => {
                    let name = name.as_str().ok_or_else(|| fault("a name is a text"))?;
                    Some(one_line(name).ok_or_else(|| fault("a name stands in one line"))?)
                }
            };
            Ok(Address::new_address(name.filter(|name| !name.is_empty()), email))
        })
        .collect()
}

/// Whether a text can be written as an address on an envelope: `name@domain` in US-ASCII, without blanks and brackets.
pub(crate) fn is_address(text: &str) -> bool {
    let letters =
        text.len() <= 254 && text.bytes().all(|byte| matches!(byte, 0x21..=0x7e) && !b"<>()[],;:\\\"".contains(&byte));
    letters
        && text.split_once('@').is_some_and(|(name, domain)| {
            !name.is_empty() && !domain.is_empty() && !domain.contains('@') && !domain.starts_with('.')
        })
}

/// The text, if it stands in one line and has a reasonable length.
fn one_line(text: &str) -> Option<String> {
    let clean = !text.contains(['\r', '\n', '\0']);
    (clean && text.len() <= MAX_FIELD_BYTES).then(|| text.to_owned())
}

struct Writer<'a> {
    values: Option<&'a Value>,
    surroundings: &'a Surroundings<'a>,
    left: std::cell::Cell<usize>,
}

impl Writer<'_> {
    fn body(&self, email: &Object) -> Result<MimePart<'static>, SetError> {
        if let Some(structure) = email.get("bodyStructure") {
            if ["textBody", "htmlBody", "attachments"].iter().any(|name| email.contains_key(*name)) {
                return Err(SetError::invalid(&["bodyStructure"], "the parts are given twice"));
            }
            return self.part(structure, None, MAX_DEPTH);
        }
        let named = self.attached(email);
        let parts = |name: &'static str, kind: Option<&'static str>| -> Result<Vec<MimePart<'static>>, SetError> {
            let given = if name == "attachments" { Some(&named) } else { email.get(name) };
            match given {
                None | Some(Value::Null) => Ok(Vec::new()),
                Some(Value::Array(list)) => list.iter().map(|part| self.part(part, kind, 0)).collect(),
                Some(_) => Err(SetError::invalid(&[name], "it is no list of parts")),
            }
        };
        let (text, html) = (parts("textBody", Some("text/plain"))?, parts("htmlBody", Some("text/html"))?);
        for (name, list) in [("textBody", &text), ("htmlBody", &html)] {
            if list.len() > 1 {
                return Err(SetError::invalid(&[name], "a view has one part"));
            }
        }
        let attached = parts("attachments", None)?;
        let named = named.as_array().map(Vec::as_slice).unwrap_or_default();
        let inside = |part: &Value| part["disposition"] == "inline" && part["cid"].is_string();
        let (related, beside): (Vec<_>, Vec<_>) = attached.into_iter().zip(named).partition(|(_, part)| inside(part));
        let (related, beside) = (first(related), first(beside));
        let html = html.into_iter().next().map(|html| together("multipart/related", html, related.clone()));
        let view = match (text.into_iter().next(), html) {
            (Some(text), Some(html)) => together("multipart/alternative", text, vec![html]),
            (Some(text), None) => together("multipart/mixed", text, related),
            (None, Some(html)) => html,
            (None, None) => {
                let empty = MimePart::new(ContentType::new("text/plain"), BodyPart::Text("".into()));
                together("multipart/mixed", empty, related)
            }
        };
        Ok(together("multipart/mixed", view, beside))
    }

    /// What is to stand beside the text. Whoever may not open attachments still hands on a text or a message that stood
    /// inside one, as an attachment.
    fn attached(&self, email: &Object) -> Value {
        let mut named = email.get("attachments").cloned().unwrap_or_default();
        if self.surroundings.attaches_only {
            for part in named.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
                let kind = part.get("type").and_then(Value::as_str).unwrap_or_default();
                if part.contains_key("blobId") && is_readable(kind) {
                    part.insert("disposition".to_owned(), "attachment".into());
                }
            }
        }
        named
    }

    fn part(&self, part: &Value, only: Option<&str>, depth: usize) -> Result<MimePart<'static>, SetError> {
        let fault = |why: &str| SetError::invalid(&["bodyStructure"], why);
        self.left.set(self.left.get().checked_sub(1).ok_or_else(|| fault("there are too many parts"))?);
        let object = part.as_object().ok_or_else(|| fault("a part is an object"))?;
        let word = |name: &str| -> Result<Option<String>, SetError> {
            match object.get(name) {
                None | Some(Value::Null) => Ok(None),
                Some(value) => {
                    let text = value.as_str().and_then(one_line).filter(|text| text.len() <= 1_000);
                    text.map(Some).ok_or_else(|| fault(&format!("{name} is one line of text")))
                }
            }
        };
        let kind = word("type")?;
        if kind.as_deref().is_some_and(|kind| !is_media_type(kind)) {
            return Err(fault("type is no media type"));
        }
        if let (Some(only), Some(kind)) = (only, kind.as_deref())
            && !kind.eq_ignore_ascii_case(only)
        {
            return Err(fault(&format!("this part is {only}")));
        }
        if let Some(inner) = object.get("subParts").filter(|inner| !inner.is_null()) {
            let list = inner.as_array().ok_or_else(|| fault("subParts is a list"))?;
            if depth == 0 {
                return Err(fault("the parts lie too deep"));
            }
            let kind = kind.filter(|kind| kind.to_ascii_lowercase().starts_with("multipart/"));
            let kind = kind.unwrap_or_else(|| "multipart/mixed".to_owned());
            // What stands there is the message's text, also where it calls itself attached.
            if kind.eq_ignore_ascii_case("multipart/alternative") && list.iter().any(|part| part["blobId"].is_string())
            {
                self.may_show_blobs()?;
            }
            let parts = list.iter().map(|part| self.part(part, None, depth - 1)).collect::<Result<_, _>>()?;
            return Ok(MimePart::new(ContentType::new(kind), BodyPart::Multipart(parts)));
        }
        let (contents, usual) = self.contents(object)?;
        let kind = kind.unwrap_or_else(|| only.unwrap_or(usual).to_owned());
        if kind.to_ascii_lowercase().starts_with("multipart/") {
            return Err(fault("a part with bytes of its own is no multipart"));
        }
        let readable = is_readable(&kind);
        let mut content_type = ContentType::new(kind);
        if matches!(contents, BodyPart::Text(_)) {
            content_type = content_type.attribute("charset", "utf-8");
        }
        let mut written = MimePart::new(content_type, contents);
        let (name, disposition) = (word("name")?, word("disposition")?);
        let attached = match disposition.as_deref() {
            Some(word) => word.eq_ignore_ascii_case("attachment"),
            None => name.is_some(),
        };
        if object.contains_key("blobId") && readable && (!attached || only.is_some()) {
            self.may_show_blobs()?;
        }
        written = match (disposition.as_deref().map(str::to_ascii_lowercase).as_deref(), name) {
            (Some("inline"), Some(name)) => {
                written.header("Content-Disposition", ContentType::new("inline").attribute("filename", name))
            }
            (Some("inline"), None) => written.inline(),
            (_, Some(name)) => written.attachment(name),
            (Some("attachment"), None) => written.header("Content-Disposition", ContentType::new("attachment")),
            _ => written,
        };
        if let Some(cid) = word("cid")? {
            if cid.contains(['<', '>', ' ']) {
                return Err(fault("cid has no brackets and no blanks"));
            }
            written = written.cid(cid);
        }
        if let Some(location) = word("location")? {
            written = written.location(location);
        }
        Ok(written)
    }

    /// Refuses to write bytes where they are read as the message's text.
    fn may_show_blobs(&self) -> Result<(), SetError> {
        if self.surroundings.attaches_only {
            return Err(SetError::forbidden("the administration does not let you open attachments"));
        }
        Ok(())
    }

    /// A part's bytes, and its media type where the client names none.
    fn contents(&self, part: &Object) -> Result<(BodyPart<'static>, &'static str), SetError> {
        let fault = |why: &str| SetError::invalid(&["bodyStructure"], why);
        match (part.get("partId").and_then(Value::as_str), part.get("blobId").and_then(Value::as_str)) {
            (Some(id), None) => {
                let value = self.values.and_then(|values| values.get(id)).ok_or_else(|| {
                    SetError::invalid(&["bodyValues"], format!("there is no value for the part {id}"))
                })?;
                if value["isTruncated"] == true || value["isEncodingProblem"] == true {
                    return Err(SetError::invalid(&["bodyValues"], "a text is whole and readable"));
                }
                let text = value["value"].as_str().ok_or_else(|| fault("a text has a value"))?;
                Ok((BodyPart::Text(text.to_owned().into()), "text/plain"))
            }
            (None, Some(id)) => match self.surroundings.blobs.get(id) {
                Some(bytes) => Ok((BodyPart::Binary(bytes.clone().into()), "application/octet-stream")),
                None => Err(SetError::new("blobNotFound", "").with("notFound", serde_json::json!([id]))),
            },
            _ => Err(fault("a part has a partId or a blobId")),
        }
    }
}

/// Whether bytes of a media type are read as a message's text, or as a message.
fn is_readable(kind: &str) -> bool {
    let main = kind.split('/').next().unwrap_or_default();
    ["text", "message"].iter().any(|one| main.eq_ignore_ascii_case(one))
}

fn first<A, B>(pairs: Vec<(A, B)>) -> Vec<A> {
    pairs.into_iter().map(|(first, _)| first).collect()
}

fn together(kind: &'static str, first: MimePart<'static>, rest: Vec<MimePart<'static>>) -> MimePart<'static> {
    if rest.is_empty() {
        return first;
    }
    let parts = std::iter::once(first).chain(rest).collect();
    MimePart::new(ContentType::new(kind), BodyPart::Multipart(parts))
}

/// Whether a text is a media type without parameters (RFC 2045, section 5.1).
pub(crate) fn is_media_type(text: &str) -> bool {
    text.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}

fn is_token(text: &str) -> bool {
    is_field_name(text) && !text.bytes().any(|byte| b"()<>@,;:\\\"/[]?=".contains(&byte))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::message::{
        body::{AskBody, Body},
        envelope::parse,
    };

    fn write(email: &Value) -> Result<String, SetError> {
        let blobs = HashMap::from([("B1".to_owned(), b"%PDF".to_vec())]);
        let surroundings = Surroundings {
            blobs: &blobs,
            message_id: "own@amt".to_owned(),
            now: OffsetDateTime::UNIX_EPOCH,
            attaches_only: false,
        };
        compose(email.as_object().unwrap(), &surroundings).map(|raw| String::from_utf8(raw).unwrap())
    }

    #[test]
    fn a_message_reads_back_as_it_was_written() {
        let raw = write(&json!({
            "from": [{ "name": "Jürgen Groß", "email": "j@amt.example" }],
            "to": [{ "name": null, "email": "ben@amt.example" }, { "email": "c@amt.example" }],
            "subject": "Grüße aus dem Amt",
            "inReplyTo": ["1@amt"],
            "header:X-Amt:asText": "ä",
            "textBody": [{ "partId": "t" }],
            "htmlBody": [{ "partId": "h" }],
            "attachments": [{ "blobId": "B1", "type": "application/pdf", "name": "Müll plan.pdf" }],
            "bodyValues": { "t": { "value": "Grüße\n.\nEnde" }, "h": { "value": "<p>Grüße</p>" } },
        }))
        .unwrap();
        let message = parse(raw.as_bytes());
        assert_eq!(message.subject(), Some("Grüße aus dem Amt"));
        assert_eq!(message.from().unwrap().first().unwrap().name(), Some("Jürgen Groß"));
        assert_eq!(message.to().unwrap().iter().count(), 2);
        assert_eq!(message.message_id(), Some("own@amt"));
        assert_eq!(message.date().unwrap().to_rfc3339(), "1970-01-01T00:00:00Z");
        let ask = AskBody { all_values: true, ..AskBody::default() };
        let body = Body::new(&message, crate::message::blob_id::print_of(b"").into(), &ask).unwrap();
        assert_eq!(body.structure()["type"], "multipart/mixed");
        assert_eq!(body.structure()["subParts"][0]["type"], "multipart/alternative");
        assert_eq!(body.attachments()[0]["name"], "Müll plan.pdf");
        let texts: Vec<_> = body.values().as_object().unwrap().values().cloned().collect();
        assert!(texts.iter().any(|text| text["value"].as_str().unwrap().trim_end() == "Grüße\n.\nEnde"), "{texts:?}");
    }

    #[test]
    fn nobody_slips_a_field_in() {
        let evil = "x\r\nBcc: spy@evil.example";
        for email in [
            json!({ "subject": evil }),
            json!({ "from": [{ "name": evil, "email": "a@b" }] }),
            json!({ "from": [{ "email": "a@b\r\nBcc:x@y" }] }),
            json!({ "messageId": [evil] }),
            json!({ "header:X-Y": evil }),
            json!({ "header:Content-Type": "text/html" }),
            json!({ "header:X-Y:all": ["a"] }),
            json!({ "subject": "a", "header:Subject:asText": "b" }),
            json!({ "attachments": [{ "blobId": "B1", "name": evil }] }),
            json!({ "attachments": [{ "blobId": "B1", "type": "a/b\r\nX: y" }] }),
            json!({ "attachments": [{ "blobId": "B1", "cid": "a> <b" }] }),
            json!({ "textBody": [{ "partId": "1", "type": "text/html" }], "bodyValues": { "1": { "value": "" } } }),
            json!({ "textBody": [{ "partId": "nix" }] }),
            json!({ "attachments": [{ "blobId": "B2" }] }),
            json!({ "sentAt": "gestern" }),
            json!({ "to": [{ "email": "no address" }] }),
        ] {
            let refused = write(&email).expect_err(&email.to_string()).to_value();
            assert!(["invalidProperties", "blobNotFound"].contains(&refused["type"].as_str().unwrap()), "{refused}");
        }
    }

    #[test]
    fn parts_have_limits() {
        let many = vec![json!({ "blobId": "B1" }); MAX_PARTS + 1];
        assert!(write(&json!({ "attachments": many[1..] })).is_ok());
        assert!(write(&json!({ "attachments": many })).is_err());
        let mut deep = json!({ "blobId": "B1" });
        for _ in 0..MAX_DEPTH {
            deep = json!({ "type": "multipart/mixed", "subParts": [deep] });
        }
        assert!(write(&json!({ "bodyStructure": deep })).is_ok());
        let deeper = json!({ "type": "multipart/mixed", "subParts": [deep] });
        assert!(write(&json!({ "bodyStructure": deeper })).is_err());
        let addresses = vec![json!({ "email": "a@b" }); MAX_ADDRESSES + 1];
        assert!(write(&json!({ "to": addresses[1..] })).is_ok() && write(&json!({ "to": addresses })).is_err());
    }

    #[test]
    fn an_address_goes_on_an_envelope_or_not() {
        for good in ["a@b", "vor.nach+x@amt.example"] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["", "a", "@b", "a@", "a@b@c", "a b@c", "a@b>", "ü@b", "a@.b", "a@b\r\n"] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
