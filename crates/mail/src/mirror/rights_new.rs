//! Opening a folder that was made here to those who may work in all others.

use fernamt_domain::mail::MailRights;
use fernamt_mailhost::{
    Error,
    imap::{FolderName, Imap},
};
use fernamt_store::{MirrorRightsRecord, StoreError};

use super::{
    MirrorError,
    rights_carry::{list_of, take},
    rights_table::{FolderList, common, letters},
    round::Mirror,
    transfer::is_temporary,
};

impl Mirror {
    /// Notes, before a folder is made, that what others may do can be missing on it: where the conversation breaks off
    /// behind that, nobody's rights end by it. Returns what was remembered until now.
    pub(super) async fn begin_new(&mut self) -> Result<Vec<MirrorRightsRecord>, StoreError> {
        if self.rights.is_offered != Some(true) {
            return Ok(Vec::new());
        }
        let mut rows = self.tenant.mail_mirrors().rights(self.account).await?;
        rows.retain(|row| !row.begun);
        if !rows.is_empty() {
            // The lists are looked at in the next round, however soon it is.
            self.rights.seen = None;
            let begun: Vec<_> = rows
                .iter()
                .map(|row| MirrorRightsRecord { least: MailRights::NONE, begun: true, ..row.clone() })
                .collect();
            self.remember_rights(&begun).await?;
        }
        Ok(rows)
    }

    /// Lets those into a folder that was just made who may work in all others; servers mostly do so themselves.
    pub(super) async fn open_new(
        &self,
        imap: &mut Imap,
        folder: &FolderName,
        rows: Vec<MirrorRightsRecord>,
    ) -> Result<(), MirrorError> {
        if rows.is_empty() {
            return Ok(());
        }
        let grants = self.tenant.mail_grants().of_account(self.account).await?;
        let sides = self.sides(&grants).await?;
        // What was taken there since the lists were read is not given back by a new folder.
        let inbox = match list_of(imap, &FolderName::of("INBOX")).await {
            Ok(inbox) => inbox,
            Err(error) if is_temporary(&error) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let mut opened = Vec::new();
        for row in rows {
            let may = allowed(common(sides.here(&row.login), row.rights), inbox.as_ref(), &row.login);
            match open(imap, folder, &row, may).await {
                Ok(true) => opened.push(row),
                Err(error) if !error.is_refusal() => return Err(error.into()),
                // It stays begun: the next round says it on every folder, and tells what is refused then.
                Ok(false) | Err(_) => {}
            }
        }
        Ok(self.remember_rights(&opened).await?)
    }

    /// Remembers this of the lists.
    pub(super) async fn remember_rights(&self, rows: &[MirrorRightsRecord]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let work = self.tenant.begin().await?;
        for row in rows {
            work.mail_mirrors().put_rights(row).await?;
        }
        work.commit().await
    }
}

/// What somebody may do in a new folder, as INBOX's list has it now where it is told.
fn allowed(may: MailRights, inbox: Option<&FolderList>, login: &str) -> MailRights {
    inbox.map_or(may, |list| common(may, list.worth(login)))
}

/// Opens a folder to somebody. What the server kept of what ended here is not handed on to it.
async fn open(imap: &mut Imap, folder: &FolderName, row: &MirrorRightsRecord, may: MailRights) -> Result<bool, Error> {
    if row.refused && !take(imap, folder, &row.login, may).await? {
        return Ok(false);
    }
    if !may.is_empty() {
        imap.add_rights(folder, &row.login, &letters(may)).await?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use fernamt_domain::mail::MailRight::{self, Read, Write};

    use super::*;

    #[test]
    fn a_new_folder_gives_nothing_back_that_was_taken_from_inbox() {
        let rights = |rights: &[MailRight]| rights.iter().copied().collect::<MailRights>();
        let list = |left: &[MailRight]| FolderList::of(vec![("bob".to_owned(), letters(rights(left)))]);
        let may = |left: &[MailRight]| allowed(rights(&[Write]), Some(&list(left)), "bob");
        assert_eq!([may(&[]), may(&[Read]), may(&[Write])], [rights(&[]), rights(&[Read]), rights(&[Write])]);
        assert_eq!(allowed(rights(&[Read]), Some(&list(&[Write])), "bob"), rights(&[Read]), "nor is more given");
        assert_eq!(allowed(rights(&[Write]), None, "bob"), rights(&[Write]), "where it is not told");
    }
}
