//! What others may do in a mailbox is what the mail server's lists of rights say, and they say what is granted here.

use std::{collections::BTreeMap, fs, sync::Arc, time::Duration};

use fernamt_domain::{
    DomainEvent,
    event::TenantEvent,
    mail::{
        MailRight::{self, Manage, Read, SendAs, SendOnBehalf, Write},
        MailRights,
    },
};
use fernamt_mail::host::{
    Error, Login, Security, Server, Trust,
    imap::{FolderName, Imap, Kind, UidSet},
};
use fernamt_store::{AuditFilter, MirrorRightsRecord, Notice};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::house::Mirrored;
use crate::{house::Client, push::Listener};

pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// What reading and writing are on each folder, as Cyrus writes it.
pub(super) const READING: &str = "lr";
pub(super) const WRITING: &str = "lrswikxte";

/// The lists of all own folders: of each name its letters, without those that newer servers show for older programs.
const LISTS: &str = r#"
import json, re
def folders():
    names = [re.match(rb'\(.*?\) "/" (.*)', line).group(1).decode() for line in q(m.list())]
    return [name for name in names if not name.startswith('"Other Users')]
def lists():
    out = {}
    for name in folders():
        words = q(m.getacl(name))[0].decode().split()
        out[name] = {who: ''.join(c for c in letters if c not in 'cdn') for who, letters in zip(words[1::2], words[2::2])}
    return out
def everywhere(who, letters):
    for name in folders(): q(m.setacl(name, who, letters) if letters else m.deleteacl(name, who))
"#;

impl Mirrored {
    /// What ada does with another program, for which `everywhere(who, letters)` is `SETACL` on each of her folders.
    pub(super) fn acl(&self, script: &str) -> String {
        self.program(&format!("{LISTS}\n{script}"))
    }

    /// Each folder's list, as ada sees it by `GETACL`.
    pub(super) fn lists(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        serde_json::from_str(&self.acl("print(json.dumps(lists()))")).unwrap()
    }

    /// The letters of a name on each folder are these.
    pub(super) fn has_letters(&self, login: &str, letters: &str) {
        for (folder, list) in self.lists() {
            assert_eq!(list.get(login).map_or("", String::as_str), letters, "{login} on {folder}: {list:?}");
        }
    }

    /// What somebody may do here.
    pub(super) async fn granted(&self, client: &Client) -> Vec<MailRight> {
        let grant = self.house.tenant.mail_grants().get(self.account, client.person).await.unwrap();
        grant.map_or(MailRights::NONE, |grant| grant.rights).iter().collect()
    }

    /// How the audit log tells what the server changed for somebody, the newest first: what, and what it was before.
    pub(super) async fn told_by_server(&self, client: &Client) -> Vec<(Value, Value)> {
        let (action, person) = (Some("mail_rights_by_server".to_owned()), Some(client.person));
        let filter = AuditFilter { action, person, ..AuditFilter::default() };
        let all = self.house.tenant.audit().newest_first(&filter, None, 100).await.unwrap().into_iter();
        all.map(|entry| {
            assert!(entry.facts.actor.is_none() && entry.facts.subject.is_some(), "nobody of ours did it");
            (entry.facts.details["rights"].clone(), entry.facts.details["before"].clone())
        })
        .collect()
    }

    /// What the store remembers of the lists.
    pub(super) async fn remembered(&self) -> Vec<MirrorRightsRecord> {
        self.house.tenant.mail_mirrors().rights(self.account).await.unwrap()
    }

    /// Remembers this of the lists, as if the conversation had broken off.
    pub(super) async fn remember(&self, row: MirrorRightsRecord) {
        let work = self.house.tenant.begin().await.unwrap();
        work.mail_mirrors().put_rights(&row).await.unwrap();
        work.commit().await.unwrap();
    }

    /// Whether anybody but the server's administrator may change a folder's list. An owner's own rights cannot be taken, but
    /// what is denied to all is denied to owners, too.
    pub(super) fn administers(&self, folder: &str, may: bool) {
        let script = if may { "deleteacl(name, '-anyone')" } else { "setacl(name, '-anyone', 'a')" };
        self.cyrus.mail_program("cyrus", &format!("name = 'user/ada{folder}'\nq(m.{script})")).unwrap();
    }

    /// Bob, signed in to the mail server with his own password.
    async fn bob_there(&self) -> Imap {
        let server = Server {
            host: "localhost".to_owned(),
            port: self.cyrus.imap.address().port(),
            security: Security::StartTls,
            trust: Trust::only(&fs::read(self.cyrus.authority_file()).unwrap()).unwrap(),
        };
        let login = Login { user: "bob".to_owned(), password: "Linde-Fluss-28".into(), on_behalf_of: None };
        Imap::connect(&server, &login).await.unwrap()
    }

