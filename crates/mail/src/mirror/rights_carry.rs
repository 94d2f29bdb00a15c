//! Saying on the server's folders what somebody may do.

use std::collections::BTreeSet;

use fernamt_domain::mail::MailRights;
use fernamt_mailhost::{
    Error,
    imap::{FolderName, Imap, Right},
};

use super::{
    MirrorError,
    layout::Layout,
    rights_breaks::Breaks,
    rights_table::{FolderList, exceeds, letters, others},
    transfer::is_temporary,
};

/// What became of taking rights away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// Nobody has them on any folder.
    Done,
    /// The server cannot do it now on some folder.
    Later,
    /// They are left on some folder.
    Refused,
}

/// What became of giving rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    /// They hold on every folder.
    Everywhere,
    /// The server cannot do it now.
    Later,
    /// They do not hold on some folder. What was added on others was taken back.
    Nowhere,
    /// They do not hold on some folder, and some of them may be left on others.
    Somewhere,
}

/// What was added, where.
type Added = Vec<(FolderName, BTreeSet<Right>)>;

/// A folder's list; nothing where the server does not show it, or nobody can understand it.
pub(super) async fn list_of(imap: &mut Imap, folder: &FolderName) -> Result<Option<FolderList>, Error> {
    match imap.rights(folder).await {
        Ok(told) => Ok(Some(FolderList::of(told))),
        Err(error) if is_temporary(&error) || !imap.is_usable() => Err(error),
        Err(_) => Ok(None),
    }
}

/// All own folders that there are now.
async fn folders_now(imap: &mut Imap) -> Result<BTreeSet<FolderName>, Error> {
    Ok(Layout::of(imap.folders().await?).openable.into_iter().collect())
}

/// Leaves somebody no more than this on any folder. As much as can be taken is, on every folder, whatever others say.
pub(super) async fn narrow(
    imap: &mut Imap,
    breaks: &mut Breaks,
    folders: &[FolderName],
    login: &str,
    left: MailRights,
) -> Result<Said, MirrorError> {
    let mut waits = BTreeSet::new();
    let mut refused = BTreeSet::new();
    let known: BTreeSet<_> = folders.iter().cloned().collect();
    take_all(imap, breaks, &known, login, left, (&mut waits, &mut refused)).await?;
    // Folders may have come with what somebody had until now; and those that went hold nothing.
    let now = folders_now(imap).await?;
    take_all(imap, breaks, &(&now - &known), login, left, (&mut waits, &mut refused)).await?;
    Ok(match (waits.is_disjoint(&now), refused.is_disjoint(&now)) {
        (false, _) => Said::Later,
        (true, false) => Said::Refused,
        (true, true) => Said::Done,
    })
}

/// Adds on each folder what somebody lacks of what they may, and takes it back where one refuses.
pub(super) async fn widen(
    imap: &mut Imap,
    breaks: &mut Breaks,
    folders: &[FolderName],
    login: &str,
    wanted: MailRights,
) -> Result<Given, MirrorError> {
    let mut added = Added::new();
    let known: BTreeSet<_> = folders.iter().cloned().collect();
    let mut given = give_all(imap, breaks, &known, login, wanted, &mut added).await?;
    if given == Given::Everywhere {
        // Folders may have come with what others had until now: nobody's rights end by that.
        let new = &folders_now(imap).await? - &known;
        given = give_all(imap, breaks, &new, login, wanted, &mut added).await?;
    }
    if given != Given::Nowhere {
        return Ok(given);
    }
    for (folder, rights) in added {
        if !breaks.enter(&folder) {
            given = Given::Somewhere;
            continue;
        }
        match imap.remove_rights(&folder, login, &rights).await {
            Ok(()) => {}
            Err(error) if error.is_refusal() => given = Given::Somewhere,
            Err(error) => return Err(error.into()),
        }
        breaks.answered();
    }
    Ok(given)
}

/// Adds on each of these folders what somebody lacks of what they may, until one refuses.
async fn give_all(
    imap: &mut Imap,
    breaks: &mut Breaks,
    folders: &BTreeSet<FolderName>,
    login: &str,
    wanted: MailRights,
    added: &mut Added,
) -> Result<Given, Error> {
    let mut given = Given::Everywhere;
    for folder in folders {
        // What cannot be said there is said later, and takes nothing from anybody.
        if !breaks.enter(folder) {
            given = Given::Later;
            continue;
        }
        let is_given = match give(imap, folder, login, wanted, added).await {
            Ok(is_given) => Some(is_given),
            Err(error) if is_temporary(&error) => None,
            Err(error) if error.is_refusal() => Some(false),
            Err(error) => return Err(error),
        };
        breaks.answered();
        match is_given {
            Some(true) => {}
            None => return Ok(Given::Later),
            Some(false) => {
                // One that went meanwhile refuses nobody.
                if folders_now(imap).await?.contains(folder) {
                    return Ok(Given::Nowhere);
                }
            }
        }
    }
    Ok(given)
}

/// Adds what somebody lacks on a folder. Tells whether they have it then.
async fn give(
    imap: &mut Imap,
    folder: &FolderName,
    login: &str,
    wanted: MailRights,
    added: &mut Added,
) -> Result<bool, Error> {
    let Some(mut list) = list_of(imap, folder).await? else { return Ok(false) };
    let missing = &letters(wanted) - &list.own(login);
    if !missing.is_empty() {
        imap.add_rights(folder, login, &missing).await?;
        added.push((folder.clone(), missing));
        let Some(now) = list_of(imap, folder).await? else { return Ok(false) };
        list = now;
    }
    Ok(!exceeds(wanted, list.worth(login)))
}

/// Leaves somebody no more than this on each of these folders. Notes which wait for the server, and which it refuses.
async fn take_all(
    imap: &mut Imap,
    breaks: &mut Breaks,
    folders: &BTreeSet<FolderName>,
    login: &str,
    left: MailRights,
    (waits, refused): (&mut BTreeSet<FolderName>, &mut BTreeSet<FolderName>),
) -> Result<(), Error> {
    for folder in folders {
        if !breaks.enter(folder) {
            refused.insert(folder.clone());
            continue;
        }
        match take(imap, folder, login, left).await {
            Ok(true) => {}
            Err(error) if is_temporary(&error) => {
                waits.insert(folder.clone());
            }
            Err(error) if !error.is_refusal() => return Err(error),
            Ok(false) | Err(_) => {
                refused.insert(folder.clone());
            }
        }
        breaks.answered();
    }
    Ok(())
}

/// Leaves somebody no more on a folder than this, whatever they were given there by whom. Tells whether that holds.
pub(super) async fn take(imap: &mut Imap, folder: &FolderName, login: &str, left: MailRights) -> Result<bool, Error> {
    let left = letters(left);
    let Some(list) = list_of(imap, folder).await? else {
        // It is not told what lies there. What is said can widen nothing, and whether it helped nobody knows.
        if left.is_empty() {
            imap.set_rights(folder, login, &left).await?;
        } else {
            imap.remove_rights(folder, login, &others(&left)).await?;
        }
        return Ok(false);
    };
    if list.own(login).is_subset(&left) {
        return Ok(true);
    }
    imap.set_rights(folder, login, &left).await?;
    Ok(list_of(imap, folder).await?.is_some_and(|list| list.own(login).is_subset(&left)))
}
