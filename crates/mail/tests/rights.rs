//! Every set of rights against every act: what is done, and how the rest is refused. The table is written by hand.

use std::collections::BTreeSet;

use fernamt_domain::mail::MailRight::{self, Manage, Read, SendAs, SendOnBehalf, Write};
use serde_json::{Value, json};

use crate::{house::House, rights_place::Place};

/// The sets of rights, one a column of the table. Each right brings reading along.
const SETS: [&[MailRight]; 17] = [
    &[],
    &[Read],
    &[Write],
    &[SendOnBehalf],
    &[SendAs],
    &[Manage],
    &[Write, SendOnBehalf],
    &[Write, SendAs],
    &[Write, Manage],
    &[SendOnBehalf, SendAs],
    &[SendOnBehalf, Manage],
    &[SendAs, Manage],
    &[Write, SendOnBehalf, SendAs],
    &[Write, SendOnBehalf, Manage],
    &[Write, SendAs, Manage],
    &[SendOnBehalf, SendAs, Manage],
    &[Write, SendOnBehalf, SendAs, Manage],
];

/// What becomes of acts of one sort, a letter for each set: `+` it is done; `0` there is no such account, or `f` none to
/// copy from; `R` it is read only; `N` it does not know this; `-` the object is forbidden; `S` forbidden to send; `F`
/// forbidden sender; `X` refused by HTTP. The columns: none, then one right (read, Write, on Behalf, as Self, Manage), then
/// two (WB WS WM BS BM SM), then more (WBS WBM WSM BSM, all).
mod expected {
    pub(super) const READ: &str = "0+++++ ++++++ +++++";
    pub(super) const COPY_FROM: &str = "f+++++ ++++++ +++++";
    pub(super) const WRITE: &str = "0R+--R +++--- +++-+";
    pub(super) const DRAFT: &str = "0R+++R ++++++ +++++";
    pub(super) const UPLOAD: &str = "0X+++X ++++++ +++++";
    pub(super) const SENDERS: &str = "0NN+++ ++++++ +++++";
    pub(super) const SET_SENDERS: &str = "0R---+ --+-++ -++++";
    pub(super) const SENT: &str = "0NN++N ++N+++ +++++";
    pub(super) const ABSENCE: &str = "0NNNN+ NN+N++ N++++";
    pub(super) const SET_ABSENCE: &str = "0RNNN+ NN+N++ N++++";
    pub(super) const SEND_AS: &str = "0RSF+R F+S+F+ +F+++";
    pub(super) const SEND_NAMED: &str = "0RS++R ++S+++ +++++";
    pub(super) const SEND_FALSE: &str = "0RSFFR FFSFFF FFFFF";
    pub(super) const TAKE_BACK: &str = "0R-++R ++-+++ +++++";
    pub(super) const SHARE: &str = "0XXXX+ XX+X++ X++++";
}

