//! A message's parts as JMAP has them (RFC 8621, section 4.1.4).

use std::{borrow::Cow, cell::Cell};

use mail_parser::{
    Encoding, HeaderForm, Message, MessagePart, MimeHeaders as _, PartType,
    decoders::{base64::base64_decode, quoted_printable::quoted_printable_decode},
};
use serde_json::{Value, json};

use super::{
    blob_id::BlobId,
    header::{HeaderProperty, raw_value},
};
use crate::jmap::{Object, error::MethodError};

/// How deep parts are told of that lie within each other: beyond it, nobody can show them anyway.
const MAX_DEPTH: usize = 50;

/// How many parts are told of in each list, and in the tree.
const MAX_PARTS: usize = 1_000;

/// The properties of a part.
const PROPERTIES: [&str; 12] = [
    "partId",
    "blobId",
    "size",
    "headers",
    "name",
    "type",
    "charset",
    "disposition",
    "cid",
    "language",
    "location",
    "subParts",
];

/// The properties of a part that are told unless a client asks for others (RFC 8621, section 4.2).
const DEFAULT_PROPERTIES: [&str; 10] =
    ["partId", "blobId", "size", "name", "type", "charset", "disposition", "cid", "language", "location"];

/// How parts and their texts are asked for (RFC 8621, section 4.2).
#[derive(Debug, Clone, Default)]
pub(crate) struct AskBody {
    /// Properties of each part; the usual ones if none are named.
    pub(crate) properties: Option<Vec<String>>,
    /// Whether the texts of the plain view are wanted.
    pub(crate) text_values: bool,
    /// Whether the texts of the formatted view are wanted.
    pub(crate) html_values: bool,
    /// Whether all texts are wanted.
    pub(crate) all_values: bool,
    /// How many bytes of each text at most; 0 means all.
    pub(crate) max_bytes: usize,
}

/// A message's parts, with the way they are asked for.
#[derive(Debug)]
pub(crate) struct Body<'m, 'x> {
    message: &'m Message<'x>,
    blob: BlobId,
    ask: &'m AskBody,
    /// How many parts of the tree may still be told of.
    left: Cell<usize>,
}

impl<'m, 'x> Body<'m, 'x> {
    /// The parts of a message whose raw bytes have this name.
    pub(crate) fn new(message: &'m Message<'x>, blob: BlobId, ask: &'m AskBody) -> Result<Self, MethodError> {
        let known = |name: &&String| PROPERTIES.contains(&name.as_str()) || HeaderProperty::read(name).is_some();
        match ask.properties.iter().flatten().find(|name| !known(name)) {
            Some(unknown) => Err(MethodError::invalid_arguments(format!("a part has no property {unknown}"))),
            None => Ok(Self { message, blob, ask, left: Cell::new(MAX_PARTS) }),
        }
    }

    /// The tree of all parts.
    pub(crate) fn structure(&self) -> Value {
        self.part(0, MAX_DEPTH)
    }

    /// The parts that make up the plain view.
    pub(crate) fn text(&self) -> Value {
        self.list(&self.message.text_body)
    }

    /// The parts that make up the formatted view.
    pub(crate) fn html(&self) -> Value {
        self.list(&self.message.html_body)
    }

    /// The parts that are offered beside the text.
    pub(crate) fn attachments(&self) -> Value {
        self.list(&self.message.attachments)
    }

    /// The texts that are asked for, by part.
    pub(crate) fn values(&self) -> Value {
        let mut wanted = Vec::new();
        if self.ask.text_values || self.ask.all_values {
            wanted.extend(&self.message.text_body);
        }
        if self.ask.html_values || self.ask.all_values {
            wanted.extend(&self.message.html_body);
        }
        if self.ask.all_values {
            wanted.extend(&self.message.attachments);
        }
        let mut values = Object::new();
        for number in wanted.into_iter().take(MAX_PARTS) {
            let Some(part) = self.message.part(number) else { continue };
            let (PartType::Text(text) | PartType::Html(text)) = &part.body else { continue };
            let (cut, truncated) = self.cut(text, matches!(part.body, PartType::Html(_)));
            let value = json!({
                "value": cut,
                "isEncodingProblem": part.is_encoding_problem,
                "isTruncated": truncated,
            });
            values.insert(number.to_string(), value);
        }
        Value::Object(values)
    }

