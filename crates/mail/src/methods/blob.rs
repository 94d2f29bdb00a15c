//! Taking raw bytes from one account into another one: `Blob/copy` (RFC 8620, section 6.3).

use serde::Deserialize;
use serde_json::{Value, json};

use super::Caller;
use crate::{
    delegation::{Need, still_may},
    jmap::{
        Object,
        error::{Fault, MethodError, SetError},
        get,
    },
    message::blob_id::{BlobId, print_of},
    routes::{blob, room_for},
};

/// The arguments.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Copy {
    from_account_id: String,
    account_id: String,
    blob_ids: Vec<String>,
}

pub(super) async fn copy(caller: &Caller, copy: Copy) -> Result<Object, MethodError> {
    let from = caller.account_from(&copy.from_account_id).await?;
    // A part becomes bytes of their own, whose name says no more that they were attached.
    from.opens_attachments()?;
    let from = from.to_read();
    let opened = caller.account(&copy.account_id).await?;
    let account = opened.to(Need::Change)?;
    let (mut copied, mut refused) = (Object::new(), Object::new());
    for id in get::asked(copy.blob_ids)? {
        let bytes = match id.parse::<BlobId>() {
            Ok(id) => blob(&caller.tenant, from.id, &id).await?,
            Err(_) => None,
        };
        let result = match bytes {
            Some(bytes) => put(caller, account.id, &bytes).await,
            None => Err(SetError::new("blobNotFound", "there are no such bytes").into()),
        };
        match result {
            Ok(new) => drop(copied.insert(id, new.to_string().into())),
            Err(Fault::Object(error)) => drop(refused.insert(id, error.to_value())),
            Err(Fault::Method(error)) => return Err(error),
        }
    }
    let or_null = |object: Object| if object.is_empty() { Value::Null } else { object.into() };
    let answer = json!({
        "fromAccountId": copy.from_account_id,
        "accountId": copy.account_id,
        "copied": or_null(copied),
        "notCopied": or_null(refused),
    });
    Ok(answer.as_object().cloned().unwrap_or_default())
}

async fn put(caller: &Caller, account: fernamt_domain::MailAccountId, bytes: &[u8]) -> Result<BlobId, Fault> {
    let print = print_of(bytes);
    let work = caller.tenant.begin().await?;
    still_may(&work, account, &caller.actor, Need::Change).await?;
    if !room_for(work.mail_blobs().uploads(account).await?, bytes.len() as u64) {
        return Err(SetError::new("overQuota", "too many bytes that belong to no message yet").into());
    }
    work.mail_blobs().upload(account, &print, "application/octet-stream", bytes).await?;
    work.commit().await?;
    Ok(print.into())
}
