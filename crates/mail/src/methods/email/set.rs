//! Writing, marking, moving and destroying messages: `Email/set` (RFC 8621, section 4.6).

use std::collections::{BTreeSet, HashMap};

use fernamt_domain::{
    EmailId, MailAccountId, MailboxId,
    feature::Feature,
    mail::{Keyword, Keywords, MailType},
};
use fernamt_store::{EmailRecord, EmailUpdate};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    delegation::{Deed, Folders, Need},
    delivery::arrival::{self, Arrival},
    jmap::{
        Object,
        error::{Fault, MethodError, SetError},
        id::{self, CreatedIds},
        patch,
        request::answer,
        set::{Done, Set},
    },
    message::{
        blob_id::BlobId,
        compose::{self, Surroundings},
        envelope::KEPT,
        header::HeaderProperty,
    },
    methods::{Begun, Caller},
    routes,
};

/// How many messages are taken out of a folder at once.
const STEP: u64 = 500;

/// What a new message has beside header fields.
const OWN: [&str; 8] =
    ["mailboxIds", "keywords", "receivedAt", "bodyStructure", "bodyValues", "textBody", "htmlBody", "attachments"];

/// `Email/set`.
pub(crate) async fn set(caller: &mut Caller, set: Set) -> Result<Object, MethodError> {
    let opened = caller.account(&set.account_id).await?;
    let (account, attaches_only) = (opened.to(Need::Change)?.id, !opened.offers(Feature::Attachments));
    // Messages are written before the account is taken, since that may take a while.
    let mut drafts = Vec::new();
    for (name, properties) in set.create.iter().flatten() {
        drafts.push((name.clone(), write(caller, account, properties, attaches_only).await));
    }
    let begun = caller.begin(account, Need::Change).await?;
    let state = begun.account.email_state;
    set.check(state)?;
    let mut done = Done::new(&set.account_id, state);
    let folders = begun.folders().await?;
    for (name, draft) in drafts {
        let result = match draft {
            Ok(draft) => put(caller, &begun, &folders, draft).await,
            Err(fault) => Err(fault),
        };
        if let Ok(email) = &result {
            caller.created.insert(name.clone(), email.id.to_string());
        }
        done.create(&name, result.map(|email| created(&email)))?;
    }
    let patches = set.update.unwrap_or_default();
    let changing: Vec<EmailId> = patches.keys().filter_map(|id| id::read(id, &caller.created)).collect();
    let known = Known::read(&begun, &changing).await?;
    for (id, patch) in patches {
        let email = id::read(&id, &caller.created);
        done.update(&id, update(&begun, &known, &folders, email, &patch, &caller.created).await)?;
    }
    let leaving = set.destroy.unwrap_or_default();
    let going: Vec<EmailId> = leaving.iter().filter_map(|id| id::read(id, &caller.created)).collect();
    let known = Known::read(&begun, &going).await?;
    let mut gone = BTreeSet::new();
    for id in leaving {
        let email = id::read::<EmailId>(&id, &caller.created).filter(|id| known.emails.contains_key(id));
        let result = match email.filter(|email| !gone.contains(email)) {
            Some(email) => folders.may_destroy(&known.folders_of(email)).map(|()| email),
            None => Err(SetError::not_found()),
        };
        gone.extend(result.as_ref().ok());
        done.destroy(&id, result.map(drop).map_err(Fault::from))?;
    }
    let gone: Vec<_> = gone.iter().filter_map(|id| known.emails.get(id).cloned()).collect();
    begun.work.emails().destroy(begun.change, &gone).await?;
    let emptied: Vec<_> = gone.iter().flat_map(|email| known.folders_of(email.id)).collect();
    begun.work.mailboxes().counted(begun.change, &emptied).await?;
    done.new_state = if done.anything() {
        let number = begun.change.number;
        let came: &[_] = if done.created.is_empty() { &[] } else { &[MailType::EmailDelivery] };
        let kinds = [&[MailType::Email, MailType::Thread, MailType::Mailbox], came].concat();
        begun.commit(&kinds, &Deed::of("Email/set", &done)).await?;
        number.to_string()
    } else {
        done.old_state.clone()
    };
    Ok(answer(&done))
}

/// What a client learns of a message that it made.
pub(super) fn created(email: &EmailRecord) -> Value {
    json!({
        "id": email.id,
        "blobId": BlobId::from(email.print).to_string(),
        "threadId": email.thread,
        "size": email.size,
    })
}

