//! Copies on the server: what is copied, moved and removed there.

use fernamt_domain::MailboxId;
use fernamt_mailhost::{
    Error,
    imap::{Imap, UidSet},
};
use fernamt_store::{MirrorBegunRecord, MirrorMessageRecord};

use super::{MirrorError, carry::Ways, round::Mirror, step::Step};

/// How many messages go in one command: as many single numbers as surely fit into one line.
pub(super) const AT_ONCE: usize = 400;

impl Mirror {
    /// Copies or moves messages on the server, as many as go in one command.
    pub(super) async fn transfer(
        &self,
        imap: &mut Imap,
        ways: &Ways,
        (from, to, moves): (MailboxId, MailboxId, bool),
        copies: &[MirrorMessageRecord],
    ) -> Result<Answer, MirrorError> {
        let at = self.mail.parts.clock.now();
        let begun = |copy: &MirrorMessageRecord| MirrorBegunRecord {
            mailbox: to,
            email: copy.email,
            account: self.account,
            flags: copy.flags.clone(),
            at,
            refused: false,
        };
        let begun: Vec<_> = copies.iter().map(begun).collect();
        self.note_begun(begun.clone()).await?;
        let uids: UidSet = copies.iter().map(|copy| copy.uid).collect();
        let name = ways.name(to)?;
        let done = match self.enter(imap, ways, from).await {
            Ok(()) if moves => imap.relocate(&uids, &name).await.map_err(Into::into),
            Ok(()) => imap.copy(&uids, &name).await.map_err(Into::into),
            Err(error) => Err(error),
        };
        let told = match done {
            Ok(told) => told,
            Err(error) => {
                return match answer_of::<()>(Err(error)) {
                    Ok(Answer::Later) => {
                        let work = self.tenant.begin().await?;
                        for copy in copies {
                            work.mail_mirrors().end(to, copy.email).await?;
                        }
                        work.commit().await?;
                        Ok(Answer::Later)
                    }
                    Ok(answer) => {
                        self.undo_transfer((from, to, moves), copies).await?;
                        Ok(answer)
                    }
                    Err(error) => {
                        self.note_unanswered(begun).await?;
                        Err(error)
                    }
                };
            }
        };
        let told = told.filter(|told| told.uid_validity == ways.validity(to));
        let work = self.tenant.begin().await?;
        for (old, new) in told.into_iter().flat_map(|told| told.uids) {
            let Some(copy) = copies.iter().find(|copy| copy.uid == old) else { continue };
            if moves {
                work.mail_mirrors().remove_message(copy).await?;
            }
            let copy = MirrorMessageRecord { mailbox: to, uid: new, ..copy.clone() };
            work.mail_mirrors().put_message(&copy).await?;
        }
        work.commit().await?;
        Ok(Answer::Done)
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
    ) -> Result<Answer, MirrorError> {
        let uids: UidSet = copies.iter().map(|copy| copy.uid).collect();
        let done = match self.enter(imap, ways, mailbox).await {
            Ok(()) => expunge(imap, &uids).await.map_err(Into::into),
            Err(error) => Err(error),
        };
        let answer = answer_of(done)?;
        if answer == Answer::Later {
            return Ok(answer);
        }
        let work = self.tenant.begin().await?;
        for copy in copies {
            work.mail_mirrors().remove_message(copy).await?;
        }
        if answer == Answer::Refused {
            // What is still there comes back with the next look into the folder.
            work.mail_mirrors().read_anew(mailbox).await?;
            self.tell_refused("a removal");
        }
        work.commit().await?;
        Ok(answer)
    }
}

/// Removes messages. What the server keeps is not left to be removed by the next program that clears up.
async fn expunge(imap: &mut Imap, uids: &UidSet) -> Result<(), Error> {
    let done = imap.expunge(uids).await;
    if let Err(Error::Refused { .. } | Error::Misunderstood(_)) = done {
        match imap.change_flags(uids, &[], &["\\Deleted".to_owned()]).await {
            Err(error) if !error.is_refusal() => return Err(error),
            _ => {}
        }
    }
    done
}

/// What the server said to a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is done.
    Done,
    /// No, and what is wanted is undone here.
    Refused,
    /// Not now.
    Later,
}

/// What the server said. Any other fault ends the round.
pub(super) fn answer_of<T>(done: Result<T, MirrorError>) -> Result<Answer, MirrorError> {
    match done {
        Ok(_) => Ok(Answer::Done),
        Err(MirrorError::Server(error)) if is_temporary(&error) => Ok(Answer::Later),
        Err(MirrorError::Server(error)) if error.is_refusal() => Ok(Answer::Refused),
        Err(error) => Err(error),
    }
}

/// Whether the server may say yes to the same in a moment (RFC 5530).
pub(super) fn is_temporary(error: &Error) -> bool {
    let Error::Refused { code: Some(code), .. } = error else { return false };
    ["INUSE", "UNAVAILABLE", "SERVERBUG"].contains(&code.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_done_now_is_not_undone() {
        let answer = |code: &str| {
            let error = Error::Refused { code: Some(code.to_owned()), text: String::new() };
            answer_of::<()>(Err(error.into())).expect("an answer")
        };
        for code in ["INUSE", "UNAVAILABLE", "SERVERBUG"] {
            assert_eq!(answer(code), Answer::Later);
        }
        assert_eq!((answer("NOPERM"), answer("OVERQUOTA")), (Answer::Refused, Answer::Refused));
        assert!(answer_of::<()>(Err(Error::Silent.into())).is_err());
        assert_eq!(answer_of(Ok(())).expect("an answer"), Answer::Done);
    }
}
