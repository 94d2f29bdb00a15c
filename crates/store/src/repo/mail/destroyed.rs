//! What was destroyed, and in which change, so that clients hear of it.

use fernamt_domain::{MailAccountId, ThreadId, mail::MailType};
use time::OffsetDateTime;
use uuid::Uuid;

use super::account::{Change, Changes, MailAccountRecord};
use crate::{
    StoreError,
    record::record,
    scope::{Scope, after, is},
};

/// The most changes that one answer tells of.
pub const MAX_CHANGES: u64 = 10_000;

record! {
    /// Something that was destroyed.
    pub struct DestroyedRecord in "mail_destroyed", key(account, kind, id) {
        /// The account.
        account: MailAccountId => Operation,
        /// What it was.
        kind: MailType => Operation,
        /// Its id.
        id: Uuid => Operation,
        /// The thread that a message belonged to.
        thread: Option<ThreadId> => Operation,
        /// The change that made it.
        created_in: u64 => Operation,
        /// The change that destroyed it.
        destroyed_in: u64 => Operation,
        /// When.
        at: OffsetDateTime => Operation,
    }
}

/// Notes what is gone.
pub(super) async fn note(scope: &Scope<'_>, change: Change, gone: &[Gone]) -> Result<(), StoreError> {
    let now = scope.now();
    let rows: Vec<_> = gone
        .iter()
        .map(|gone| DestroyedRecord {
            account: change.account,
            kind: gone.kind,
            id: gone.id,
            thread: gone.thread,
            created_in: gone.created_in,
            destroyed_in: change.number,
            at: now,
        })
        .collect();
    scope.insert_all(&rows).await
}

/// Something that goes.
pub(super) struct Gone {
    pub(super) kind: MailType,
    pub(super) id: Uuid,
    pub(super) thread: Option<ThreadId>,
    pub(super) created_in: u64,
}

/// What of a kind was destroyed after a state, in the order of its end; nothing if some of it is forgotten.
///
/// This is asked before what lives, so that nothing is found in both.
pub(super) async fn since(
    scope: &Scope<'_>,
    account: MailAccountId,
    kind: MailType,
    since: u64,
) -> Result<Option<Vec<DestroyedRecord>>, StoreError> {
    let filter = is("account", &account).add(is("kind", &kind)).add(after("destroyed_in", &since));
    let gone = scope.find(filter).order("destroyed_in").order("id").limit(MAX_CHANGES + 1).all().await?;
    // Asked after that, or what is forgotten in between would be missed.
    let account: MailAccountRecord = scope.find(is("id", &account)).get().await?;
    // Who knows the newest of a kind misses nothing, however long ago that was.
    let is_newest = gone.is_empty() && since >= account.state(kind);
    Ok((since >= account.forgotten || is_newest).then_some(gone))
}

/// A living object's id with the changes that made it and changed it last.
pub(super) struct Living<Id> {
    pub(super) id: Id,
    pub(super) created_in: u64,
    pub(super) changed_in: u64,
}

