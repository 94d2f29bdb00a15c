//! Senders (RFC 8621, section 6). A person may write as the addresses of their account, under a name of their choice.

use fernamt_domain::{
    MailIdentityId,
    mail::{MailRight, MailType},
};
use fernamt_store::MailIdentityRecord;
use serde_json::{Value, json};

use super::{Begun, Caller};
use crate::{
    delegation::{Access, Deed, Need},
    jmap::{
        Object,
        changes::AskChanges,
        error::{Fault, MethodError, SetError},
        get::{self, Get, Got},
        request::answer,
        set::{Done, Set},
    },
};

/// The most bytes of a name.
const MAX_NAME_BYTES: usize = 200;
/// The most bytes of a signature.
const MAX_SIGNATURE_BYTES: usize = 50_000;

pub(super) async fn get(caller: &Caller, ask: Get) -> Result<Object, MethodError> {
    let opened = caller.account(&ask.account_id).await?;
    let account = opened.to(Need::Senders)?;
    let shown = Shown { access: opened.access(), sender: sender(caller, opened.access()).await? };
    let object_of = |identity: &MailIdentityRecord| shown.object(identity);
    let all = caller.tenant.mail_identities().of_account(account.id).await?;
    let (mut list, mut not_found) = (Vec::new(), Vec::new());
    match ask.ids {
        None => {
            for identity in &all {
                list.push(get::only(object_of(identity), ask.properties.as_deref())?);
            }
        }
        Some(ids) => {
            for id in get::asked(ids)? {
                match all.iter().find(|identity| identity.id.to_string() == id) {
                    Some(identity) => list.push(get::only(object_of(identity), ask.properties.as_deref())?),
                    None => not_found.push(id),
                }
            }
        }
    }
    Ok(answer(&Got { account_id: ask.account_id, state: account.identity_state.to_string(), list, not_found }))
}

pub(super) async fn changes(caller: &Caller, ask: AskChanges) -> Result<Object, MethodError> {
    let opened = caller.account(&ask.account_id).await?;
    let account = opened.to(Need::Senders)?;
    let (since, max) = ask.since(account, MailType::Identity)?;
    let newest = account.state(MailType::Identity);
    let changes = caller.tenant.mail_identities().changes(account.id, since, newest, max).await?;
    Ok(answer(&ask.answer(changes)?))
}

pub(super) async fn set(caller: &mut Caller, set: Set) -> Result<Object, MethodError> {
    let account = caller.account(&set.account_id).await?.to(Need::ChangeSenders)?.id;
    let begun = caller.begin(account, Need::ChangeSenders).await?;
    let state = begun.account.identity_state;
    set.check(state)?;
    let mut done = Done::new(&set.account_id, state);
    for (name, properties) in set.create.unwrap_or_default() {
        let result = create(caller, &begun, &properties).await.map(|identity| {
            caller.created.insert(name.clone(), identity.id.to_string());
            json!({ "id": identity.id, "mayDelete": true })
        });
        done.create(&name, result)?;
    }
    for (id, patch) in set.update.unwrap_or_default() {
        done.update(&id, update(caller, &begun, &id, &patch).await)?;
    }
    for id in set.destroy.unwrap_or_default() {
        done.destroy(&id, destroy(&begun, &id).await)?;
    }
    done.new_state = if done.anything() {
        let number = begun.change.number;
        begun.commit(&[MailType::Identity], &Deed::of("Identity/set", &done)).await?;
        number.to_string()
    } else {
        done.old_state.clone()
    };
    Ok(answer(&done))
}

/// Where messages have to name who sends them beside the sender: the address that stands there.
async fn sender(caller: &Caller, access: Access) -> Result<Option<String>, MethodError> {
    Ok(if access.names_sender() { caller.own_address().await? } else { None })
}

async fn create(caller: &Caller, begun: &Begun, properties: &Object) -> Result<MailIdentityRecord, Fault> {
    begun.access.object(MailRight::Manage)?;
    let email = properties.get("email").and_then(Value::as_str).unwrap_or_default();
    if !email.eq_ignore_ascii_case(&begun.account.address) {
        return Err(SetError::new("forbiddenFrom", "this account may not write as that address").into());
    }
    let parts = &caller.mail.parts;
    let mut identity = MailIdentityRecord {
        id: MailIdentityId::new(&*parts.clock, &*parts.rng),
        account: begun.account.id,
        name: String::new(),
        address: begun.account.address.clone(),
        text_signature: String::new(),
        html_signature: String::new(),
        created_in: begun.change.number,
        changed_in: begun.change.number,
    };
    for (name, value) in properties.iter().filter(|(name, _)| *name != "email") {
        put(&mut identity, name, value)?;
    }
    begun.work.mail_identities().insert(&identity).await?;
    Ok(identity)
}

async fn update(caller: &Caller, begun: &Begun, id: &str, patch: &Object) -> Result<(), Fault> {
    begun.access.object(MailRight::Manage)?;
    let mut identity = own(begun, crate::jmap::id::read(id, &caller.created)).await?;
    for (name, value) in patch {
        put(&mut identity, name, value)?;
    }
    identity.changed_in = begun.change.number;
    Ok(begun.work.mail_identities().replace(&identity).await?)
}

async fn destroy(begun: &Begun, id: &str) -> Result<(), Fault> {
    begun.access.object(MailRight::Manage)?;
    let identity = own(begun, id.parse().ok()).await?;
    if begun.work.mail_identities().of_account(begun.account.id).await?.len() == 1 {
        return Err(SetError::forbidden("an account keeps one sender").into());
    }
    Ok(begun.work.mail_identities().remove(begun.change, &identity).await?)
}

async fn own(begun: &Begun, id: Option<MailIdentityId>) -> Result<MailIdentityRecord, Fault> {
    let all = begun.work.mail_identities().of_account(begun.account.id).await?;
    Ok(all.into_iter().find(|identity| Some(identity.id) == id).ok_or_else(SetError::not_found)?)
}

fn put(identity: &mut MailIdentityRecord, name: &str, value: &Value) -> Result<(), SetError> {
    let text = |limit: usize| {
        let text = value.as_str().filter(|text| text.len() <= limit && !text.contains('\0'));
        text.map(str::to_owned).ok_or_else(|| SetError::invalid(&[name], format!("a text of at most {limit} bytes")))
    };
    match name {
        "name" => {
            identity.name = text(MAX_NAME_BYTES)?;
            if identity.name.contains(['\r', '\n']) {
                return Err(SetError::invalid(&[name], "a name stands in one line"));
            }
        }
        "textSignature" => identity.text_signature = text(MAX_SIGNATURE_BYTES)?,
        "htmlSignature" => identity.html_signature = text(MAX_SIGNATURE_BYTES)?,
        "replyTo" | "bcc" if value.is_null() => {}
        _ => return Err(SetError::invalid(&[name], "it cannot be set")),
    }
    Ok(())
}

/// How senders are shown to somebody.
struct Shown {
    access: Access,
    sender: Option<String>,
}

impl Shown {
    fn object(&self, identity: &MailIdentityRecord) -> Object {
        let value = json!({
            "id": identity.id,
            "name": identity.name,
            "email": identity.address,
            "replyTo": null,
            "bcc": null,
            "textSignature": identity.text_signature,
            "htmlSignature": identity.html_signature,
            "mayDelete": self.access.has(MailRight::Manage),
            "sender": self.sender,
        });
        value.as_object().cloned().unwrap_or_default()
    }
}
