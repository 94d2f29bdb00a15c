//! What has to happen on the server so that a message is there as it is in the index.

use std::collections::BTreeSet;

use fernamt_domain::{EmailId, MailboxId, mail::Keywords};
use fernamt_store::MirrorMessageRecord;

/// Something to be done on the server.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Deed {
    /// A copy gets these marks.
    Mark(MirrorMessageRecord, Keywords),
    /// A message that the server has nowhere is put into a folder.
    Append(EmailId, MailboxId),
    /// A copy is copied into a folder.
    Copy(MirrorMessageRecord, MailboxId),
    /// A copy is moved into a folder.
    Move(MirrorMessageRecord, MailboxId),
    /// A copy is removed.
    Remove(MirrorMessageRecord),
}

/// What has to happen for one message: its marks and folders in the index, if it is there, and its copies on the server.
pub(super) fn deeds(
    email: EmailId,
    wanted: Option<(&Keywords, &BTreeSet<MailboxId>)>,
    copies: &[MirrorMessageRecord],
) -> Vec<Deed> {
    let Some((keywords, mailboxes)) = wanted else { return copies.iter().cloned().map(Deed::Remove).collect() };
    let has: BTreeSet<_> = copies.iter().map(|copy| copy.mailbox).collect();
    let mut missing: Vec<_> = mailboxes.difference(&has).copied().collect();
    let extra: Vec<_> = copies.iter().filter(|copy| !mailboxes.contains(&copy.mailbox)).collect();
    let mut deeds: Vec<_> = copies
        .iter()
        .filter(|copy| copy.flags != *keywords)
        .map(|copy| Deed::Mark(copy.clone(), keywords.clone()))
        .collect();
    let marked = |copy: &MirrorMessageRecord| MirrorMessageRecord { flags: keywords.clone(), ..copy.clone() };
    // As many as leave a folder are moved; what is still missing is copied before that.
    let moves: Vec<_> = extra.iter().map_while(|copy| missing.pop().map(|to| Deed::Move(marked(copy), to))).collect();
    match copies.first() {
        Some(copy) => deeds.extend(missing.into_iter().map(|to| Deed::Copy(marked(copy), to))),
        None => deeds.extend(missing.into_iter().map(|to| Deed::Append(email, to))),
    }
    let moved = moves.len();
    deeds.extend(moves);
    deeds.extend(extra.iter().skip(moved).map(|copy| Deed::Remove(marked(copy))));
    deeds
}

#[cfg(test)]
mod tests {
    use fernamt_domain::MailAccountId;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn folder(number: u8) -> MailboxId {
        MailboxId(Uuid::from_u128(number.into()))
    }

    fn copy(mailbox: u8, flags: &str) -> MirrorMessageRecord {
        MirrorMessageRecord {
            mailbox: folder(mailbox),
            uid: u32::from(mailbox) + 100,
            account: MailAccountId(Uuid::nil()),
            email: EmailId(Uuid::nil()),
            flags: Keywords::from_line(flags).unwrap(),
            remote_id: None,
        }
    }

    /// What the server has after these deeds, done in the order in which they are carried.
    fn done(copies: &[MirrorMessageRecord], deeds: &[Deed]) -> BTreeSet<(MailboxId, String)> {
        let mut has: Vec<_> = copies.iter().map(|copy| (copy.mailbox, copy.flags.to_line())).collect();
        for deed in deeds {
            let flags_in =
                |has: &[(MailboxId, String)], from| has.iter().find(|(at, _)| *at == from).unwrap().1.clone();
            match deed {
                Deed::Mark(copy, to) => has.iter_mut().find(|(at, _)| *at == copy.mailbox).unwrap().1 = to.to_line(),
                Deed::Append(_, to) => has.push((*to, " $seen ".to_owned())),
                Deed::Copy(copy, to) => has.push((*to, flags_in(&has, copy.mailbox))),
                Deed::Move(copy, to) => {
                    has.push((*to, flags_in(&has, copy.mailbox)));
                    has.retain(|(at, _)| *at != copy.mailbox);
                }
                Deed::Remove(copy) => has.retain(|(at, _)| *at != copy.mailbox),
            }
        }
        let count = has.len();
        let has: BTreeSet<_> = has.into_iter().collect();
        assert_eq!(has.len(), count, "nothing lies in a folder twice");
        has
    }

    #[test]
    fn a_message_is_moved_where_it_can_be() {
        let seen = Keywords::from_line(" $seen ").unwrap();
        let found = deeds(EmailId(Uuid::nil()), Some((&seen, &[folder(2)].into())), &[copy(1, " $seen ")]);
        assert_eq!(found, [Deed::Move(copy(1, " $seen "), folder(2))]);
        assert_eq!(deeds(EmailId(Uuid::nil()), None, &[copy(1, "")]), [Deed::Remove(copy(1, ""))]);
    }

    proptest! {
        #[test]
        fn the_server_has_what_the_index_has(
            wanted in prop::collection::btree_set(0_u8..5, 1..5),
            there in prop::collection::btree_map(0_u8..5, prop::bool::ANY, 0..5),
        ) {
            let seen = Keywords::from_line(" $seen ").unwrap();
            let wanted: BTreeSet<_> = wanted.into_iter().map(folder).collect();
            let copies: Vec<_> =
                there.into_iter().map(|(at, read)| copy(at, if read { " $seen " } else { "" })).collect();
            let found = deeds(EmailId(Uuid::nil()), Some((&seen, &wanted)), &copies);
            let expected: BTreeSet<_> = wanted.into_iter().map(|at| (at, " $seen ".to_owned())).collect();
            prop_assert_eq!(done(&copies, &found), expected);
        }
    }
}
