//! Taking in messages as they are: `Email/import` (RFC 8621, section 4.8).

use std::collections::BTreeMap;

use fernamt_domain::mail::{MailRight, MailType};
use serde::Deserialize;
use serde_json::{Value, json};

use super::set::{Place, created};
use crate::{
    delegation::{Deed, Folders, Need},
    delivery::arrival,
    jmap::{
        Object,
        error::{Fault, MethodError, SetError},
        limits::MAX_OBJECTS_IN_SET,
    },
    message::blob_id::BlobId,
    methods::{Begun, Caller},
    routes,
};

/// What is to be taken in.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Import {
    account_id: String,
    #[serde(default)]
    if_in_state: Option<String>,
    emails: BTreeMap<String, Object>,
}

/// `Email/import`.
pub(crate) async fn import(caller: &mut Caller, import: Import) -> Result<Object, MethodError> {
    if import.emails.len() > MAX_OBJECTS_IN_SET {
        return Err(MethodError::request_too_large(format!("at most {MAX_OBJECTS_IN_SET} messages at once")));
    }
    let opened = caller.account(&import.account_id).await?;
    // A message that is attached to another one, or was uploaded, is read as a message of its own afterwards.
    opened.opens_attachments()?;
    let account = opened.to(Need::Change)?.id;
    let begun = caller.begin(account, Need::Change).await?;
    let state = begun.account.email_state.to_string();
    if import.if_in_state.is_some_and(|wanted| wanted != state) {
        return Err(MethodError::state_mismatch());
    }
    let folders = begun.folders().await?;
    let (mut done, mut refused) = (Object::new(), Object::new());
    for (name, properties) in import.emails {
        match take(caller, &begun, &folders, &properties).await {
            Ok(email) => {
                caller.created.insert(name.clone(), email.id.to_string());
                done.insert(name, created(&email));
            }
            Err(Fault::Object(error)) => drop(refused.insert(name, error.to_value())),
            Err(Fault::Method(error)) => return Err(error),
        }
    }
    let new_state = if done.is_empty() {
        state.clone()
    } else {
        let number = begun.change.number;
        let kinds = [MailType::Email, MailType::Thread, MailType::Mailbox, MailType::EmailDelivery];
        begun.commit(&kinds, &Deed::made("Email/import", done.values())).await?;
        number.to_string()
    };
    let answer = json!({
        "accountId": import.account_id,
        "oldState": state,
        "newState": new_state,
        "created": done,
        "notCreated": refused,
    });
    Ok(answer.as_object().cloned().unwrap_or_default())
}

async fn take(
    caller: &Caller,
    begun: &Begun,
    folders: &Folders,
    properties: &Object,
) -> Result<fernamt_store::EmailRecord, Fault> {
    begun.access.object(MailRight::Write)?;
    let known = ["blobId", "mailboxIds", "keywords", "receivedAt"];
    if let Some(unknown) = properties.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(SetError::invalid(&[unknown], "it cannot be set").into());
    }
    let blob: Option<BlobId> = properties.get("blobId").and_then(Value::as_str).and_then(|text| text.parse().ok());
    let raw = match blob {
        Some(blob) => routes::blob_in(&begun.work, begun.account.id, &blob).await?,
        None => None,
    };
    let raw = raw.ok_or_else(|| SetError::invalid(&["blobId"], "there are no such bytes"))?;
    let arrival = Place::read(properties)?.arrival(&raw, folders, &caller.created, caller.mail.parts.clock.now())?;
    Ok(arrival::put(&caller.mail, &begun.work, begun.change, arrival).await?)
}