/// An act by JMAP: what it is, what becomes of it, the method, and its arguments.
type Act = (&'static str, &'static str, &'static str, fn(&mut Place) -> Value);

const ACTS: &[Act] = &[
    ("list folders", expected::READ, "Mailbox/get", |_| json!({})),
    ("look for folders", expected::READ, "Mailbox/query", |_| json!({})),
    ("changes of folders", expected::READ, "Mailbox/changes", |_| json!({ "sinceState": "0" })),
    ("changes of lists of folders", expected::READ, "Mailbox/queryChanges", |_| json!({ "sinceQueryState": "0" })),
    ("read a message", expected::READ, "Email/get", |p| json!({ "ids": [p.letters[0]] })),
    ("look for messages", expected::READ, "Email/query", |_| json!({ "filter": { "text": "haushalt" } })),
    ("open a folder", expected::READ, "Email/query", |p| json!({ "filter": { "inMailbox": p.folders["inbox"] } })),
    ("changes of messages", expected::READ, "Email/changes", |_| json!({ "sinceState": "0" })),
    ("changes of lists", expected::READ, "Email/queryChanges", |_| json!({ "sinceQueryState": "0" })),
    ("read what is attached", expected::READ, "Email/parse", |p| json!({ "blobIds": [p.blob] })),
    (
        "why it was found",
        expected::READ,
        "SearchSnippet/get",
        |p| json!({ "emailIds": [p.letters[0]], "filter": { "text": "haushalt" } }),
    ),
    ("read a thread", expected::READ, "Thread/get", |p| json!({ "ids": [p.thread] })),
    ("changes of threads", expected::READ, "Thread/changes", |_| json!({ "sinceState": "0" })),
    ("who works on it", expected::READ, "ThreadWork/get", |p| json!({ "ids": [p.thread] })),
    ("changes of that", expected::READ, "ThreadWork/changes", |_| json!({ "sinceState": "0" })),
    ("who may work here", expected::READ, "Principal/query", |_| json!({})),
    ("their names", expected::READ, "Principal/get", |_| json!({})),
    ("copy a message home", expected::COPY_FROM, "Email/copy", |p| {
        let create = json!({ "c": { "id": p.letters[0], "mailboxIds": { &p.own_drafts: true } } });
        json!({ "fromAccountId": p.account, "accountId": p.own, "create": create })
    }),
    (
        "copy bytes home",
        expected::COPY_FROM,
        "Blob/copy",
        |p| json!({ "fromAccountId": p.account, "accountId": p.own, "blobIds": [p.blob] }),
    ),
    ("take a thread", expected::WRITE, "ThreadWork/set", |p| {
        Place::patch(p.thread.clone(), &json!({ "note": "Ich rufe an." }))
    }),
    ("mark as read", expected::WRITE, "Email/set", |p| {
        Place::patch(p.letters.pop().unwrap(), &json!({ "keywords/$seen": true }))
    }),
    ("flag", expected::WRITE, "Email/set", |p| {
        Place::patch(p.letters.pop().unwrap(), &json!({ "keywords/$flagged": true }))
    }),
    ("flag what was sent", expected::WRITE, "Email/set", |p| {
        Place::patch(p.sent.pop().unwrap(), &json!({ "keywords/$flagged": true }))
    }),
    ("file", expected::WRITE, "Email/set", |p| {
        let id = p.letters.pop().unwrap();
        p.moved(id, "inbox", "archive")
    }),
    ("file among drafts", expected::WRITE, "Email/set", |p| {
        let id = p.letters.pop().unwrap();
        p.moved(id, "inbox", "drafts")
    }),
    ("file among what was sent too", expected::WRITE, "Email/set", |p| {
        let sent = format!("mailboxIds/{}", p.folders["sent"]);
        Place::patch(p.letters.pop().unwrap(), &json!({ sent: true }))
    }),
    ("file what was sent", expected::WRITE, "Email/set", |p| {
        let id = p.sent.pop().unwrap();
        p.moved(id, "sent", "trash")
    }),
    ("file a draft into the inbox", expected::WRITE, "Email/set", |p| {
        let id = p.drafts.pop().unwrap();
        p.moved(id, "drafts", "inbox")
    }),
    ("destroy", expected::WRITE, "Email/set", |p| json!({ "destroy": [p.letters.pop()] })),
    ("destroy what was sent", expected::WRITE, "Email/set", |p| json!({ "destroy": [p.sent.pop()] })),
    ("write into the inbox", expected::WRITE, "Email/set", |p| p.new_in("inbox")),
    ("write into what was sent", expected::WRITE, "Email/set", |p| p.new_in("sent")),
    (
        "take a message in",
        expected::WRITE,
        "Email/import",
        |p| json!({ "emails": { "i": { "blobId": p.blob, "mailboxIds": { &p.folders["inbox"]: true } } } }),
    ),
    (
        "take a draft in",
        expected::WRITE,
        "Email/import",
        |p| json!({ "emails": { "i": { "blobId": p.blob, "mailboxIds": { &p.folders["drafts"]: true } } } }),
    ),
    ("copy a message here", expected::WRITE, "Email/copy", |p| {
        let create = json!({ "c": { "id": p.own_email, "mailboxIds": { &p.folders["drafts"]: true } } });
        json!({ "fromAccountId": p.own, "accountId": p.account, "create": create })
    }),
    ("make a folder", expected::WRITE, "Mailbox/set", |_| json!({ "create": { "f": { "name": "Neu" } } })),
    ("rename a folder", expected::WRITE, "Mailbox/set", |p| {
        Place::patch(p.made_folders[0].clone(), &json!({ "name": "Anders" }))
    }),
    ("destroy a folder", expected::WRITE, "Mailbox/set", |p| json!({ "destroy": [p.made_folders.pop()] })),
    (
        "copy bytes here",
        expected::DRAFT,
        "Blob/copy",
        |p| json!({ "fromAccountId": p.own, "accountId": p.account, "blobIds": [p.own_blob] }),
    ),
    ("write a draft", expected::DRAFT, "Email/set", |p| p.new_in("drafts")),
    ("mark a draft", expected::DRAFT, "Email/set", |p| {
        Place::patch(p.drafts.pop().unwrap(), &json!({ "keywords/$seen": true, "keywords/$draft": true }))
    }),
    ("destroy a draft", expected::DRAFT, "Email/set", |p| json!({ "destroy": [p.drafts.pop()] })),
    ("file a draft that was sent", expected::DRAFT, "Email/set", |p| {
        let id = p.drafts.pop().unwrap();
        p.moved(id, "drafts", "sent")
    }),
    ("list senders", expected::SENDERS, "Identity/get", |_| json!({})),
    ("changes of senders", expected::SENDERS, "Identity/changes", |_| json!({ "sinceState": "0" })),
    ("change a sender", expected::SET_SENDERS, "Identity/set", |p| {
        Place::patch(p.identity.clone(), &json!({ "textSignature": "Gruß" }))
    }),
    ("list what is on its way", expected::SENT, "EmailSubmission/get", |_| json!({})),
    ("changes of that", expected::SENT, "EmailSubmission/changes", |_| json!({ "sinceState": "0" })),
    ("look for what is on its way", expected::SENT, "EmailSubmission/query", |_| json!({})),
    ("changes of such lists", expected::SENT, "EmailSubmission/queryChanges", |_| json!({ "sinceQueryState": "0" })),
    ("send as the mailbox", expected::SEND_AS, "EmailSubmission/set", |p| p.sends(&p.plain)),
    ("send and say who", expected::SEND_NAMED, "EmailSubmission/set", |p| p.sends(&p.named)),
    ("send and say somebody else", expected::SEND_FALSE, "EmailSubmission/set", |p| p.sends(&p.named_falsely)),
    ("send as somebody else", expected::SEND_FALSE, "EmailSubmission/set", |p| p.sends(&p.from_others)),
    ("take back", expected::TAKE_BACK, "EmailSubmission/set", |p| {
        Place::patch(p.waiting.clone(), &json!({ "undoStatus": "canceled" }))
    }),
    ("is somebody away", expected::ABSENCE, "VacationResponse/get", |_| json!({})),
    ("be away", expected::SET_ABSENCE, "VacationResponse/set", |_| {
        Place::patch("singleton".into(), &json!({ "isEnabled": true }))
    }),
];

/// What became of a call, as a letter of the table.
fn letter(name: &str, answer: &Value) -> char {
    let of_error = |error: &Value| match error["type"].as_str().unwrap_or_default() {
        "accountNotFound" => '0',
        "fromAccountNotFound" => 'f',
        "accountReadOnly" => 'R',
        "accountNotSupportedByMethod" => 'N',
        "forbidden" => '-',
        "forbiddenToSend" => 'S',
        "forbiddenFrom" => 'F',
        _ => '?',
    };
    if name == "error" {
        return of_error(answer);
    }
    let refused = ["notCreated", "notUpdated", "notDestroyed", "notCopied"];
    let refused = refused.iter().filter_map(|list| answer[list].as_object()).flat_map(serde_json::Map::values).next();
    refused.map_or('+', of_error)
}

fn by_http(status: u16) -> char {
    match status {
        200..300 => '+',
        403 => 'X',
        404 => '0',
        _ => '?',
    }
}

fn column(row: &str, number: usize) -> char {
    let row: Vec<_> = row.chars().filter(|letter| *letter != ' ').collect();
    assert_eq!(row.len(), SETS.len(), "a row has a letter for each set");
    row[number]
}

#[tokio::test]
async fn every_right_opens_what_it_says_and_nothing_else() {
    let house = House::new().await;
    let (keeper, ada, eva) = (house.person("keeper").await, house.person("ada").await, house.person("eva").await);
    let mut wrong = Vec::new();
    for (number, rights) in SETS.iter().enumerate() {
        let mut place = Place::new(&house, &keeper, &ada, number).await;
        let office = place.id;
        if !rights.is_empty() {
            house.grant(office, &ada, rights).await;
            // That it is opened is written down once, and not counted below.
            ada.call("Mailbox/get", json!({ "accountId": place.account })).await;
        }
        let known = async || (house.tenant.mail_accounts().get(office).await.unwrap(), entries(&house).await);
        for (act, row, method, arguments) in ACTS {
            let mut arguments = arguments(&mut place);
            arguments.as_object_mut().unwrap().entry("accountId").or_insert_with(|| place.account.clone().into());
            let before = known().await;
            let (name, answer) = ada.calls(json!([[method, arguments, "c"]])).await.remove(0);
            let (found, expected, after) = (letter(&name, &answer), column(row, number), known().await);
            if found != expected {
                wrong.push(format!("{rights:?}: {act} is {found} and not {expected}: {answer}"));
            }
            let changed = before.0 != after.0;
            assert!(!changed || found == '+', "{rights:?}: {act} is refused and done: {answer}");
            assert_eq!(
                after.1 - before.1,
                u64::from(changed),
                "{rights:?}: {act} is written down where it changes something"
            );
        }
        let path = format!("/jmap/upload/{}", place.account);
        let upload = ada.request("POST", &path, "text/plain", format!("x{number}").into_bytes()).await;
        let path = format!("/jmap/download/{}/{}/x", place.account, place.blob);
        let download = ada.request("GET", &path, "", Vec::new()).await;
        let delegates = format!("/api/v1/mail/accounts/{}/delegates", place.account);
        let list = ada.request("GET", &delegates, "", Vec::new()).await;
        let one = format!("{delegates}/{}", eva.person);
        let body = json!({ "rights": ["read"] }).to_string().into_bytes();
        let grant = ada.request("PUT", &one, "application/json", body).await;
        let revoke = ada.request("DELETE", &one, "", Vec::new()).await;
        for (act, row, reply) in [
            ("upload", expected::UPLOAD, upload),
            ("download", expected::READ, download),
            ("who may", expected::SHARE, list),
            ("share", expected::SHARE, grant),
            ("stop sharing", expected::SHARE, revoke),
        ] {
            let (found, expected) = (by_http(reply.status), column(row, number));
            if found != expected {
                wrong.push(format!("{rights:?}: {act} is {found} and not {expected}: {}", reply.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n", wrong.join("\n"));
}

async fn entries(house: &House) -> u64 {
    house.tenant.audit().end().await.unwrap().sequence
}

#[test]
fn the_table_knows_every_method() {
    let tried: BTreeSet<_> = ACTS.iter().map(|(_, _, method, _)| *method).collect();
    // It opens no account.
    let all: BTreeSet<_> = fernamt_mail::METHODS.iter().copied().filter(|method| *method != "Core/echo").collect();
    assert_eq!(tried, all);
}