    /// The letters in ada's inbox that we wrote.
    pub(super) async fn letters(&self) -> Vec<String> {
        let found = self.ada.call("Email/query", json!({ "filter": { "from": "mailer-daemon" } })).await;
        let ask = json!({ "ids": found["ids"], "fetchTextBodyValues": true, "properties": ["bodyValues", "textBody"] });
        let got = self.ada.call("Email/get", ask).await;
        got["list"].as_array().unwrap().iter().map(ToString::to_string).collect()
    }

    /// Whether somebody may open ada's mailbox.
    pub(super) async fn is_open_to(&self, client: &Client) -> bool {
        let got = client.call("Mailbox/get", json!({ "accountId": self.ada.account })).await;
        assert!(got["list"].is_array() || got["type"] == "accountNotFound", "{got}");
        got["list"].is_array()
    }
}

/// The names of ada's folders as bob sees them.
async fn folders_of_ada(bob: &mut Imap) -> Vec<FolderName> {
    let all = bob.folders().await.unwrap().into_iter();
    all.filter(|(folder, _)| folder.kind == Kind::Other).map(|(folder, _)| folder.name).collect()
}

#[tokio::test]
async fn what_somebody_gives_with_another_program_holds_here() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    let (bob, eva) = (one.house.person("bob").await, one.house.person("eva").await);
    one.program("put('INBOX', 'Eins')");
    one.round().await;
    // On one folder alone it is no right in the mailbox.
    one.acl("q(m.setacl('INBOX', 'bob', 'lrs'))\nq(m.setacl('Archive', 'bob', 'lrswikxte'))");
    one.round().await;
    assert!(!one.is_open_to(&bob).await);
    let mut line = Listener::open(&bob, "types=Email", "").await;
    one.acl("everywhere('bob', 'lrs')");
    one.round().await;
    assert_eq!((one.granted(&bob).await, one.is_open_to(&bob).await), (vec![Read], true));
    assert_eq!(line.next().await, None, "the line that began without it ends");
    assert_eq!(one.told_by_server(&bob).await, [(json!(["read"]), json!([]))]);
    one.acl("everywhere('bob', 'lrswikxte')");
    one.round().await;
    assert_eq!(one.granted(&bob).await, [Read, Write]);
    one.round().await;
    assert_eq!(one.told_by_server(&bob).await.len(), 2, "each is told once");
    // Who administers a folder there manages nothing here; and nobody else got anything.
    one.acl(
        "everywhere('bob', 'lrswipkxtea')\n\
         for who in ['anyone', 'group:mail', 'zoe']: everywhere(who, 'lrswipkxte')",
    );
    let before = one.lists();
    one.round().await;
    assert_eq!((one.granted(&bob).await, one.granted(&eva).await), (vec![Read, Write], vec![]));
    assert_eq!(one.house.tenant.mail_grants().of_account(one.account).await.unwrap().len(), 1);
    // What is denied on one folder is denied here.
    one.acl("q(m.setacl('Archive', '-bob', 'r'))");
    one.round().await;
    assert_eq!(one.granted(&bob).await, []);
    let mut after = one.lists();
    after.get_mut("Archive").unwrap().remove("-bob");
    assert_eq!(after, before, "nothing was said to the server");
}

#[tokio::test]
async fn what_somebody_takes_with_another_program_ends_here() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    let bob = one.house.person("bob").await;
    one.house.grant(one.account, &bob, &[Write, SendAs, Manage]).await;
    one.round().await;
    one.has_letters("bob", WRITING);
    // One letter on one folder, and what is left is reading.
    one.acl("q(m.setacl('Junk', 'bob', '-t'))");
    one.round().await;
    assert_eq!(one.granted(&bob).await, [Read, SendAs, Manage]);
    let told = one.told_by_server(&bob).await;
    assert_eq!(told[0].0, json!(["read", "send_as", "manage"]));
    let mut line = Listener::open(&bob, "types=Email", "").await;
    let mut bus = one.house.store.subscribe();
    one.acl("q(m.deleteacl('Trash', 'bob'))");
    one.round().await;
    assert_eq!((one.granted(&bob).await, one.is_open_to(&bob).await), (vec![], false), "nobody sends who may not read");
    assert_eq!(line.next().await, None);
    let ended = DomainEvent::MailRightsChanged { account: one.account, person: bob.person };
    let heard = async {
        while bus.next().await
            != Some(Notice::Event(TenantEvent { tenant: one.house.tenant.id(), event: ended.clone() }))
        {}
    };
    timeout(PATIENCE, heard).await.expect("it is told");
    assert_eq!(one.remembered().await, []);
    one.round().await;
    let lists = one.lists();
    assert_eq!(lists["INBOX"]["bob"], WRITING, "what was left there is the owner's affair");
    assert!(!lists["Trash"].contains_key("bob"));
}

