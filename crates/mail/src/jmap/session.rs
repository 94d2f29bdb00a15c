//! The session resource (RFC 8620, section 2): what this server can do, and which accounts are open to somebody.

use fernamt_domain::{PersonId, feature::Feature, mail::MailRight};
use serde_json::{Value, json};

use super::{
    ABSENCE, CORE, DELEGATION, DELIVERY, MAIL, OWNER, Object, PICTURES, PRINCIPALS, SUBMISSION, THREAD_WORK, VACATION,
    WEBSOCKET, limits,
};
use crate::{
    account::{OpenAccount, OpenAccounts},
    delegation::Kind,
};

/// The most bytes of a message's attachments together.
const MAX_SIZE_ATTACHMENTS: usize = 35_000_000;

/// For how long a message may be held back, in seconds: what "undo" needs, and no more.
pub(crate) const MAX_DELAYED_SEND_S: u64 = 300;

/// The resource. Addresses are relative to the origin, which is the same for all.
pub(crate) fn resource(name: &str, person: PersonId, accounts: &OpenAccounts, origin: &str) -> Value {
    let open: Object =
        accounts.iter().map(|account| (account.to_read().id.to_string(), described(account, person))).collect();
    let primary = accounts.iter().find(|account| account.access().kind == Kind::Own);
    let primary = primary.map(|account| account.to_read().id.to_string());
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
            PRINCIPALS: {},
            OWNER: {},
            DELEGATION: {},
            THREAD_WORK: {},
            ABSENCE: {},
            DELIVERY: {},
            WEBSOCKET: { "url": format!("{}/jmap/ws", origin.replacen("http", "ws", 1)), "supportsPush": true },
        },
        "accounts": open,
        "primaryAccounts": match primary {
            Some(id) => json!({ CORE: id, MAIL: id, SUBMISSION: id, VACATION: id, PRINCIPALS: id }),
            None => json!({}),
        },
        "username": name,
        "apiUrl": format!("{origin}/jmap/api"),
        "downloadUrl": format!("{origin}/jmap/download/{{accountId}}/{{blobId}}/{{name}}?type={{type}}"),
        "uploadUrl": format!("{origin}/jmap/upload/{{accountId}}"),
        "eventSourceUrl": format!("{origin}/jmap/eventsource?types={{types}}&closeafter={{closeafter}}&ping={{ping}}"),
    });
    let pictures = accounts.pictures();
    if pictures.enabled {
        resource["capabilities"][PICTURES] = json!({ "unencrypted": pictures.unencrypted });
    }
    resource["state"] = state(accounts).into();
    resource
}

/// One account, as somebody may use it.
fn described(account: &OpenAccount, person: PersonId) -> Value {
    let (record, access) = (account.to_read(), account.access());
    let shares = access.has(MailRight::Manage) && account.offers(Feature::Sharing);
    let mut capabilities = json!({
        CORE: {},
        MAIL: {
            "maxMailboxesPerEmail": null,
            "maxMailboxDepth": crate::methods::mailbox::MAX_DEPTH,
            "maxSizeMailboxName": crate::methods::mailbox::MAX_NAME_BYTES,
            "maxSizeAttachmentsPerEmail": MAX_SIZE_ATTACHMENTS,
            "emailQuerySortOptions": ["receivedAt", "sentAt", "size", "from", "subject"],
            "mayCreateTopLevelMailbox": access.has(MailRight::Write),
        },
        DELEGATION: { "kind": access.kind, "address": record.address, "rights": access.rights, "mayShare": shares },
        THREAD_WORK: {},
    });
    if access.rights.may_send() {
        capabilities[SUBMISSION] =
            json!({ "maxDelayedSend": MAX_DELAYED_SEND_S, "submissionExtensions": { "FUTURERELEASE": [] } });
    }
    if access.rights.may_send() {
        capabilities[DELIVERY] = json!({ "outside": account.leaves_house() });
    }
    if access.has(MailRight::Manage) {
        capabilities[VACATION] = json!({});
        capabilities[ABSENCE] = json!({ "mayEnable": account.offers(Feature::Absence) });
    }
    if access.kind == Kind::Own {
        capabilities[PRINCIPALS] = json!({ "currentUserPrincipalId": person });
    }
    if let Some(owner) = record.owner {
        capabilities[OWNER] = json!({ "accountIdForPrincipal": record.id, "principalId": owner });
    }
    json!({
        "name": record.name,
        "isPersonal": access.kind == Kind::Own,
        "isReadOnly": access.is_read_only(),
        "accountCapabilities": capabilities,
    })
}

/// The state of the resource: it changes with the accounts that are open, their names, what may be done in them, whether
/// it leaves the house, which pictures come in, and with the features that the person has.
pub(crate) fn state(accounts: &OpenAccounts) -> String {
    let describe = |account: &OpenAccount| {
        let (record, access) = (account.to_read(), account.access());
        json!([record.id, record.address, record.name, access.kind, access.rights, account.leaves_house()]).to_string()
    };
    let mut text: Vec<_> = accounts.iter().map(describe).collect();
    let pictures = accounts.pictures();
    text.extend(pictures.enabled.then(|| format!("{PICTURES} {}", pictures.unencrypted)));
    text.extend(accounts.features().missing().map(|feature| format!("without {feature}")));
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.join("\n").as_bytes());
    data_encoding::HEXLOWER.encode(&digest.as_ref()[..8])
}
