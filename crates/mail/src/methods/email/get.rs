//! Reading messages: `Email/get`, `Email/parse` and `Email/changes`.

use std::collections::{BTreeSet, HashMap};

use fernamt_domain::{EmailId, MailboxId, feature::Feature, mail::MailType};
use fernamt_store::{EmailRecord, MailAccountRecord};
use mail_parser::Message;
use serde::Deserialize;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use crate::{
    jmap::{
        Object,
        changes::AskChanges,
        error::MethodError,
        get::{self, Got},
        request::answer,
    },
    message::{
        blob_id::BlobId,
        body::{AskBody, Body},
        envelope::{self, KEPT},
        header::HeaderProperty,
    },
    methods::Caller,
    routes,
};

/// What is told unless a client asks for other things (RFC 8621, section 4.2).
const DEFAULT_PROPERTIES: [&str; 24] = [
    "id",
    "blobId",
    "threadId",
    "mailboxIds",
    "keywords",
    "size",
    "receivedAt",
    "messageId",
    "inReplyTo",
    "references",
    "sender",
    "from",
    "to",
    "cc",
    "bcc",
    "replyTo",
    "subject",
    "sentAt",
    "hasAttachment",
    "preview",
    "bodyValues",
    "textBody",
    "htmlBody",
    "attachments",
];

/// What the store knows of a message without its raw bytes, beside [`KEPT`].
const META: [&str; 9] =
    ["id", "blobId", "threadId", "mailboxIds", "keywords", "size", "receivedAt", "hasAttachment", "preview"];

/// What only the raw bytes tell, beside single header fields.
const FROM_RAW: [&str; 6] = ["headers", "bodyStructure", "bodyValues", "textBody", "htmlBody", "attachments"];

/// How parts and texts are asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Ask {
    account_id: String,
    #[serde(default)]
    ids: Option<Vec<String>>,
    /// Names of raw bytes that are no message of the account: `Email/parse` alone has them.
    #[serde(default)]
    blob_ids: Option<Vec<String>>,
    #[serde(default)]
    properties: Option<Vec<String>>,
    #[serde(default)]
    body_properties: Option<Vec<String>>,
    #[serde(default)]
    fetch_text_body_values: bool,
    #[serde(default, rename = "fetchHTMLBodyValues")]
    fetch_html_body_values: bool,
    #[serde(default)]
    fetch_all_body_values: bool,
    #[serde(default)]
    max_body_value_bytes: usize,
}

impl Ask {
    /// `attachments`: whether who asks may open them. Without, the texts among them are not told either.
    fn body(&self, attachments: bool) -> AskBody {
        AskBody {
            properties: self.body_properties.clone(),
            text_values: self.fetch_text_body_values || (self.fetch_all_body_values && !attachments),
            html_values: self.fetch_html_body_values || (self.fetch_all_body_values && !attachments),
            all_values: self.fetch_all_body_values && attachments,
            max_bytes: self.max_body_value_bytes,
        }
    }

    /// The properties that are asked for, each of which there is.
    fn wanted(&self) -> Result<Vec<String>, MethodError> {
        let Some(names) = &self.properties else {
            return Ok(DEFAULT_PROPERTIES.iter().map(|name| (*name).to_owned()).collect());
        };
        let known = |name: &&String| {
            let name = name.as_str();
            META.contains(&name)
                || KEPT.contains(&name)
                || FROM_RAW.contains(&name)
                || HeaderProperty::read(name).is_some()
        };
        match names.iter().find(|name| !known(name)) {
            Some(unknown) => Err(MethodError::invalid_arguments(format!("a message has no property {unknown}"))),
            None => Ok(names.clone()),
        }
    }
}

/// `Email/get` (RFC 8621, section 4.2).
pub(crate) async fn get(caller: &Caller, ask: Ask) -> Result<Object, MethodError> {
    let opened = caller.account(&ask.account_id).await?;
    let account = opened.to_read();
    let (wanted, body) = (ask.wanted()?, ask.body(opened.offers(Feature::Attachments)));
    let asked = ask.ids.ok_or_else(|| MethodError::request_too_large("name the messages, or look for them"))?;
    let asked = get::asked(asked)?;
    let ids: Vec<EmailId> = asked.iter().filter_map(|id| id.parse().ok()).collect();
    let found: HashMap<_, _> =
        caller.tenant.emails().these(account.id, &ids).await?.into_iter().map(|email| (email.id, email)).collect();
    let ids: Vec<_> = found.keys().copied().collect();
    let mailboxes = caller.tenant.emails().mailboxes(&ids).await?;
    let (mut list, mut not_found) = (Vec::new(), Vec::new());
    for id in asked {
        match id.parse().ok().and_then(|id: EmailId| found.get(&id)) {
            Some(email) => {
                let folders = mailboxes.get(&email.id).cloned().unwrap_or_default();
                list.push(object_of(caller, account, email, &folders, &wanted, &body).await?);
            }
            None => not_found.push(id),
        }
    }
    Ok(answer(&Got { account_id: ask.account_id, state: account.email_state.to_string(), list, not_found }))
}

