//! Taking messages from one account into another one: `Email/copy` (RFC 8621, section 4.7).

use std::collections::BTreeMap;

use fernamt_domain::{
    EmailId, MailAccountId,
    mail::{MailRight, MailType},
};
use fernamt_store::EmailRecord;
use serde::Deserialize;
use serde_json::{Value, json};

use super::set::{Place, created, set};
use crate::{
    delegation::{Deed, Folders, Need},
    delivery::arrival,
    jmap::{
        Object,
        error::{Fault, MethodError, SetError},
        id,
        limits::MAX_OBJECTS_IN_SET,
        set::Set,
    },
    methods::{Answers, Begun, Caller},
    mirror::is_note,
};

/// The arguments.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Copy {
    from_account_id: String,
    #[serde(default)]
    if_from_in_state: Option<String>,
    account_id: String,
    #[serde(default)]
    if_in_state: Option<String>,
    create: BTreeMap<String, Object>,
    #[serde(default)]
    on_success_destroy_original: bool,
    #[serde(default)]
    destroy_from_if_in_state: Option<String>,
}

/// `Email/copy`, and the `Email/set` that follows where the originals are to go.
pub(crate) async fn copy(caller: &mut Caller, copy: Copy) -> Result<Answers, MethodError> {
    if copy.create.len() > MAX_OBJECTS_IN_SET {
        return Err(MethodError::request_too_large(format!("at most {MAX_OBJECTS_IN_SET} messages at once")));
    }
    let from = caller.account_from(&copy.from_account_id).await?;
    let from = from.to_read();
    let opened = caller.account(&copy.account_id).await?;
    let account = opened.to(Need::Change)?;
    if from.id == account.id {
        return Err(MethodError::invalid_arguments("within an account a message lies in several folders instead"));
    }
    if copy.if_from_in_state.is_some_and(|wanted| wanted != from.email_state.to_string()) {
        return Err(MethodError::state_mismatch());
    }
    let begun = caller.begin(account.id, Need::Change).await?;
    begun.reads(from).await?;
    let state = begun.account.email_state.to_string();
    if copy.if_in_state.is_some_and(|wanted| wanted != state) {
        return Err(MethodError::state_mismatch());
    }
    let folders = begun.folders().await?;
    let (mut done, mut refused, mut originals) = (Object::new(), Object::new(), Vec::new());
    for (name, properties) in copy.create {
        match take(caller, &begun, from.id, &folders, properties).await {
            Ok((original, email)) => {
                caller.created.insert(name.clone(), email.id.to_string());
                originals.push(original.to_string());
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
        begun.commit(&kinds, &Deed::made("Email/copy", done.values())).await?;
        number.to_string()
    };
    let answer = json!({
        "fromAccountId": copy.from_account_id,
        "accountId": copy.account_id,
        "oldState": state,
        "newState": new_state,
        "created": done,
        "notCreated": refused,
    });
    let mut answers = vec![("Email/copy".to_owned(), answer.as_object().cloned().unwrap_or_default())];
    if copy.on_success_destroy_original && !originals.is_empty() {
        let follows = Set {
            account_id: copy.from_account_id,
            if_in_state: copy.destroy_from_if_in_state,
            create: None,
            update: None,
            destroy: Some(originals),
        };
        // The copies are there, whatever becomes of the originals.
        let (name, answer) = match set(caller, follows).await {
            Ok(answer) => ("Email/set", answer),
            Err(error) => ("error", error.to_arguments().as_object().cloned().unwrap_or_default()),
        };
        answers.push((name.to_owned(), answer));
    }
    Ok(answers)
}

async fn take(
    caller: &Caller,
    begun: &Begun,
    from: MailAccountId,
    folders: &Folders,
    mut properties: Object,
) -> Result<(EmailId, EmailRecord), Fault> {
    begun.access.object(MailRight::Write)?;
    let known = ["id", "mailboxIds", "keywords", "receivedAt"];
    if let Some(unknown) = properties.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(SetError::invalid(&[unknown], "it cannot be set").into());
    }
    let original: Option<EmailId> =
        properties.get("id").and_then(Value::as_str).and_then(|text| id::read(text, &caller.created));
    let original = begun.work.emails().these(from, original.as_slice()).await?.into_iter().next();
    let original = original.ok_or_else(SetError::not_found)?;
    let raw = begun.work.mail_blobs().get(from, &original.print).await?;
    let raw = raw.ok_or_else(|| SetError::new("blobNotFound", "its bytes are gone"))?;
    if is_note(&raw) {
        return Err(SetError::new("tooLarge", "only the mail server has the message itself").into());
    }
    if !properties.contains_key("keywords") {
        let words = original.keywords.iter().map(|word| (word.to_string(), Value::Bool(true)));
        properties.insert("keywords".to_owned(), Value::Object(words.collect()));
    }
    let place = Place::read(&properties)?;
    let arrival = place.arrival(&raw, folders, &caller.created, original.received_at)?;
    Ok((original.id, arrival::put(&caller.mail, &begun.work, begun.change, arrival).await?))
}
