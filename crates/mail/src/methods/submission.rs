//! Sending (RFC 8621, section 7).

use std::collections::BTreeMap;

use fernamt_domain::{
    EmailId, EmailSubmissionId, MailIdentityId,
    mail::{MailType, UndoStatus},
};
use fernamt_store::{EmailRecord, EmailSubmissionRecord, MailIdentityRecord};
use mail_parser::HeaderName;
use serde_json::{Value, json};
use time::{Duration, format_description::well_known::Rfc3339};

use super::{Answers, Begun, Caller, email};
use crate::{
    delegation::{Access, Deed, Need},
    delivery::{Recipient, without_bcc},
    jmap::{
        Object,
        changes::AskChanges,
        error::{Fault, MethodError, SetError},
        get::{self, Get, Got},
        id,
        request::{answer, arguments},
        session::MAX_DELAYED_SEND_S,
        set::{Done, Set},
    },
    message::{blob_id::print_of, compose::is_address, envelope, header::MAX_ADDRESSES},
};

/// The most receivers of one message.
const MAX_RECIPIENTS: usize = 500;

pub(super) async fn get(caller: &Caller, ask: Get) -> Result<Object, MethodError> {
    let opened = caller.account(&ask.account_id).await?;
    let account = opened.to(Need::Sent)?;
    let submissions = caller.tenant.email_submissions();
    let (mut list, mut not_found) = (Vec::new(), Vec::new());
    let found = match ask.ids {
        None => submissions.of_account(account.id, crate::jmap::limits::MAX_OBJECTS_IN_GET as u64).await?,
        Some(ids) => {
            let ids = get::asked(ids)?;
            let known: Vec<_> = ids.iter().filter_map(|id| id.parse().ok()).collect();
            let found = submissions.these(account.id, &known).await?;
            not_found.extend(ids.into_iter().filter(|id| !found.iter().any(|one| one.id.to_string() == *id)));
            found
        }
    };
    for submission in &found {
        list.push(get::only(object_of(submission), ask.properties.as_deref())?);
    }
    Ok(answer(&Got { account_id: ask.account_id, state: account.submission_state.to_string(), list, not_found }))
}

pub(super) async fn changes(caller: &Caller, ask: AskChanges) -> Result<Object, MethodError> {
    let opened = caller.account(&ask.account_id).await?;
    let account = opened.to(Need::Sent)?;
    let (since, max) = ask.since(account, MailType::EmailSubmission)?;
    let newest = account.state(MailType::EmailSubmission);
    let changes = caller.tenant.email_submissions().changes(account.id, since, newest, max).await?;
    Ok(answer(&ask.answer(changes)?))
}

/// `EmailSubmission/set`, and the `Email/set` that follows from it.
pub(super) async fn set(caller: &mut Caller, mut given: Object) -> Result<Answers, MethodError> {
    let on_update: Option<BTreeMap<String, Object>> = take(&mut given, "onSuccessUpdateEmail")?;
    let on_destroy: Option<Vec<String>> = take(&mut given, "onSuccessDestroyEmail")?;
    let set: Set = arguments(given)?;
    let account = caller.account(&set.account_id).await?.to(Need::Change)?.id;
    let own_address = caller.own_address().await?;
    // What asks or makes accounts comes before this one is taken.
    let mut ready = Vec::new();
    for (name, properties) in set.create.iter().flatten() {
        ready.push((name.clone(), prepare(caller, account, properties).await));
    }
    let begun = caller.begin(account, Need::Change).await?;
    let state = begun.account.submission_state;
    set.check(state)?;
    let mut done = Done::new(&set.account_id, state);
    let mut emails = BTreeMap::new();
    for (name, prepared) in ready {
        let result = match prepared {
            Ok(prepared) => hand_in(caller, &begun, prepared, own_address.as_deref()).await,
            Err(fault) => Err(fault),
        };
        if let Ok(submission) = &result {
            caller.created.insert(name.clone(), submission.id.to_string());
            emails.insert(format!("#{name}"), submission.email);
        }
        done.create(&name, result.map(|submission| Value::Object(object_of(&submission))))?;
    }
    for (id, patch) in set.update.unwrap_or_default() {
        let result = take_back(caller, &begun, &id, &patch).await;
        if let Ok(submission) = &result {
            emails.insert(id.clone(), submission.email);
        }
        done.update(&id, result.map(drop))?;
    }
    for id in set.destroy.unwrap_or_default() {
        done.destroy(&id, Err(SetError::forbidden("what was sent stays known").into()))?;
    }
    done.new_state = if done.anything() {
        let number = begun.change.number;
        begun.commit(&[MailType::EmailSubmission], &Deed::of("EmailSubmission/set", &done)).await?;
        caller.mail.bell.ring();
        number.to_string()
    } else {
        done.old_state.clone()
    };
    let mut answers = vec![("EmailSubmission/set".to_owned(), answer(&done))];
    let email_of = |id: &String| emails.get(id).map(ToString::to_string);
    let update: BTreeMap<_, _> =
        on_update.iter().flatten().filter_map(|(id, patch)| Some((email_of(id)?, patch.clone()))).collect();
    let destroy: Vec<_> = on_destroy.iter().flatten().filter_map(email_of).collect();
    if !(update.is_empty() && destroy.is_empty()) {
        let follows = Set {
            account_id: done.account_id,
            if_in_state: None,
            create: None,
            update: Some(update),
            destroy: Some(destroy),
        };
        answers.push(("Email/set".to_owned(), email::set::set(caller, follows).await?));
    }
    Ok(answers)
}