/// Puts what lives and what is gone between two states together: at most `max` objects, cut between two changes.
///
/// Nothing if that cannot be told: the state is yet to come, there are too many, or one change alone is larger than `max`.
pub(super) fn together<Id: From<Uuid> + Copy>(
    living: Vec<Living<Id>>,
    gone: &[DestroyedRecord],
    since: u64,
    newest: u64,
    max: u64,
) -> Option<Changes<Id>> {
    enum What<Id> {
        Created(Id),
        Updated(Id),
        Destroyed(Id),
    }
    if since > newest || (living.len() as u64).max(gone.len() as u64) > MAX_CHANGES {
        return None;
    }
    // What was made or destroyed while this was read is told next time. Who hears of a new object must hear that it is
    // new, however often it changed after the cut.
    let alive = living.into_iter().filter(|one| one.created_in <= newest).map(|one| {
        if one.created_in > since {
            (one.created_in, What::Created(one.id))
        } else {
            (one.changed_in.min(newest), What::Updated(one.id))
        }
    });
    // What was made and destroyed meanwhile is told of to nobody.
    let known = gone.iter().filter(|one| one.created_in <= since && one.destroyed_in <= newest);
    let dead = known.map(|one| (one.destroyed_in, What::Destroyed(Id::from(one.id))));
    let mut all: Vec<_> = alive.chain(dead).collect();
    all.sort_by_key(|(number, _)| *number);

    let max = usize::try_from(max).unwrap_or(usize::MAX);
    let (mut state, mut more) = (newest, false);
    if all.len() > max {
        let first_left_out = all[max].0;
        all.retain(|(number, _)| *number < first_left_out);
        state = all.last()?.0;
        more = true;
    }
    let mut changes = Changes { created: Vec::new(), updated: Vec::new(), destroyed: Vec::new(), state, more };
    for (_, what) in all {
        match what {
            What::Created(id) => changes.created.push(id),
            What::Updated(id) => changes.updated.push(id),
            What::Destroyed(id) => changes.destroyed.push(id),
        }
    }
    Some(changes)
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{EmailId, TenantId};

    use super::*;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn living(number: u128, created_in: u64, changed_in: u64) -> Living<EmailId> {
        Living { id: EmailId(id(number)), created_in, changed_in }
    }

    fn gone(number: u128, created_in: u64, destroyed_in: u64) -> DestroyedRecord {
        let account = MailAccountId(TenantId(id(0)).0);
        let (kind, at) = (MailType::Email, OffsetDateTime::UNIX_EPOCH);
        DestroyedRecord { account, kind, id: id(number), thread: None, created_in, destroyed_in, at }
    }

    fn ids(found: &[EmailId]) -> Vec<u128> {
        found.iter().map(|id| id.0.as_u128()).collect()
    }

    #[test]
    fn what_is_new_is_told_as_new_on_every_page() {
        let all = || vec![living(1, 5, 20), living(2, 6, 6), living(3, 1, 7)];
        let first = together(all(), &[gone(4, 2, 8), gone(5, 6, 9)], 4, 20, 2).unwrap();
        assert_eq!((ids(&first.created), ids(&first.updated), first.state, first.more), (vec![1, 2], vec![], 6, true));
        let later = all().into_iter().filter(|one| one.changed_in > 6).collect();
        let second = together(later, &[gone(4, 2, 8)], 6, 20, 2).unwrap();
        assert_eq!((ids(&second.updated), ids(&second.destroyed), second.state), (vec![3], vec![4], 8));
        let last = together(vec![living(1, 5, 20)], &[], 8, 20, 2).unwrap();
        assert_eq!((ids(&last.updated), last.state, last.more), (vec![1], 20, false));
    }

    #[test]
    fn a_change_is_never_torn() {
        let all = || vec![living(1, 5, 5), living(2, 6, 6), living(3, 6, 6)];
        let cut = together(all(), &[], 0, 6, 2).unwrap();
        assert_eq!((ids(&cut.created), cut.state, cut.more), (vec![1], 5, true));
        assert_eq!(together(all().split_off(1), &[], 5, 6, 1), None, "one change is larger than what was asked for");
    }

    #[test]
    fn what_happens_while_it_is_read_is_told_next_time() {
        let now = together(vec![living(1, 2, 12), living(2, 11, 11)], &[gone(3, 2, 11)], 4, 10, 9).unwrap();
        assert_eq!((ids(&now.created), ids(&now.updated), ids(&now.destroyed)), (vec![], vec![1], vec![]));
        assert_eq!(now.state, 10);
        let next = together(vec![living(1, 2, 12), living(2, 11, 11)], &[gone(3, 2, 11)], 10, 12, 9).unwrap();
        assert_eq!((ids(&next.created), ids(&next.updated), ids(&next.destroyed)), (vec![2], vec![1], vec![3]));
        let cut = together(vec![living(1, 2, 12), living(4, 1, 13)], &[gone(3, 2, 9)], 4, 10, 1).unwrap();
        assert_eq!((cut.state, cut.more), (9, true), "never beyond what was known when it was asked");
        assert_eq!(together::<EmailId>(Vec::new(), &[], 11, 10, 9), None, "a state that is yet to come");
    }

    #[test]
    fn more_than_the_limit_cannot_be_told() {
        let many = |count| (0..count).map(|number| living(u128::from(number), 1, number)).collect::<Vec<_>>();
        assert!(together(many(MAX_CHANGES), &[], 0, MAX_CHANGES, MAX_CHANGES).is_some());
        assert_eq!(together(many(MAX_CHANGES + 1), &[], 0, MAX_CHANGES, MAX_CHANGES), None);
    }
}
