//! Copies on the server: what is copied, moved and removed there.

use fernamt_domain::MailboxId;
use fernamt_mailhost::{
    Error,
    imap::{Imap, UidSet},
};
use fernamt_store::{MirrorBegunRecord, MirrorMessageRecord};

use super::{MirrorError, carry::Ways, round::Mirror, step::Step};

/// How many messages go in one command: as many single numbers as surely fit into one line.
const AT_ONCE: usize = 400;

impl Mirror {
    pub(super) async fn transfer(
        &self,
        imap: &mut Imap,
        ways: &Ways,
        (from, to, moves): (MailboxId, MailboxId, bool),
        copies: &[MirrorMessageRecord],
    ) -> Result<(), MirrorError> {
        for part in copies.chunks(AT_ONCE) {
            let at = self.mail.parts.clock.now();
            let begun = |copy: &MirrorMessageRecord| MirrorBegunRecord {
                mailbox: to,
                email: copy.email,
                account: self.account,
                flags: copy.flags.clone(),
                at,
                refused: false,
            };
            let begun: Vec<_> = part.iter().map(begun).collect();
            self.note_begun(begun.clone()).await?;
            let uids: UidSet = part.iter().map(|copy| copy.uid).collect();
            let name = ways.name(to)?;
            let done = match self.enter(imap, ways, from).await {
                Ok(()) if moves => imap.relocate(&uids, &name).await.map_err(Into::into),
                Ok(()) => imap.copy(&uids, &name).await.map_err(Into::into),
                Err(error) => Err(error),
            };
            let told = match done {
                Ok(told) => told,
                Err(error) => {
                    if let Err(error) = refusal::<()>(Err(error)) {
                        self.note_unanswered(begun).await?;
                        return Err(error);
                    }
                    self.undo_transfer((from, to, moves), part).await?;
                    continue;
                }
            };
            let told = told.filter(|told| told.uid_validity == ways.validity(to));
            let work = self.tenant.begin().await?;
            for (old, new) in told.into_iter().flat_map(|told| told.uids) {
                let Some(copy) = part.iter().find(|copy| copy.uid == old) else { continue };
                if moves {
                    work.mail_mirrors().remove_message(copy).await?;
                }
                let copy = MirrorMessageRecord { mailbox: to, uid: new, ..copy.clone() };
                work.mail_mirrors().put_message(&copy).await?;
            }
            work.commit().await?;
        }
        Ok(())
    }

    /// Puts messages back where the server has them.
    async fn undo_transfer(
        &self,
        (from, to, moves): (MailboxId, MailboxId, bool),
        copies: &[MirrorMessageRecord],
    ) -> Result<(), MirrorError> {
        let mut step = Step::begin(&self.tenant, self.account).await?;
        let back = moves && step.work.mailboxes().has(self.account, from).await?;
        for copy in copies {
            step.work.mail_mirrors().end(to, copy.email).await?;
            let known = step.known(&[copy.email]).await?;
            let Some(email) = known.emails.get(&copy.email) else { continue };
            let was_in = known.folders_of(email.id);
            let mut mailboxes = was_in.clone();
            mailboxes.remove(&to);
            if back {
                mailboxes.insert(from);
            }
            if !mailboxes.is_empty() {
                step.update(email, was_in, email.keywords.clone(), mailboxes).await?;
            }
        }
        step.commit().await?;
        self.tell_refused("a move");
        Ok(())
    }

    pub(super) async fn remove(
        &self,
        imap: &mut Imap,
        ways: &Ways,
        mailbox: MailboxId,
        copies: &[MirrorMessageRecord],
    ) -> Result<(), MirrorError> {
        let uids: UidSet = copies.iter().map(|copy| copy.uid).collect();
        let done = match self.enter(imap, ways, mailbox).await {
            Ok(()) => imap.expunge(&uids).await.map_err(Into::into),
            Err(error) => Err(error),
        };
        let refused = refusal(done)?;
        let work = self.tenant.begin().await?;
        for copy in copies {
            work.mail_mirrors().remove_message(copy).await?;
        }
        if refused {
            // What is still there comes back with the next look into the folder.
            work.mail_mirrors().read_anew(mailbox).await?;
            self.tell_refused("a removal");
        }
        Ok(work.commit().await?)
    }
}

/// Whether the server said no. Any other fault ends the round.
pub(super) fn refusal<T>(done: Result<T, MirrorError>) -> Result<bool, MirrorError> {
    match done {
        Ok(_) => Ok(false),
        Err(MirrorError::Server(error)) if error.is_refusal() => Ok(true),
        Err(error) => Err(error),
    }
}

/// Whether the server may say yes to the same in a moment (RFC 5530).
pub(super) fn is_temporary(error: &Error) -> bool {
    let Error::Refused { code: Some(code), .. } = error else { return false };
    ["INUSE", "UNAVAILABLE", "SERVERBUG"].contains(&code.as_str())
}
