//! Finding messages: what a filter and an order of JMAP (RFC 8621, section 4.4) mean in a query.

use std::collections::BTreeSet;

use fernamt_domain::{EmailId, MailAccountId, MailboxId, ThreadId};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Order};
use time::OffsetDateTime;

use super::{
    destroyed::MAX_CHANGES,
    email::{EmailRecord, EmailTextRecord, Emails, LyingRecord},
    mailbox::MAX_MAILBOXES,
};
use crate::{
    StoreError,
    record::Field as _,
    scope::{contains, is, is_in},
};

/// The most ids in one query.
pub const MAX_IDS_PER_QUERY: usize = 500;

/// The most conditions and words of one filter.
pub const MAX_CONDITIONS: usize = 200;

/// The most bytes of one word: SQLite refuses long patterns.
pub const MAX_WORD_BYTES: usize = 1_000;

/// The most matches that one query looks at.
pub const MAX_MATCHES: u64 = 1_000_000;

/// What messages are looked for.
#[derive(Debug, Clone, PartialEq)]
pub enum EmailFilter {
    /// All of these hold.
    And(Vec<Self>),
    /// One of these holds.
    Or(Vec<Self>),
    /// None of these holds.
    Not(Vec<Self>),
    /// It lies in this folder.
    InMailbox(MailboxId),
    /// It lies in a folder that is none of these.
    InMailboxOtherThan(Vec<MailboxId>),
    /// It came before this moment.
    Before(OffsetDateTime),
    /// It came at this moment or after.
    After(OffsetDateTime),
    /// It has at least so many bytes.
    MinSize(u64),
    /// It has fewer bytes.
    MaxSize(u64),
    /// It is marked with this keyword, in lower case.
    HasKeyword(String),
    /// Every message of its thread is marked.
    AllInThreadHaveKeyword(String),
    /// Some message of its thread is marked.
    SomeInThreadHaveKeyword(String),
    /// Whether something is attached.
    HasAttachment(bool),
    /// Every one of these words, in lower case, is somewhere in the message.
    Words(Vec<String>),
    /// Every one of these words, in lower case, is in this field of what lists show.
    WordsIn(EmailField, Vec<String>),
}

/// A field that can be looked in alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailField {
    /// The subject.
    Subject,
    /// From whom.
    From,
    /// To whom.
    To,
    /// To whom too.
    Cc,
    /// To whom in secret.
    Bcc,
    /// The text.
    Body,
}

impl EmailField {
    const ALL: [Self; 6] = [Self::Subject, Self::From, Self::To, Self::Cc, Self::Bcc, Self::Body];

    fn column(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::From => "sender",
            Self::To => "recipient",
            Self::Cc => "cc",
            Self::Bcc => "bcc",
            Self::Body => "body",
        }
    }
}

/// What messages are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailOrder {
    /// When they came.
    ReceivedAt,
    /// When they were sent.
    SentAt,
    /// How large they are.
    Size,
    /// Who sent them.
    From,
    /// Their subject.
    Subject,
}

/// A message that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// The message.
    pub email: EmailId,
    /// Its thread.
    pub thread: ThreadId,
}

/// What happened to messages since a state: all that a list of messages can have lost, gained or moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// Messages that are gone.
    pub destroyed: BTreeSet<EmailId>,
    /// Messages that are new or not as they were.
    pub changed: BTreeSet<EmailId>,
    /// All messages of every thread that got, lost or changed one.
    pub in_threads: BTreeSet<EmailId>,
}