fn take<T: serde::de::DeserializeOwned>(given: &mut Object, name: &str) -> Result<Option<T>, MethodError> {
    let value = given.remove(name).unwrap_or(Value::Null);
    serde_json::from_value(value).map_err(|error| MethodError::invalid_arguments(format!("{name}: {error}")))
}

/// A message that is ready to be handed in.
struct Prepared {
    identity: MailIdentityRecord,
    email: EmailRecord,
    sent: Vec<u8>,
    mail_from: String,
    recipients: Vec<Recipient>,
    hold: Duration,
}

async fn prepare(
    caller: &Caller,
    account: fernamt_domain::MailAccountId,
    properties: &Object,
) -> Result<Prepared, Fault> {
    let known = ["identityId", "emailId", "envelope"];
    if let Some(unknown) = properties.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(SetError::invalid(&[unknown], "it cannot be set").into());
    }
    let id_of = |name: &str| properties.get(name).and_then(Value::as_str).unwrap_or_default();
    let identity: Option<MailIdentityId> = id::read(id_of("identityId"), &caller.created);
    let identities = caller.tenant.mail_identities().of_account(account).await?;
    let identity = identities.into_iter().find(|one| Some(one.id) == identity);
    let identity = identity.ok_or_else(|| SetError::invalid(&["identityId"], "there is no such sender"))?;
    let email: Option<EmailId> = id::read(id_of("emailId"), &caller.created);
    let email = caller.tenant.emails().these(account, email.as_slice()).await?.into_iter().next();
    let email = email.ok_or_else(|| SetError::invalid(&["emailId"], "there is no such message"))?;
    let raw = caller.tenant.mail_blobs().get(account, &email.print).await?.unwrap_or_default();

    let envelope = properties.get("envelope").filter(|envelope| !envelope.is_null());
    let (mail_from, hold, receivers) = match envelope {
        None => (identity.address.clone(), Duration::ZERO, addresses(&email, &["to", "cc", "bcc"])),
        Some(envelope) => {
            let from = envelope["mailFrom"]["email"].as_str().unwrap_or_default();
            if !from.eq_ignore_ascii_case(&identity.address) {
                return Err(SetError::new("forbiddenMailFrom", "this sender has another address").into());
            }
            let list = envelope["rcptTo"].as_array().map(Vec::as_slice).unwrap_or_default();
            let receivers = list.iter().filter_map(|one| one["email"].as_str().map(str::to_owned)).collect();
            (identity.address.clone(), hold_of(&envelope["mailFrom"]["parameters"])?, receivers)
        }
    };
    if !names_one_author(&raw) {
        return Err(SetError::new("forbiddenFrom", "it needs one field From and at most one Sender").into());
    }
    let recipients = recipients(caller, receivers).await?;
    Ok(Prepared { identity, sent: without_bcc(&raw), email, mail_from, recipients, hold })
}

/// Whether a message names its authors in one field, and who sent it in one at most (RFC 5322, section 3.6), and none of them
/// beyond what we read: of two fields one program shows the first, and another the last.
fn names_one_author(raw: &[u8]) -> bool {
    let Some(message) = envelope::head(raw) else { return false };
    let fields = |name| message.headers().iter().filter(|field| field.name == name).count();
    let authors = message.from().map_or(0, |list| list.iter().count());
    fields(HeaderName::From) == 1 && fields(HeaderName::Sender) <= 1 && authors <= MAX_ADDRESSES
}