    fn cut(&self, text: &str, html: bool) -> (String, bool) {
        // Line ends as JMAP has them (RFC 8621, section 4.1.4).
        let text = text.replace("\r\n", "\n");
        let limit = self.ask.max_bytes;
        if limit == 0 || text.len() <= limit {
            return (text, false);
        }
        let mut end = (0..=limit).rev().find(|place| text.is_char_boundary(*place)).unwrap_or(0);
        if html {
            // A tag that was cut in two would swallow what a page puts after it.
            let open = text[..end].rfind('<').filter(|open| !text[*open..end].contains('>'));
            end = open.unwrap_or(end);
        }
        (text[..end].to_owned(), true)
    }

    fn list(&self, numbers: &[u32]) -> Value {
        numbers.iter().take(MAX_PARTS).map(|number| self.part(*number, 0)).collect()
    }

    fn part(&self, number: u32, depth: usize) -> Value {
        let Some(part) = self.message.part(number) else { return Value::Null };
        let names = self.ask.properties.as_deref();
        let mut object = Object::new();
        let mut put = |name: &str| {
            let value = self.property(part, number, name, depth);
            object.insert(name.to_owned(), value);
        };
        match names {
            Some(names) => names.iter().for_each(|name| put(name)),
            None => DEFAULT_PROPERTIES.iter().for_each(|name| put(name)),
        }
        let children = part.sub_parts().is_some();
        if children && depth > 0 && !object.contains_key("subParts") {
            object.insert("subParts".to_owned(), self.property(part, number, "subParts", depth));
        }
        Value::Object(object)
    }

    fn property(&self, part: &MessagePart<'_>, number: u32, name: &str, depth: usize) -> Value {
        let leaf = part.sub_parts().is_none();
        match name {
            "partId" => leaf.then(|| number.to_string()).into(),
            "blobId" => leaf.then(|| self.blob.part(number)).flatten().map(|id| id.to_string()).into(),
            "size" => contents(self.message, part).len().into(),
            "headers" => part
                .headers()
                .iter()
                .map(|header| json!({ "name": header.name(), "value": raw_value(self.message, header) }))
                .collect(),
            "name" => part.attachment_name().into(),
            "type" => media_type(part).into(),
            "charset" => match part.content_type() {
                Some(kind) if kind.ctype().eq_ignore_ascii_case("text") => {
                    json!(kind.attribute("charset").unwrap_or("us-ascii"))
                }
                None => json!("us-ascii"),
                Some(_) => Value::Null,
            },
            "disposition" => part.content_disposition().map(|value| value.ctype().to_lowercase()).into(),
            "cid" => part.content_id().into(),
            "language" => match part.content_language() {
                mail_parser::HeaderValue::Text(one) => json!([one]),
                mail_parser::HeaderValue::TextList(list) => json!(list),
                _ => Value::Null,
            },
            "location" => part.content_location().into(),
            "subParts" => match part.sub_parts() {
                Some(numbers) if depth > 0 => {
                    let told = numbers.iter().take_while(|_| {
                        let left = self.left.get();
                        self.left.set(left.saturating_sub(1));
                        left > 0
                    });
                    told.map(|number| self.part(*number, depth - 1)).collect()
                }
                Some(_) => json!([]),
                None => Value::Null,
            },
            other => HeaderProperty::read(other).map_or(Value::Null, |property| of_part(&property, self.message, part)),
        }
    }
}

/// The decoded bytes of a part, in the charset that they came in; those of a message within a message are the message.
pub(crate) fn contents<'p>(message: &'p Message<'_>, part: &'p MessagePart<'_>) -> Cow<'p, [u8]> {
    let raw =
        || message.raw_message().get(index(part.raw_body_offset())..index(part.raw_end_offset())).unwrap_or_default();
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => match part.encoding {
            Encoding::None => Some(raw().into()),
            Encoding::QuotedPrintable => quoted_printable_decode(raw()).map(Cow::Owned),
            Encoding::Base64 => base64_decode(raw()).map(Cow::Owned),
        }
        .unwrap_or(text.as_bytes().into()),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => bytes.as_ref().into(),
        PartType::Message(inner) => inner.raw_message().into(),
        PartType::Multipart(_) => raw().into(),
    }
}