impl<A> Emails<'_, A> {
    /// The messages of a folder, the newest first: from the place `offset` at most `limit`. Whose folder it is asks the
    /// caller before ([`super::mailbox::Mailboxes::has`]).
    pub async fn newest_in(&self, mailbox: MailboxId, offset: u64, limit: u64) -> Result<Vec<Match>, StoreError> {
        let rows = self.scope.find_only::<LyingRecord>(["email", "thread"], is("mailbox", &mailbox));
        let rows = rows.newest_first("received_at").newest_first("email").window(offset, limit).pairs().await?;
        Ok(rows.into_iter().map(|(email, thread)| Match { email, thread }).collect())
    }

    /// All messages of an account that fit, in this order; `true` beside a column means ascending.
    pub async fn matching(
        &self,
        account: MailAccountId,
        filter: Option<&EmailFilter>,
        order: &[(EmailOrder, bool)],
    ) -> Result<Vec<Match>, StoreError> {
        if filter.map_or(Ok(0), EmailFilter::conditions)? > MAX_CONDITIONS {
            return Err(StoreError::TooMany { what: "conditions", limit: MAX_CONDITIONS });
        }
        let mut condition = is("account", &account);
        if let Some(filter) = filter {
            condition = condition.add(self.condition(filter));
        }
        let mut found = self.scope.find_only::<EmailRecord>(["id", "thread"], condition);
        for (column, ascending) in order {
            let name = match column {
                EmailOrder::ReceivedAt => "received_at",
                EmailOrder::SentAt => "sent_at",
                EmailOrder::Size => "size",
                EmailOrder::From => "sender",
                EmailOrder::Subject => "subject",
            };
            found = match (column, ascending) {
                // The two databases would put those without at different ends.
                (EmailOrder::SentAt, true) => found.empty_last(name, Order::Asc),
                (EmailOrder::SentAt, false) => found.empty_last(name, Order::Desc),
                (_, true) => found.order(name),
                (_, false) => found.newest_first(name),
            };
        }
        let newest_first = order.first().is_none_or(|(_, ascending)| !ascending);
        found = if newest_first { found.newest_first("id") } else { found.order("id") };
        let pairs = found.limit(MAX_MATCHES).pairs().await?;
        Ok(pairs.into_iter().map(|(email, thread)| Match { email, thread }).collect())
    }

    /// What happened since a state to messages and to those that they belong together with; nothing if that cannot be
    /// told.
    pub async fn touched(&self, account: MailAccountId, since: u64) -> Result<Option<Touched>, StoreError> {
        let Some((found, gone)) = self.changed(account, since).await? else { return Ok(None) };
        if std::cmp::max(found.len(), gone.len()) as u64 > MAX_CHANGES {
            return Ok(None);
        }
        let threads: BTreeSet<ThreadId> =
            found.iter().map(|one| one.thread).chain(gone.iter().filter_map(|one| one.thread)).collect();
        let threads: Vec<_> = threads.into_iter().collect();
        let mut in_threads = BTreeSet::new();
        for part in threads.chunks(MAX_IDS_PER_QUERY) {
            let there = is("account", &account).add(is_in("thread", part));
            let pairs = self.scope.find_only::<EmailRecord>(["id", "thread"], there).pairs::<EmailId, ThreadId>();
            in_threads.extend(pairs.await?.into_iter().map(|(id, _)| id));
        }
        Ok(Some(Touched {
            destroyed: gone.iter().map(|one| EmailId(one.id)).collect(),
            changed: found.iter().map(|one| one.id).collect(),
            in_threads,
        }))
    }

    fn condition(&self, filter: &EmailFilter) -> Condition {
        let some_in_thread =
            |condition: Condition| self.scope.has::<EmailRecord, EmailRecord>("thread", "thread", condition);
        match filter {
            EmailFilter::And(all) => all.iter().fold(Condition::all(), |sum, one| sum.add(self.condition(one))),
            // An empty "one of these" holds for nothing.
            EmailFilter::Or(any) if any.is_empty() => never(),
            EmailFilter::Or(any) => any.iter().fold(Condition::any(), |sum, one| sum.add(self.condition(one))),
            EmailFilter::Not(none) => none.iter().fold(Condition::all(), |sum, one| sum.add(self.condition(one).not())),
            EmailFilter::InMailbox(mailbox) => {
                self.scope.is_among::<LyingRecord>("id", "email", is("mailbox", mailbox))
            }
            EmailFilter::InMailboxOtherThan(mailboxes) => {
                self.scope.has::<LyingRecord, EmailRecord>("email", "id", is_in("mailbox", mailboxes).not())
            }
            EmailFilter::Before(at) => Condition::all().add(Expr::col("received_at").lt(at.value())),
            EmailFilter::After(at) => Condition::all().add(Expr::col("received_at").gte(at.value())),
            EmailFilter::MinSize(size) => Condition::all().add(Expr::col("size").gte(size.value())),
            EmailFilter::MaxSize(size) => Condition::all().add(Expr::col("size").lt(size.value())),
            EmailFilter::HasKeyword(keyword) => has_keyword(keyword),
            EmailFilter::AllInThreadHaveKeyword(keyword) => some_in_thread(has_keyword(keyword).not()).not(),
            EmailFilter::SomeInThreadHaveKeyword(keyword) => some_in_thread(has_keyword(keyword)),
            EmailFilter::HasAttachment(wanted) => is("has_attachment", wanted),
            EmailFilter::Words(words) => self.text(words.iter().map(|word| {
                EmailField::ALL.iter().fold(Condition::any(), |any, field| any.add(like(field.column(), word)))
            })),
            EmailFilter::WordsIn(field, words) => {
                self.text(words.iter().map(|word| Condition::all().add(like(field.column(), word))))
            }
        }
    }

    fn text(&self, words: impl Iterator<Item = Condition>) -> Condition {
        self.scope.has::<EmailTextRecord, EmailRecord>("email", "id", words.fold(Condition::all(), Condition::add))
    }
}

impl EmailFilter {
    /// How many conditions and words it has, if none is too large for a query.
    fn conditions(&self) -> Result<usize, StoreError> {
        let inner = match self {
            Self::And(inner) | Self::Or(inner) | Self::Not(inner) => {
                inner.iter().try_fold(0, |sum, one| Ok::<_, StoreError>(sum + one.conditions()?))?
            }
            Self::InMailboxOtherThan(mailboxes) if mailboxes.len() > MAX_MAILBOXES => {
                return Err(StoreError::TooMany { what: "folders", limit: MAX_MAILBOXES });
            }
            Self::Words(words) | Self::WordsIn(_, words) if words.iter().any(|word| word.len() > MAX_WORD_BYTES) => {
                return Err(StoreError::TooMany { what: "bytes in a word", limit: MAX_WORD_BYTES });
            }
            Self::Words(words) | Self::WordsIn(_, words) => words.len(),
            _ => 0,
        };
        Ok(1 + inner)
    }
}

fn never() -> Condition {
    Condition::all().add(Expr::val(1).eq(2))
}

fn has_keyword(keyword: &str) -> Condition {
    Condition::all().add(like("keywords", &format!(" {keyword} ")))
}

fn like(column: &'static str, word: &str) -> Expr {
    Expr::col(column).like(contains(word))
}