/// Refuses a message that names others as its senders than whoever sends it may. Who sends on behalf alone names
/// themselves as the one who sends it (RFC 5322, section 3.6.2).
fn check_senders(
    access: Access,
    identity: &MailIdentityRecord,
    email: &EmailRecord,
    own_address: Option<&str>,
) -> Result<(), SetError> {
    if !access.rights.may_send() {
        return Err(SetError::new("forbiddenToSend", "you may not send from this account"));
    }
    let (from, sender) = (addresses(email, &["from"]), addresses(email, &["sender"]));
    let is_mailbox = |address: &String| address.eq_ignore_ascii_case(&identity.address);
    let is_own = |address: &String| own_address.is_some_and(|own| address.eq_ignore_ascii_case(own));
    let refused = |why: &str| Err(SetError::new("forbiddenFrom", why));
    if from.is_empty() || !from.iter().all(is_mailbox) {
        return refused("the message is not from this sender");
    }
    if access.names_sender() {
        let named = matches!(&sender[..], [one] if is_own(one));
        return if named { Ok(()) } else { refused("the field Sender has to hold your own address, and no other") };
    }
    if sender.iter().all(|one| is_mailbox(one) || is_own(one)) {
        Ok(())
    } else {
        refused("the field Sender holds an address of somebody else")
    }
}

/// For how long a message is held back (RFC 4865, `HOLDFOR`).
fn hold_of(parameters: &Value) -> Result<Duration, SetError> {
    let fault = |why: String| SetError::invalid(&["envelope"], why);
    let Some(parameters) = parameters.as_object() else { return Ok(Duration::ZERO) };
    match parameters.iter().find(|(name, _)| !name.eq_ignore_ascii_case("HOLDFOR")) {
        Some((other, _)) => Err(fault(format!("the parameter {other} is not known here"))),
        None => parameters.values().next().map_or(Ok(Duration::ZERO), |value| {
            let seconds = value.as_str().and_then(|text| text.parse::<u64>().ok());
            match seconds.filter(|seconds| *seconds <= MAX_DELAYED_SEND_S) {
                Some(seconds) => Ok(Duration::seconds(i64::try_from(seconds).unwrap_or_default())),
                None => Err(fault(format!("a message is held back for at most {MAX_DELAYED_SEND_S} seconds"))),
            }
        }),
    }
}

/// The receivers, with the accounts of those in the house. Each receiver is named that cannot be reached.
async fn recipients(caller: &Caller, mut addresses: Vec<String>) -> Result<Vec<Recipient>, Fault> {
    addresses.sort_by_key(|address| address.to_lowercase());
    addresses.dedup_by_key(|address| address.to_lowercase());
    if addresses.is_empty() {
        return Err(SetError::new("noRecipients", "nobody is to receive it").into());
    }
    if addresses.len() > MAX_RECIPIENTS {
        let error = SetError::new("tooManyRecipients", format!("at most {MAX_RECIPIENTS} receivers"));
        return Err(error.with("maxRecipients", json!(MAX_RECIPIENTS)).into());
    }
    let own_domain = format!("@{}", caller.mail.domain(&caller.tenant).await?);
    // Lists and people without an account here are known to the mail server alone.
    let knows_all = caller.mail.server_of(&caller.tenant).await?.is_none();
    let (mut recipients, mut unknown) = (Vec::new(), Vec::new());
    for address in addresses {
        let lower = address.to_lowercase();
        let known = if is_address(&address) { caller.mail.receiver(&caller.tenant, &lower).await? } else { None };
        match known {
            Some(account) => recipients.push(Recipient::new(lower, Some(account.id))),
            // Who is not known here is nobody's to look for outside.
            None if caller.mail.way_out.is_open()
                && is_address(&address)
                && !(knows_all && lower.ends_with(&own_domain)) =>
            {
                recipients.push(Recipient::new(address, None));
            }
            None => unknown.push(lower),
        }
    }
    if !unknown.is_empty() {
        let error = SetError::new("invalidRecipients", "these addresses are not reached from here");
        return Err(error.with("invalidRecipients", json!(unknown)).into());
    }
    Ok(recipients)
}