/// A message that was written and lies nowhere yet.
struct Draft {
    raw: Vec<u8>,
    place: Place,
}

/// Where a message is to lie, and how it is marked.
pub(super) struct Place {
    pub(super) mailboxes: Value,
    pub(super) keywords: Value,
    pub(super) received_at: Option<OffsetDateTime>,
}

impl Place {
    /// Reads it from a new message's properties.
    pub(super) fn read(properties: &Object) -> Result<Self, SetError> {
        let received_at = match properties.get("receivedAt") {
            None | Some(Value::Null) => None,
            Some(value) => {
                let at = value.as_str().and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
                Some(at.ok_or_else(|| SetError::invalid(&["receivedAt"], "it is no moment"))?)
            }
        };
        let get = |name: &str| properties.get(name).cloned().unwrap_or(Value::Null);
        Ok(Self { mailboxes: get("mailboxIds"), keywords: get("keywords"), received_at })
    }

    /// The arrival of a message at this place.
    pub(super) fn arrival<'r>(
        &self,
        raw: &'r [u8],
        folders: &Folders,
        created: &CreatedIds,
        now: OffsetDateTime,
    ) -> Result<Arrival<'r>, SetError> {
        let mailboxes = mailboxes_of(&self.mailboxes, folders, created)?;
        folders.may_create(&mailboxes)?;
        Ok(Arrival {
            raw,
            mailboxes,
            keywords: keywords_of(&self.keywords)?,
            received_at: self.received_at.unwrap_or(now),
        })
    }
}

async fn write(
    caller: &Caller,
    account: MailAccountId,
    properties: &Object,
    attaches_only: bool,
) -> Result<Draft, Fault> {
    let known = |name: &&String| {
        let name = name.as_str();
        OWN.contains(&name) || KEPT.contains(&name) || HeaderProperty::read(name).is_some()
    };
    if let Some(unknown) = properties.keys().find(|name| !known(name)) {
        return Err(SetError::invalid(&[unknown], "it cannot be set").into());
    }
    let mut blobs = HashMap::new();
    let mut missing = Vec::new();
    for blob in compose::blobs_named(properties) {
        match routes::blob(&caller.tenant, account, &blob).await? {
            Some(bytes) => drop(blobs.insert(blob.to_string(), bytes)),
            None => missing.push(blob.to_string()),
        }
    }
    if !missing.is_empty() {
        return Err(SetError::new("blobNotFound", "").with("notFound", json!(missing)).into());
    }
    let parts = &caller.mail.parts;
    let (now, domain) = (parts.clock.now(), caller.mail.domain(&caller.tenant).await?);
    let message_id = format!("{}@{domain}", EmailId::new(&*parts.clock, &*parts.rng));
    let raw = compose::compose(properties, &Surroundings { blobs: &blobs, message_id, now, attaches_only })?;
    if raw.len() > crate::jmap::limits::MAX_SIZE_UPLOAD {
        return Err(SetError::new("tooLarge", "the message is too large").into());
    }
    Ok(Draft { raw, place: Place::read(properties)? })
}

async fn put(caller: &Caller, begun: &Begun, folders: &Folders, draft: Draft) -> Result<EmailRecord, Fault> {
    let now = caller.mail.parts.clock.now();
    let arrival = draft.place.arrival(&draft.raw, folders, &caller.created, now)?;
    Ok(arrival::put(&caller.mail, &begun.work, begun.change, arrival).await?)
}

/// Messages with their folders, read at once.
struct Known {
    emails: HashMap<EmailId, EmailRecord>,
    folders: HashMap<EmailId, BTreeSet<MailboxId>>,
}

impl Known {
    async fn read(begun: &Begun, ids: &[EmailId]) -> Result<Self, MethodError> {
        let emails = begun.work.emails().these(begun.account.id, ids).await?;
        let ids: Vec<_> = emails.iter().map(|email| email.id).collect();
        let folders = begun.work.emails().mailboxes(&ids).await?;
        Ok(Self { emails: emails.into_iter().map(|email| (email.id, email)).collect(), folders })
    }

    fn folders_of(&self, email: EmailId) -> BTreeSet<MailboxId> {
        self.folders.get(&email).cloned().unwrap_or_default()
    }
}

