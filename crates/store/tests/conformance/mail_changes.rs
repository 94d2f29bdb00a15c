//! What a client that follows the changes of a mail account knows in the end: exactly what is there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

use fernamt_domain::{
    EmailId, MailAccountId, MailboxId, Rng, ThreadId,
    mail::{Keyword, Keywords, MailType},
};
use fernamt_store::{
    Change, Changes, EmailRecord, EmailUpdate, MailboxCounts, MailboxRecord, RetentionConfig, TenantStore, Work,
};
use fernamt_testkit::SeededRng;
use time::Duration;

use super::{Suite, suite};

suite! {
    who_follows_the_changes_knows_what_is_there
    who_knows_a_forgotten_state_reads_everything_anew
}

/// Random numbers.
struct Dice(SeededRng);

impl Dice {
    fn below(&self, end: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        usize::try_from(u64::from_le_bytes(bytes) % end as u64).unwrap()
    }

    fn pick<'a, T>(&self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() { None } else { Some(&from[self.below(from.len())]) }
    }

    fn chance(&self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// What lies in an account, as the test wrote it.
#[derive(Default)]
struct World {
    emails: Vec<(EmailRecord, BTreeSet<MailboxId>)>,
    folders: Vec<MailboxRecord>,
}

/// What a client knows of one kind of object.
struct Known<Id, Value> {
    state: u64,
    all: BTreeMap<Id, Value>,
}

impl<Id: Ord + Copy + Debug, Value> Known<Id, Value> {
    /// Takes a page of changes in. Returns of what the client has to read the new value.
    fn take(&mut self, changes: &Changes<Id>) -> BTreeSet<Id> {
        let mut told = BTreeSet::new();
        for id in changes.created.iter().chain(&changes.updated).chain(&changes.destroyed) {
            assert!(told.insert(*id), "{id:?} is told of twice");
        }
        for id in &changes.created {
            assert!(!self.all.contains_key(id), "{id:?} is new and known");
        }
        for id in &changes.updated {
            assert!(self.all.contains_key(id), "{id:?} is not as it was and unknown");
        }
        for id in &changes.destroyed {
            self.all.remove(id);
            told.remove(id);
        }
        assert!(changes.state > self.state || !changes.more, "there are more, and no way on");
        self.state = changes.state;
        told
    }

    fn anew(&mut self, state: u64, all: BTreeMap<Id, Value>) {
        (self.state, self.all) = (state, all);
    }
}

type Folder = (String, MailboxCounts);

struct Client {
    emails: Known<EmailId, (Keywords, BTreeSet<MailboxId>)>,
    threads: Known<ThreadId, Vec<EmailId>>,
    folders: Known<MailboxId, Folder>,
}

impl Client {
    fn new() -> Self {
        fn known<Id, Value>() -> Known<Id, Value> {
            Known { state: 0, all: BTreeMap::new() }
        }
        Self { emails: known(), threads: known(), folders: known() }
    }

    /// Reads one page of each kind. Tells whether there are more.
    async fn follow(&mut self, tenant: &TenantStore, account: MailAccountId, max: u64) -> bool {
        let record = tenant.mail_accounts().get(account).await.unwrap();
        let newest = record.state(MailType::Email);
        let emails = tenant.emails().changes(account, self.emails.state, newest, max).await.unwrap();
        let more_emails = emails.as_ref().is_some_and(|changes| changes.more);
        match emails {
            Some(changes) => {
                let ids: Vec<_> = self.emails.take(&changes).into_iter().collect();
                self.emails.all.extend(read_emails(tenant, account, &ids).await);
            }
            None => self.emails.anew(newest, all_emails(tenant, account).await),
        }
        let newest = record.state(MailType::Thread);
        let threads = tenant.emails().thread_changes(account, self.threads.state, newest, max).await.unwrap();
        let more_threads = threads.as_ref().is_some_and(|changes| changes.more);
        match threads {
            Some(changes) => {
                let ids: Vec<_> = self.threads.take(&changes).into_iter().collect();
                self.threads.all.extend(read_threads(tenant, account, &ids).await);
            }
            None => self.threads.anew(newest, all_threads(tenant, account).await),
        }
        let newest = record.state(MailType::Mailbox);
        let folders = tenant.mailboxes().changes(account, self.folders.state, newest, max).await.unwrap();
        let more_folders = folders.as_ref().is_some_and(|told| told.changes.more);
        let there = all_folders(tenant, account).await;
        match folders {
            Some(told) => {
                for id in self.folders.take(&told.changes) {
                    let (Some(now), before) = (there.get(&id), self.folders.all.get(&id)) else { continue };
                    let same_name = before.is_none_or(|before| before.0 == now.0);
                    assert!(same_name || !told.counts_only, "more than the counts changed");
                    self.folders.all.insert(id, now.clone());
                }
            }
            None => self.folders.anew(newest, there),
        }
        more_emails || more_threads || more_folders
    }

    async fn knows_what_is_there(&self, tenant: &TenantStore, account: MailAccountId) {
        assert_eq!(self.emails.all, all_emails(tenant, account).await);
        assert_eq!(self.threads.all, all_threads(tenant, account).await);
        assert_eq!(self.folders.all, all_folders(tenant, account).await);
    }
}

async fn read_emails(
    tenant: &TenantStore,
    account: MailAccountId,
    ids: &[EmailId],
) -> BTreeMap<EmailId, (Keywords, BTreeSet<MailboxId>)> {
    let mut folders = tenant.emails().mailboxes(ids).await.unwrap();
    let emails = tenant.emails().these(account, ids).await.unwrap();
    let with_folders = |email: EmailRecord| (email.id, (email.keywords, folders.remove(&email.id).unwrap_or_default()));
    emails.into_iter().map(with_folders).collect()
}

async fn all_emails(
    tenant: &TenantStore,
    account: MailAccountId,
) -> BTreeMap<EmailId, (Keywords, BTreeSet<MailboxId>)> {
    let all = tenant.emails().matching(account, None, &[]).await.unwrap();
    read_emails(tenant, account, &all.iter().map(|one| one.email).collect::<Vec<_>>()).await
}

async fn read_threads(
    tenant: &TenantStore,
    account: MailAccountId,
    ids: &[ThreadId],
) -> BTreeMap<ThreadId, Vec<EmailId>> {
    let threads = tenant.emails().of_threads(account, ids).await.unwrap();
    threads.into_iter().map(|(id, emails)| (id, emails.into_iter().map(|email| email.id).collect())).collect()
}

async fn all_threads(tenant: &TenantStore, account: MailAccountId) -> BTreeMap<ThreadId, Vec<EmailId>> {
    let all = tenant.emails().matching(account, None, &[]).await.unwrap();
    read_threads(tenant, account, &all.iter().map(|one| one.thread).collect::<Vec<_>>()).await
}

async fn all_folders(tenant: &TenantStore, account: MailAccountId) -> BTreeMap<MailboxId, Folder> {
    let folders = tenant.mailboxes().of_account(account).await.unwrap();
    let ids: Vec<_> = folders.iter().map(|folder| folder.id).collect();
    let counts = tenant.mailboxes().counts(&ids).await.unwrap();
    folders.into_iter().map(|folder| (folder.id, (folder.name, counts[&folder.id]))).collect()
}

impl World {
    /// One change of the account: some of everything that people do.
    async fn step(&mut self, s: &Suite, dice: &Dice, account: MailAccountId) {
        let work = s.tenant.begin().await.unwrap();
        let change = work.mail_accounts().change(account).await.unwrap();
        let mut kinds = BTreeSet::new();
        match dice.below(12) {
            0 => self.new_folder(s, &work, change, &mut kinds).await,
            1 => self.rename(dice, &work, change, &mut kinds).await,
            2 => self.remove_folder(dice, &work, change, &mut kinds).await,
            3..=5 => self.deliver(s, dice, &work, change, &mut kinds).await,
            6..=8 => self.update(dice, &work, change, &mut kinds).await,
            // A draft that is saved: the new one comes and the old one goes.
            9 => {
                self.deliver(s, dice, &work, change, &mut kinds).await;
                self.destroy(dice, 1, &work, change, &mut kinds).await;
            }
            _ => self.destroy(dice, 1 + dice.below(3), &work, change, &mut kinds).await,
        }
        work.mail_accounts().touch(change, &kinds.into_iter().collect::<Vec<_>>()).await.unwrap();
        work.commit().await.unwrap();
    }

    async fn new_folder(&mut self, s: &Suite, work: &Work, change: Change, kinds: &mut BTreeSet<MailType>) {
        let folder = s.fixture.make().mailbox(change, &format!("Ordner {}", change.number), None);
        work.mailboxes().insert(change, &folder).await.unwrap();
        self.folders.push(folder);
        kinds.insert(MailType::Mailbox);
    }

    async fn rename(&mut self, dice: &Dice, work: &Work, change: Change, kinds: &mut BTreeSet<MailType>) {
        if self.folders.is_empty() {
            return;
        }
        let index = dice.below(self.folders.len());
        let folder = &mut self.folders[index];
        folder.name = format!("Umbenannt {}", change.number);
        folder.changed_in = change.number;
        work.mailboxes().replace(folder).await.unwrap();
        kinds.insert(MailType::Mailbox);
    }

    async fn remove_folder(&mut self, dice: &Dice, work: &Work, change: Change, kinds: &mut BTreeSet<MailType>) {
        let used: BTreeSet<_> = self.emails.iter().flat_map(|(_, folders)| folders.iter().copied()).collect();
        let unused: Vec<_> = self.folders.iter().filter(|folder| !used.contains(&folder.id)).cloned().collect();
        let Some(folder) = dice.pick(&unused) else { return };
        work.mailboxes().remove(change, folder).await.unwrap();
        self.folders.retain(|one| one.id != folder.id);
        kinds.insert(MailType::Mailbox);
    }

    fn some_folders(&self, dice: &Dice) -> BTreeSet<MailboxId> {
        (0..=dice.below(2)).filter_map(|_| dice.pick(&self.folders)).map(|folder| folder.id).collect()
    }

    async fn deliver(&mut self, s: &Suite, dice: &Dice, work: &Work, change: Change, kinds: &mut BTreeSet<MailType>) {
        let folders: Vec<_> = self.some_folders(dice).into_iter().collect();
        let make = s.fixture.make();
        let mut new = make.email(change.account, &folders);
        if dice.chance(60)
            && let Some((other, _)) = dice.pick(&self.emails)
        {
            new.email.thread = other.thread;
        }
        let email = make.deliver(work, change, &new).await;
        work.mailboxes().counted(change, &folders).await.unwrap();
        self.emails.push((email, new.mailboxes));
        kinds.extend([MailType::Email, MailType::Thread, MailType::Mailbox]);
    }

    async fn update(&mut self, dice: &Dice, work: &Work, change: Change, kinds: &mut BTreeSet<MailType>) {
        if self.emails.is_empty() {
            return;
        }
        let index = dice.below(self.emails.len());
        let mailboxes = if dice.chance(50) { self.some_folders(dice) } else { self.emails[index].1.clone() };
        let (email, was_in) = &mut self.emails[index];
        let mut keywords = email.keywords.clone();
        let word: Keyword = if dice.chance(50) { Keyword::SEEN } else { Keyword::FLAGGED }.parse().unwrap();
        let on = !keywords.has(word.as_str());
        keywords.set(word, on);
        let counted: Vec<_> = was_in.union(&mailboxes).copied().collect();
        let update = EmailUpdate { email: email.clone(), was_in: was_in.clone(), keywords, mailboxes };
        work.emails().update(change, &update).await.unwrap();
        work.mailboxes().counted(change, &counted).await.unwrap();
        (email.keywords, *was_in) = (update.keywords, update.mailboxes);
        kinds.extend([MailType::Email, MailType::Mailbox]);
    }

    async fn destroy(&mut self, dice: &Dice, most: usize, work: &Work, change: Change, kinds: &mut BTreeSet<MailType>) {
        let (mut gone, mut counted) = (Vec::new(), BTreeSet::new());
        for _ in 0..most.min(self.emails.len()) {
            let (email, folders) = self.emails.swap_remove(dice.below(self.emails.len()));
            gone.push(email);
            counted.extend(folders);
        }
        work.emails().destroy(change, &gone).await.unwrap();
        work.mailboxes().counted(change, &counted.into_iter().collect::<Vec<_>>()).await.unwrap();
        kinds.extend([MailType::Email, MailType::Thread, MailType::Mailbox]);
    }
}

async fn who_follows_the_changes_knows_what_is_there(s: &Suite) {
    let (rounds, steps) = if fernamt_testkit::full() { (40, 200) } else { (2, 60) };
    for seed in 0..rounds {
        let dice = Dice(SeededRng::new(seed));
        let account = s.fixture.make().mail_account(None, &format!("post{seed}@rathaus.example"));
        let work = s.tenant.begin().await.unwrap();
        work.mail_accounts().insert(&account).await.unwrap();
        work.commit().await.unwrap();
        let account = s.see(account.id);
        // One that follows each change, one that comes now and then, and one that reads small pages.
        let (mut close, mut seldom, mut small) = (Client::new(), Client::new(), Client::new());
        let mut world = World::default();
        for _ in 0..steps {
            world.step(s, &dice, account).await;
            assert!(!close.follow(&s.tenant, account, 1_000).await, "everything fits");
            if dice.chance(8) {
                // The account changes while the client reads page by page.
                while seldom.follow(&s.tenant, account, 4 + dice.below(6) as u64).await {
                    if dice.chance(30) {
                        world.step(s, &dice, account).await;
                    }
                }
            }
            if dice.chance(15) {
                small.follow(&s.tenant, account, 1 + dice.below(3) as u64).await;
            }
        }
        for client in [&mut close, &mut seldom, &mut small] {
            while client.follow(&s.tenant, account, 1 + dice.below(9) as u64).await {}
            client.knows_what_is_there(&s.tenant, account).await;
        }
        assert_eq!(close.emails.all.len(), world.emails.len());
    }
}

async fn who_knows_a_forgotten_state_reads_everything_anew(s: &Suite) {
    let account = s.own.mail.account;
    let all = async |since| {
        let (emails, folders) = (s.tenant.emails(), s.tenant.mailboxes());
        [
            s.see(emails.changes(account, since, 2, 9).await).unwrap().is_some(),
            s.see(emails.thread_changes(account, since, 2, 9).await).unwrap().is_some(),
            s.see(folders.changes(account, since, 2, 9).await).unwrap().is_some(),
            s.see(s.tenant.mail_identities().changes(account, since, 2, 9).await).unwrap().is_some(),
            s.see(s.tenant.email_submissions().changes(account, since, 2, 9).await).unwrap().is_some(),
        ]
    };
    assert_eq!((all(0).await, all(1).await, all(2).await), ([true; 5], [true; 5], [true; 5]));
    assert_eq!(all(3).await, [false; 5], "a state that is yet to come");
    let told = s.see(s.tenant.emails().changes(account, 1, 2, 9).await).unwrap().unwrap();
    assert_eq!(told.destroyed, [s.own.mail.destroyed]);
    s.fixture.clock.advance(Duration::days(400));
    s.tenant.delete_expired(&RetentionConfig::default()).await.unwrap();
    assert_eq!(s.see(s.tenant.mail_accounts().get(account).await).unwrap().forgotten, 2);
    // Senders and what was sent have not changed since the first change, so nothing of theirs is missed.
    assert_eq!((all(0).await, all(2).await), ([false; 5], [true; 5]));
    assert_eq!(all(1).await, [false, false, false, true, true]);
}