async fn hand_in(
    caller: &Caller,
    begun: &Begun,
    prepared: Prepared,
    own_address: Option<&str>,
) -> Result<EmailSubmissionRecord, Fault> {
    check_senders(begun.access, &prepared.identity, &prepared.email, own_address)?;
    let parts = &caller.mail.parts;
    let now = parts.clock.now();
    let print = print_of(&prepared.sent);
    begun.work.mail_blobs().put(&print, &prepared.sent).await?;
    let held = prepared.hold > Duration::ZERO;
    let submission = EmailSubmissionRecord {
        id: EmailSubmissionId::new(&*parts.clock, &*parts.rng),
        account: begun.account.id,
        identity: prepared.identity.id,
        email: prepared.email.id,
        thread: prepared.email.thread,
        print,
        mail_from: prepared.mail_from,
        recipients: serde_json::to_value(&prepared.recipients).unwrap_or_default(),
        send_at: now + prepared.hold,
        undo_status: if held { UndoStatus::Pending } else { UndoStatus::Final },
        at: now,
        next_at: Some(now + prepared.hold),
        attempts: 0,
        created_in: begun.change.number,
        changed_in: begun.change.number,
    };
    begun.work.email_submissions().insert(&submission).await?;
    Ok(submission)
}

async fn take_back(caller: &Caller, begun: &Begun, id: &str, patch: &Object) -> Result<EmailSubmissionRecord, Fault> {
    if !begun.access.rights.may_send() {
        return Err(SetError::forbidden("you may not send from this account").into());
    }
    let id: Option<EmailSubmissionId> = id::read(id, &caller.created);
    let found = begun.work.email_submissions().these(begun.account.id, id.as_slice()).await?;
    let submission = found.into_iter().next().ok_or_else(SetError::not_found)?;
    if let Some(other) = patch.keys().find(|name| *name != "undoStatus") {
        return Err(SetError::invalid(&[other], "it cannot be changed").into());
    }
    if patch.get("undoStatus") != Some(&json!("canceled")) {
        return Err(SetError::invalid(&["undoStatus"], "it can only be taken back").into());
    }
    if submission.undo_status != UndoStatus::Pending {
        return Err(SetError::new("cannotUnsend", "it is on its way").into());
    }
    let submission = EmailSubmissionRecord {
        undo_status: UndoStatus::Canceled,
        next_at: None,
        changed_in: begun.change.number,
        ..submission
    };
    begun.work.email_submissions().replace(&submission).await?;
    Ok(submission)
}

/// The addresses in these fields of a message.
fn addresses(email: &EmailRecord, fields: &[&str]) -> Vec<String> {
    let lists = fields.iter().filter_map(|field| email.envelope.get(*field).and_then(Value::as_array));
    lists.flatten().filter_map(|one| one["email"].as_str().map(str::to_owned)).collect()
}

fn object_of(submission: &EmailSubmissionRecord) -> Object {
    let recipients: Vec<Recipient> = serde_json::from_value(submission.recipients.clone()).unwrap_or_default();
    // What is through was delivered, refused, taken back, or waited when a backup was made that was restored since.
    let stopped = submission.next_at.is_none() && submission.undo_status == UndoStatus::Final;
    let status: Object = recipients
        .iter()
        .map(|recipient| {
            let (reply, delivered) = recipient.status(stopped);
            let status = json!({ "smtpReply": reply, "delivered": delivered, "displayed": "unknown" });
            (recipient.address.clone(), status)
        })
        .collect();
    let receivers: Vec<_> = recipients.iter().map(|one| json!({ "email": one.address, "parameters": null })).collect();
    let value = json!({
        "id": submission.id,
        "identityId": submission.identity,
        "emailId": submission.email,
        "threadId": submission.thread,
        "envelope": {
            "mailFrom": { "email": submission.mail_from, "parameters": null },
            "rcptTo": receivers,
        },
        "sendAt": submission.send_at.replace_nanosecond(0).unwrap_or(submission.send_at).format(&Rfc3339).ok(),
        "undoStatus": submission.undo_status,
        "deliveryStatus": status,
        "dsnBlobIds": [],
        "mdnBlobIds": [],
    });
    value.as_object().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_is_named_once() {
        let to = "To: ben@amt.example\r\nSubject: x\r\n\r\nHallo\r\n";
        let names = |fields: &str| names_one_author(format!("{fields}{to}").as_bytes());
        assert!(names("From: a@x\r\n") && names("From: a@x, b@x\r\nSender: b@x\r\n"));
        assert!(!names("") && !names("Sender: a@x\r\n"));
        assert!(!names("From: a@x\r\nFrom: b@x\r\n") && !names("From: a@x\r\nfrom : b@x\r\n"));
        assert!(!names("From: a@x\r\nSender: a@x\r\nSENDER: b@x\r\n"));
        let many = vec!["a@x"; MAX_ADDRESSES].join(", ");
        assert!(names(&format!("From: {many}\r\n")) && !names(&format!("From: {many}, b@x\r\n")));
        assert!(!names_one_author(b""));
    }
}
