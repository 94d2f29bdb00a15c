//! Saying on the server's folders what somebody may do.

use std::collections::BTreeSet;

use fernamt_domain::mail::MailRights;
use fernamt_mailhost::{
    Error,
    imap::{FolderName, Imap, Right},
};

use super::{
    MirrorError,
    rights_table::{FolderList, exceeds, letters},
    round::Mirror,
    transfer::is_temporary,
};

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// It holds on every folder.
    Done,
    /// The server cannot do it now.
    Later,
    /// It does not hold on some folder. What was given on others was taken back.
    Refused,
}

/// What was given, where.
type Given<'f> = Vec<(&'f FolderName, BTreeSet<Right>)>;

/// A folder's list; nothing where the server does not show it, or nobody can understand it.
pub(super) async fn list_of(imap: &mut Imap, folder: &FolderName) -> Result<Option<FolderList>, Error> {
    match imap.rights(folder).await {
        Ok(told) => Ok(Some(FolderList::of(told))),
        Err(error) if is_temporary(&error) || !imap.is_usable() => Err(error),
        Err(_) => Ok(None),
    }
}

impl Mirror {
    /// Says on each folder what somebody may do from now on: more than before, or, where it `narrows`, less.
    pub(super) async fn carry_rights(
        &self,
        imap: &mut Imap,
        folders: &[FolderName],
        login: &str,
        wanted: MailRights,
        narrows: bool,
    ) -> Result<Said, MirrorError> {
        let (mut given, mut is_refused) = (Given::new(), false);
        for folder in folders {
            let said = if narrows {
                take(imap, folder, login, wanted).await
            } else {
                give(imap, folder, login, wanted, &mut given).await
            };
            match said {
                Ok(true) => {}
                Err(error) if is_temporary(&error) => return Ok(Said::Later),
                Err(error) if !error.is_refusal() => return Err(error.into()),
                // As much as can be taken is.
                Ok(false) | Err(_) => is_refused = true,
            }
            if is_refused && !narrows {
                break;
            }
        }
        if !is_refused {
            return Ok(Said::Done);
        }
        for (folder, rights) in given {
            match imap.remove_rights(folder, login, &rights).await {
                Err(error) if !error.is_refusal() => return Err(error.into()),
                _ => {}
            }
        }
        Ok(Said::Refused)
    }

    /// Lets those into a folder that was just made who may work in all others; servers mostly do so themselves.
    pub(super) async fn open_new(&self, imap: &mut Imap, folder: &FolderName) -> Result<(), MirrorError> {
        if !imap.offers("ACL") {
            return Ok(());
        }
        let rows = self.tenant.mail_mirrors().rights(self.account).await?;
        for row in rows.into_iter().filter(|row| !row.begun && !row.refused) {
            match imap.add_rights(folder, &row.login, &letters(row.rights)).await {
                Err(error) if !error.is_refusal() => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Adds what somebody lacks on a folder. Tells whether they have it then.
async fn give<'f>(
    imap: &mut Imap,
    folder: &'f FolderName,
    login: &str,
    wanted: MailRights,
    given: &mut Given<'f>,
) -> Result<bool, Error> {
    let Some(mut list) = list_of(imap, folder).await? else { return Ok(false) };
    let missing = &letters(wanted) - &list.own(login);
    if !missing.is_empty() {
        imap.add_rights(folder, login, &missing).await?;
        given.push((folder, missing));
        let Some(now) = list_of(imap, folder).await? else { return Ok(false) };
        list = now;
    }
    Ok(!exceeds(wanted, list.worth(login)))
}

/// Leaves somebody no more on a folder than this, whatever they were given there by whom. Tells whether that holds.
async fn take(imap: &mut Imap, folder: &FolderName, login: &str, left: MailRights) -> Result<bool, Error> {
    let left = letters(left);
    let Some(list) = list_of(imap, folder).await? else { return Ok(false) };
    if list.own(login).is_subset(&left) {
        return Ok(true);
    }
    imap.set_rights(folder, login, &left).await?;
    Ok(list_of(imap, folder).await?.is_some_and(|list| list.own(login).is_subset(&left)))
}