/// A part's media type, in lower case.
pub(crate) fn media_type(part: &MessagePart<'_>) -> String {
    match part.content_type() {
        Some(kind) => match kind.subtype() {
            Some(subtype) => format!("{}/{}", kind.ctype(), subtype).to_lowercase(),
            None => kind.ctype().to_lowercase(),
        },
        None => match part.body {
            PartType::Html(_) => "text/html",
            PartType::Text(_) => "text/plain",
            PartType::Message(_) => "message/rfc822",
            PartType::Multipart(_) => "multipart/mixed",
            _ => "application/octet-stream",
        }
        .to_owned(),
    }
}

/// A field of a part in the form that is asked for: a part has the fields of MIME, which are text.
fn of_part(property: &HeaderProperty, message: &Message<'_>, part: &MessagePart<'_>) -> Value {
    let fields = part.headers().iter().filter(|header| header.name().eq_ignore_ascii_case(&property.name));
    let mut values: Vec<Value> = fields
        .map(|header| {
            let raw = raw_value(message, header);
            match property.form {
                HeaderForm::Raw => raw.into(),
                _ => raw.split_whitespace().collect::<Vec<_>>().join(" ").into(),
            }
        })
        .collect();
    if property.all { Value::Array(values) } else { values.pop().unwrap_or(Value::Null) }
}