#[tokio::test]
async fn what_is_granted_here_holds_in_the_colleagues_own_mail_program() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    let bob = one.house.person("bob").await;
    one.program("put('INBOX', 'Eins')");
    one.round().await;
    one.acl("everywhere('zoe', 'lrs')\nq(m.setacl('Archive', 'bob', 'lp'))");
    let others = one.lists();
    one.house.grant(one.account, &bob, &[SendOnBehalf]).await;
    one.round().await;
    assert_eq!(one.granted(&bob).await, [Read, SendOnBehalf]);
    let mut there = one.bob_there().await;
    let folders = folders_of_ada(&mut there).await;
    assert_eq!(folders.len(), 6, "{folders:?}");
    let inbox = folders.iter().min_by_key(|folder| folder.as_wire().len()).unwrap().clone();
    there.select(&inbox, true).await.unwrap();
    assert_eq!(there.all_uids().await.unwrap().iter().count(), 1);
    let mark = ["\\Flagged".to_owned()];
    let refused = there.change_flags(&UidSet::one(1), &mark, &[]).await;
    assert!(refused.as_ref().is_err_and(Error::is_refusal), "{refused:?}");
    // More, and what the server knows of others stays as it is.
    one.house.grant(one.account, &bob, &[Write, SendOnBehalf]).await;
    one.round().await;
    let mut lists = one.lists();
    let archive = lists.remove("Archive").unwrap();
    assert_eq!(archive["bob"].len(), WRITING.len() + 1, "and what he had before: {archive:?}");
    assert!(lists.values().all(|list| list["bob"] == WRITING), "{lists:?}");
    let mut there = one.bob_there().await;
    there.select(&inbox, true).await.unwrap();
    there.change_flags(&UidSet::one(1), &mark, &[]).await.unwrap();
    // A folder that is made here is open to him, too, and makes no difference to what he may.
    one.set("Mailbox", json!({ "create": { "f": { "name": "Neu" } } })).await;
    one.round().await;
    one.round().await;
    assert_eq!(one.lists()["Neu"]["bob"], WRITING);
    assert_eq!(one.granted(&bob).await, [Read, Write, SendOnBehalf]);
    let (login, rights) = ("bob".to_owned(), MailRights::from_iter([Write]));
    let known = MirrorRightsRecord { account: one.account, login, rights, least: rights, begun: false, refused: false };
    assert_eq!(one.remembered().await, [known]);
    // Less.
    one.house.grant(one.account, &bob, &[SendOnBehalf]).await;
    one.round().await;
    one.has_letters("bob", READING);
    one.house.revoke(one.account, &bob).await;
    one.round().await;
    one.has_letters("bob", "");
    assert_eq!(folders_of_ada(&mut one.bob_there().await).await, []);
    assert_eq!((one.remembered().await, one.told_by_server(&bob).await), (vec![], vec![]));
    let mut left = one.lists();
    left.remove("Neu");
    for (folder, list) in &others {
        assert_eq!(left[folder].get("zoe"), list.get("zoe"), "{folder}");
        assert_eq!(left[folder].get("anyone"), list.get("anyone"), "{folder}");
    }
}

