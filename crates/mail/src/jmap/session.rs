//! The session resource (RFC 8620, section 2): what this server can do, and which accounts are open to somebody.

use serde_json::{Value, json};

use super::{CORE, MAIL, Object, SUBMISSION, VACATION, limits};
use crate::account::OpenAccount;

/// The most bytes of a message's attachments together.
const MAX_SIZE_ATTACHMENTS: usize = 35_000_000;

/// For how long a message may be held back, in seconds: what "undo" needs, and no more.
pub(crate) const MAX_DELAYED_SEND_S: u64 = 300;

/// The resource. Addresses are relative to the origin, which is the same for all.
pub(crate) fn resource(name: &str, accounts: &[OpenAccount], origin: &str) -> Value {
    let mut own = Object::new();
    for account in accounts {
        let id = account.record.id.to_string();
        own.insert(
            id,
            json!({
                "name": account.record.address,
                "isPersonal": account.own,
                "isReadOnly": false,
                "accountCapabilities": {
                    CORE: {},
                    MAIL: {
                        "maxMailboxesPerEmail": null,
                        "maxMailboxDepth": crate::methods::mailbox::MAX_DEPTH,
                        "maxSizeMailboxName": crate::methods::mailbox::MAX_NAME_BYTES,
                        "maxSizeAttachmentsPerEmail": MAX_SIZE_ATTACHMENTS,
                        "emailQuerySortOptions": ["receivedAt", "sentAt", "size", "from", "subject"],
                        "mayCreateTopLevelMailbox": true,
                    },
                    SUBMISSION: { "maxDelayedSend": MAX_DELAYED_SEND_S, "submissionExtensions": { "FUTURERELEASE": [] } },
                    VACATION: {},
                },
            }),
        );
    }
    let primary = accounts.iter().find(|account| account.own).map(|account| account.record.id.to_string());
    let mut resource = json!({
        "capabilities": {
            CORE: {
                "maxSizeUpload": limits::MAX_SIZE_UPLOAD,
                "maxConcurrentUpload": limits::MAX_CONCURRENT_UPLOAD,
                "maxSizeRequest": limits::MAX_SIZE_REQUEST,
                "maxConcurrentRequests": limits::MAX_CONCURRENT_REQUESTS,
                "maxCallsInRequest": limits::MAX_CALLS_IN_REQUEST,
                "maxObjectsInGet": limits::MAX_OBJECTS_IN_GET,
                "maxObjectsInSet": limits::MAX_OBJECTS_IN_SET,
                "collationAlgorithms": [],
            },
            MAIL: {},
            SUBMISSION: {},
            VACATION: {},
        },
        "accounts": own,
        "primaryAccounts": match primary {
            Some(id) => json!({ CORE: id, MAIL: id, SUBMISSION: id, VACATION: id }),
            None => json!({}),
        },
        "username": name,
        "apiUrl": format!("{origin}/jmap/api"),
        "downloadUrl": format!("{origin}/jmap/download/{{accountId}}/{{blobId}}/{{name}}?type={{type}}"),
        "uploadUrl": format!("{origin}/jmap/upload/{{accountId}}"),
        "eventSourceUrl": format!("{origin}/jmap/eventsource?types={{types}}&closeafter={{closeafter}}&ping={{ping}}"),
    });
    resource["state"] = state(accounts).into();
    resource
}

/// The state of the resource: it changes with the accounts that are open.
pub(crate) fn state(accounts: &[OpenAccount]) -> String {
    let text: Vec<_> =
        accounts.iter().map(|account| format!("{}{}", account.record.id, account.record.address)).collect();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.join("\n").as_bytes());
    data_encoding::HEXLOWER.encode(&digest.as_ref()[..8])
}