async fn update(
    begun: &Begun,
    known: &Known,
    folders: &Folders,
    id: Option<EmailId>,
    changes: &Object,
    created: &CreatedIds,
) -> Result<(), Fault> {
    let email = id.and_then(|id| known.emails.get(&id)).ok_or_else(SetError::not_found)?;
    let was_in = known.folders_of(email.id);
    if let Some(other) = changes.keys().find(|path| !matches!(path.split('/').next(), Some("keywords" | "mailboxIds")))
    {
        return Err(SetError::invalid(&[other], "a message never changes, only its marks and folders").into());
    }
    let now = json!({
        "keywords": email.keywords.iter().map(|word| (word.to_string(), Value::Bool(true))).collect::<Object>(),
        "mailboxIds": was_in.iter().map(|id| (id.to_string(), Value::Bool(true))).collect::<Object>(),
    });
    let patched = patch::apply(now.as_object().unwrap_or(&Object::new()), changes)?;
    let keywords = keywords_of(&patched["keywords"])?;
    let mailboxes = mailboxes_of(&patched["mailboxIds"], folders, created)?;
    let read = email.keywords.has(Keyword::SEEN) != keywords.has(Keyword::SEEN);
    let others = |keywords: &Keywords| -> Vec<Keyword> {
        keywords.iter().filter(|word| word.as_str() != Keyword::SEEN).cloned().collect()
    };
    folders.may_mark(&was_in, read, others(&email.keywords) != others(&keywords))?;
    folders.may_file(&was_in, &mailboxes)?;
    change(begun, EmailUpdate { email: email.clone(), was_in, keywords, mailboxes }).await?;
    Ok(())
}

/// Writes new marks and folders, and notes which folders' counts changed.
async fn change(begun: &Begun, update: EmailUpdate) -> Result<(), fernamt_store::StoreError> {
    let read = update.email.keywords.has(Keyword::SEEN) != update.keywords.has(Keyword::SEEN);
    let counted: Vec<MailboxId> = if read {
        update.was_in.union(&update.mailboxes).copied().collect()
    } else {
        update.was_in.symmetric_difference(&update.mailboxes).copied().collect()
    };
    begun.work.emails().update(begun.change, &update).await?;
    begun.work.mailboxes().counted(begun.change, &counted).await
}

/// Takes everything out of a folder that is destroyed. Tells whether anything lay in it.
pub(crate) async fn leave(begun: &Begun, mailbox: MailboxId, removes_emails: bool) -> Result<bool, Fault> {
    let mut any = false;
    loop {
        let ids = begun.work.emails().in_mailbox(mailbox, STEP).await?;
        if ids.is_empty() {
            return Ok(any);
        }
        if !removes_emails {
            return Err(SetError::new("mailboxHasEmail", "messages lie in it").into());
        }
        any = true;
        let known = Known::read(begun, &ids).await.map_err(Fault::Method)?;
        let mut gone = Vec::new();
        for email in known.emails.values() {
            let was_in = known.folders_of(email.id);
            let mut mailboxes = was_in.clone();
            mailboxes.remove(&mailbox);
            if mailboxes.is_empty() {
                gone.push(email.clone());
            } else {
                let keywords = email.keywords.clone();
                change(begun, EmailUpdate { email: email.clone(), was_in, keywords, mailboxes }).await?;
            }
        }
        begun.work.emails().destroy(begun.change, &gone).await?;
    }
}

fn mailboxes_of(value: &Value, folders: &Folders, created: &CreatedIds) -> Result<BTreeSet<MailboxId>, SetError> {
    let fault = |why: &str| SetError::invalid(&["mailboxIds"], why);
    let object = value.as_object().filter(|object| !object.is_empty());
    let object = object.ok_or_else(|| fault("a message lies in at least one folder"))?;
    object
        .iter()
        .map(|(text, on)| {
            if *on != true {
                return Err(fault(&format!("{text} is true, or not there")));
            }
            let id = id::read(text, created).filter(|id| folders.has(*id));
            id.ok_or_else(|| fault(&format!("there is no folder {text}")))
        })
        .collect()
}

fn keywords_of(value: &Value) -> Result<Keywords, SetError> {
    let fault = |why: String| SetError::invalid(&["keywords"], why);
    let mut keywords = Keywords::default();
    match value {
        Value::Null => {}
        Value::Object(object) => {
            for (word, on) in object {
                let keyword: Keyword = word.parse().map_err(|error| fault(format!("{error}")))?;
                if *on != true {
                    return Err(fault(format!("{word} is true, or not there")));
                }
                if !keywords.set(keyword, true) {
                    return Err(SetError::new("tooManyKeywords", "a message has too many keywords"));
                }
            }
        }
        _ => return Err(fault("they are an object".to_owned())),
    }
    Ok(keywords)
}