async fn object_of(
    caller: &Caller,
    account: &MailAccountRecord,
    email: &EmailRecord,
    mailboxes: &BTreeSet<MailboxId>,
    wanted: &[String],
    body: &AskBody,
) -> Result<Value, MethodError> {
    let mut object = Object::new();
    object.insert("id".to_owned(), json!(email.id));
    for name in wanted {
        let value = match name.as_str() {
            "id" => continue,
            "blobId" => json!(BlobId::from(email.print).to_string()),
            "threadId" => json!(email.thread),
            "mailboxIds" => Value::Object(mailboxes.iter().map(|id| (id.to_string(), Value::Bool(true))).collect()),
            "keywords" => {
                Value::Object(email.keywords.iter().map(|word| (word.to_string(), Value::Bool(true))).collect())
            }
            "size" => json!(email.size),
            "receivedAt" => {
                json!(email.received_at.replace_nanosecond(0).unwrap_or(email.received_at).format(&Rfc3339).ok())
            }
            "hasAttachment" => json!(email.has_attachment),
            "preview" => json!(email.preview),
            kept => match email.envelope.get(kept) {
                Some(value) => value.clone(),
                None => continue,
            },
        };
        object.insert(name.clone(), value);
    }
    if wanted.iter().any(|name| from_raw(name)) {
        let raw = caller.tenant.mail_blobs().get(account.id, &email.print).await?.unwrap_or_default();
        add_from_raw(&mut object, &envelope::parse(&raw), email.print.into(), wanted, body)?;
    }
    Ok(Value::Object(object))
}

fn from_raw(name: &str) -> bool {
    FROM_RAW.contains(&name) || name.starts_with("header:")
}

fn add_from_raw(
    object: &mut Object,
    message: &Message<'_>,
    blob: BlobId,
    wanted: &[String],
    ask: &AskBody,
) -> Result<(), MethodError> {
    let body = Body::new(message, blob, ask)?;
    for name in wanted.iter().filter(|name| from_raw(name)) {
        let value = match name.as_str() {
            "bodyStructure" => body.structure(),
            "bodyValues" => body.values(),
            "textBody" => body.text(),
            "htmlBody" => body.html(),
            "attachments" => body.attachments(),
            "headers" => {
                message.headers_raw().map(|(name, value)| json!({ "name": name, "value": value.trim_end() })).collect()
            }
            other => HeaderProperty::read(other).map_or(Value::Null, |property| property.of(message)),
        };
        object.insert(name.clone(), value);
    }
    Ok(())
}

/// `Email/parse` (RFC 8621, section 4.9): reads messages that lie in no folder, such as one attached to another.
pub(crate) async fn parse(caller: &Caller, ask: Ask) -> Result<Object, MethodError> {
    let opened = caller.account(&ask.account_id).await?;
    opened.opens_attachments()?;
    let account = opened.to_read();
    let (wanted, body) = (ask.wanted()?, ask.body(true));
    let names = get::asked(ask.blob_ids.unwrap_or_default())?;
    let (mut parsed, mut not_found) = (Object::new(), Vec::new());
    for name in names {
        let blob = name.parse::<BlobId>().ok();
        let Some((blob, raw)) = (match blob {
            Some(blob) => routes::blob(&caller.tenant, account.id, &blob).await?.map(|raw| (blob, raw)),
            None => None,
        }) else {
            not_found.push(name);
            continue;
        };
        let now = caller.mail.parts.clock.now();
        let read = envelope::read(
            &raw,
            EmailId(uuid::Uuid::nil()),
            account.id,
            now,
            fernamt_domain::mail::Keywords::default(),
        );
        let mut object = Object::new();
        for property in &wanted {
            let value = match property.as_str() {
                "id" | "threadId" | "mailboxIds" | "keywords" | "receivedAt" => Value::Null,
                "blobId" => json!(name),
                "size" => json!(read.email.size),
                "hasAttachment" => json!(read.email.has_attachment),
                "preview" => json!(read.email.preview),
                kept => match read.email.envelope.get(kept) {
                    Some(value) => value.clone(),
                    None => continue,
                },
            };
            object.insert(property.clone(), value);
        }
        add_from_raw(&mut object, &envelope::parse(&raw), blob, &wanted, &body)?;
        parsed.insert(name, Value::Object(object));
    }
    let answer = json!({ "accountId": ask.account_id, "parsed": parsed, "notParsable": [], "notFound": not_found });
    Ok(answer.as_object().cloned().unwrap_or_default())
}

/// `Email/changes` (RFC 8621, section 4.3).
pub(crate) async fn changes(caller: &Caller, ask: AskChanges) -> Result<Object, MethodError> {
    let opened = caller.account(&ask.account_id).await?;
    let account = opened.to_read();
    let (since, max) = ask.since(account, MailType::Email)?;
    let newest = account.state(MailType::Email);
    let changes = caller.tenant.emails().changes(account.id, since, newest, max).await?;
    Ok(answer(&ask.answer(changes)?))
}