/// A place in a message's raw bytes.
pub(super) fn index(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{blob_id::print_of, envelope::parse};

    const RAW: &str = "Subject: x\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n\
        --o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n\
        --i\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        Gr=FC=DFe\r\n--i\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Gr\u{fc}\u{df}e</p>\r\n--i--\r\n\
        --o\r\nContent-Type: application/pdf; name=\"Plan.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\
        Content-Disposition: attachment\r\n\r\nYWJj\r\n--o--\r\n";

    /// Everything that is told of the message.
    struct Told {
        tree: Value,
        text: Value,
        html: Value,
        attachments: Value,
        values: Vec<Value>,
    }

    fn told(ask: &AskBody) -> Told {
        let message = parse(RAW.as_bytes());
        let body = Body::new(&message, print_of(RAW.as_bytes()).into(), ask).unwrap();
        Told {
            tree: body.structure(),
            text: body.text(),
            html: body.html(),
            attachments: body.attachments(),
            values: body.values().as_object().unwrap().values().cloned().collect(),
        }
    }

    #[test]
    fn parts_are_told_as_they_lie() {
        let Told { tree, text, html, attachments, .. } = told(&AskBody::default());
        assert_eq!(tree["type"], "multipart/mixed");
        assert_eq!(tree["subParts"][0]["subParts"][1]["type"], "text/html");
        assert_eq!((&tree["partId"], &tree["blobId"]), (&Value::Null, &Value::Null));
        assert_eq!((&text[0]["charset"], &html[0]["type"]), (&json!("iso-8859-1"), &json!("text/html")));
        let pdf = &attachments[0];
        assert_eq!((&pdf["name"], &pdf["size"]), (&json!("Plan.pdf"), &json!(3)));
        assert_eq!(pdf["disposition"], "attachment");
        assert!(pdf["blobId"].as_str().unwrap().parse::<BlobId>().unwrap().parts.len() == 1);
    }

    #[test]
    fn texts_are_decoded_and_cut_between_letters() {
        let cut = told(&AskBody { text_values: true, max_bytes: 3, ..AskBody::default() }).values;
        assert_eq!((&cut[0]["value"], &cut[0]["isTruncated"]), (&json!("Gr"), &json!(true)));
        let whole = told(&AskBody { text_values: true, ..AskBody::default() }).values;
        assert_eq!(whole[0]["value"].as_str().unwrap().trim(), "Grüße");
        let html = told(&AskBody { html_values: true, max_bytes: 10, ..AskBody::default() }).values;
        assert_eq!(html[0]["value"], "<p>Grüße");
        let tag = told(&AskBody { html_values: true, max_bytes: 12, ..AskBody::default() }).values;
        assert_eq!(tag[0]["value"], "<p>Grüße", "no tag is cut in two");
    }

    #[test]
    fn a_part_has_the_properties_that_are_asked_for() {
        let names = ["type", "header:Content-Type:asText"].map(str::to_owned).to_vec();
        let attached = told(&AskBody { properties: Some(names), ..AskBody::default() }).attachments;
        let kind = "application/pdf; name=\"Plan.pdf\"";
        assert_eq!(attached, json!([{ "type": "application/pdf", "header:Content-Type:asText": kind }]));
        let unknown = AskBody { properties: Some(vec!["shoeSize".to_owned()]), ..AskBody::default() };
        let message = parse(RAW.as_bytes());
        assert!(Body::new(&message, print_of(b"").into(), &unknown).is_err());
    }

    #[test]
    fn a_part_comes_out_as_it_went_in() {
        let message = parse(RAW.as_bytes());
        let bytes: Vec<_> = message.parts.iter().map(|part| contents(&message, part)).collect();
        assert_eq!(bytes[2].trim_ascii_end(), b"Gr\xfc\xdfe", "Latin-1 stays Latin-1");
        assert_eq!(&*bytes[4], b"abc");
        // A file that says nothing of its charset, and one that says it in its own words.
        for (head, given) in [
            ("Content-Type: text/csv", "TcO8bGxlcjvW"),
            ("Content-Type: text/xml; charset=utf-8", "PD94bWwgZW5jb2Rpbmc9J2lzby04ODU5LTEnPz7W"),
            ("Content-Type: text/plain; charset=utf-16", "//5NAPwA"),
        ] {
            let raw = format!("{head}\r\nContent-Transfer-Encoding: base64\r\n\r\n{given}\r\n");
            let message = parse(raw.as_bytes());
            let expected = data_encoding::BASE64.decode(given.as_bytes()).unwrap();
            assert_eq!(*contents(&message, &message.parts[0]), expected, "{head}");
        }
        let raw = b"Content-Type: text/plain\r\n\r\nGr\xfc\xdfe";
        let message = parse(raw);
        assert_eq!(&*contents(&message, &message.parts[0]), b"Gr\xfc\xdfe");
        // What cannot be decoded is handed out as far as it was understood.
        let raw = b"Content-Transfer-Encoding: base64\r\n\r\n***";
        let message = parse(raw);
        assert!(contents(&message, &message.parts[0]).len() <= 3);
    }

    #[test]
    fn so_many_parts_are_told_and_no_more() {
        let parts = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n".repeat(2 * MAX_PARTS);
        let raw = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n");
        let message = parse(raw.as_bytes());
        let ask = AskBody { all_values: true, ..AskBody::default() };
        let body = Body::new(&message, print_of(raw.as_bytes()).into(), &ask).unwrap();
        assert_eq!(body.structure()["subParts"].as_array().unwrap().len(), MAX_PARTS);
        assert_eq!(body.text().as_array().unwrap().len(), MAX_PARTS);
        assert!(body.values().as_object().unwrap().len() <= MAX_PARTS);
    }

    #[test]
    fn parts_within_parts_end_somewhere() {
        let level = |level| format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n");
        let levels: Vec<String> = (0..2_000).map(level).collect();
        let raw = format!("Subject: deep\r\n{}\r\nend\r\n", levels.concat());
        let message = parse(raw.as_bytes());
        let ask = AskBody::default();
        let body = Body::new(&message, print_of(raw.as_bytes()).into(), &ask).unwrap();
        let mut tree = &body.structure();
        let mut depth = 0;
        while let Some(inner) = tree.get("subParts").and_then(|parts| parts.get(0)) {
            (tree, depth) = (inner, depth + 1);
        }
        assert!((2..=MAX_DEPTH).contains(&depth), "{depth}");
    }
}