#[tokio::test]
async fn where_both_sides_change_rights_what_either_took_is_gone() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    let (bob, eva) = (one.house.person("bob").await, one.house.person("eva").await);
    one.round().await;
    one.house.grant(one.account, &bob, &[Read]).await;
    one.acl("everywhere('eva', 'lrswikxte')");
    one.round().await;
    assert_eq!((one.granted(&bob).await, one.granted(&eva).await), (vec![Read], vec![Read, Write]));
    one.has_letters("bob", READING);
    // Taken there while more is given here.
    one.acl("everywhere('bob', '')");
    one.house.grant(one.account, &bob, &[Write]).await;
    one.round().await;
    assert_eq!(one.granted(&bob).await, []);
    one.has_letters("bob", "");
    // Taken here while more is given there.
    one.house.grant(one.account, &bob, &[Read]).await;
    one.round().await;
    one.house.revoke(one.account, &bob).await;
    one.acl("everywhere('bob', 'lrswikxte')");
    one.round().await;
    assert_eq!(one.granted(&bob).await, []);
    one.has_letters("bob", "");
    // Given on both sides: nobody takes anything.
    one.house.grant(one.account, &bob, &[SendAs]).await;
    one.acl("everywhere('bob', 'lrswikxte')");
    one.round().await;
    assert_eq!(one.granted(&bob).await, [Read, Write, SendAs]);
    // Broken off behind a folder that was made here, and before it was opened: what is said here is said on all of them.
    let known = one.remembered().await.remove(0);
    assert_eq!((known.login.as_str(), known.rights, known.least), ("bob", known.least, MailRights::from_iter([Write])));
    one.remember(MirrorRightsRecord { least: MailRights::NONE, begun: true, ..known.clone() }).await;
    one.acl("q(m.create('Neu'))\nq(m.deleteacl('Neu', 'bob'))");
    one.round().await;
    assert_eq!(one.granted(&bob).await, [Read, Write, SendAs]);
    one.has_letters("bob", WRITING);
    assert_eq!(one.remembered().await[0], known);
    // Writing was on its way, and reading was taken there meanwhile.
    one.acl("everywhere('bob', 'lr')\nq(m.setacl('Sent', 'bob', 'lrswikxte'))\nq(m.deleteacl('Archive', 'bob'))");
    one.remember(MirrorRightsRecord { least: MailRights::from_iter([Read]), begun: true, ..known }).await;
    one.round().await;
    assert_eq!(one.granted(&bob).await, []);
    one.has_letters("bob", "");
    one.has_letters("eva", WRITING);
}

#[tokio::test]
async fn what_ends_here_ends_on_folders_too_deep_to_be_shown() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    let bob = one.house.person("bob").await;
    let deep = ["x"; 12].join("/");
    one.acl("for depth in range(12): q(m.create('/'.join(['x'] * (depth + 1))))");
    one.house.grant(one.account, &bob, &[Write]).await;
    one.round().await;
    assert!(one.lists().contains_key(&deep) && !one.here().await.contains_key(&deep));
    one.has_letters("bob", WRITING);
    one.house.revoke(one.account, &bob).await;
    one.round().await;
    one.has_letters("bob", "");
}

#[tokio::test]
async fn a_right_that_ends_in_a_mailbox_that_nobody_uses_ends_on_the_server() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    let bob = one.house.person("bob").await;
    one.house.grant(one.account, &bob, &[Write]).await;
    one.round().await;
    one.has_letters("bob", WRITING);
    // Ended while we were not running, then while we are.
    one.house.revoke(one.account, &bob).await;
    one.house.clock.advance(time::Duration::hours(1));
    let stop = CancellationToken::new();
    let mirrors = tokio::spawn(Arc::clone(&one.house.mail).keep_mirrors(stop.clone()));
    let remembers = async |count: usize| {
        let remembered = async {
            loop {
                let rows = one.remembered().await;
                if rows.len() == count && rows.iter().all(|row| !row.begun) {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, remembered).await.expect("the server is told");
    };
    remembers(0).await;
    one.has_letters("bob", "");
    one.house.clock.advance(time::Duration::hours(1));
    one.house.grant(one.account, &bob, &[Read]).await;
    remembers(1).await;
    one.has_letters("bob", READING);
    // Whoever is removed is taken off the lists before somebody else gets the name.
    one.house.clock.advance(time::Duration::hours(1));
    let mut work = one.house.tenant.begin().await.unwrap();
    work.remove_person(bob.person).await.unwrap();
    work.commit().await.unwrap();
    remembers(0).await;
    one.has_letters("bob", "");
    stop.cancel();
    mirrors.await.unwrap();
}

#[tokio::test]
async fn where_the_server_has_no_lists_rights_are_ours_alone() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start_without_rights())).await;
    let bob = one.house.person("bob").await;
    one.program("put('INBOX', 'Eins')");
    one.house.grant(one.account, &bob, &[Write, SendAs]).await;
    one.round().await;
    assert_eq!((one.granted(&bob).await, one.is_open_to(&bob).await), (vec![Read, Write, SendAs], true));
    assert_eq!((one.remembered().await, one.same().await["INBOX"].len()), (vec![], 1));
    one.house.revoke(one.account, &bob).await;
    one.round().await;
    assert!(!one.is_open_to(&bob).await);
    assert_eq!((one.remembered().await, one.told_by_server(&bob).await, one.letters().await), (vec![], vec![], vec![]));
}
