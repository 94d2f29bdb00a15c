//! Writing down what somebody may do, here and as what both sides agreed on.

use fernamt_domain::{
    DomainEvent,
    audit::{AuditEvent, AuditKind, Outcome},
    mail::MailRights,
};
use fernamt_store::{MirrorRightsRecord, StoreError};

use super::{
    letter::{BY_LETTER, Letter},
    rights_one::One,
    round::Mirror,
};

/// How much of a name a letter shows.
const MAX_NAME_LETTERS: usize = 200;

impl Mirror {
    /// Grants exactly these rights here, or revokes all, and remembers what the server has. Tells whether it did: what was
    /// changed here meanwhile is looked at anew.
    pub(super) async fn note_rights(
        &self,
        one: &mut One,
        rights: MailRights,
        base: &MirrorRightsRecord,
        letter: Option<&Letter>,
    ) -> Result<bool, StoreError> {
        let is_over = base.rights.is_empty() && !base.begun;
        let is_known = one.base.as_ref().map_or(is_over, |known| known == base);
        if rights == one.granted && is_known && letter.is_none() {
            return Ok(true);
        }
        let mut work = self.tenant.begin().await?;
        let account = work.mail_accounts().take(self.account).await?;
        if let Some(person) = one.person {
            let now = work.mail_grants().get(account.id, person).await?;
            if now.map_or(MailRights::NONE, |grant| grant.rights) != one.granted {
                return Ok(false);
            }
            // Nobody of ours did it, so the entry names nobody who did.
            let entry = AuditEvent::new(AuditKind::Mail, "mail_rights_by_server", Outcome::Success);
            let done = if rights == one.granted {
                Ok(())
            } else if rights.is_empty() {
                work.unshare_mail(account.id, person, entry).await
            } else {
                work.share_mail(account.id, person, rights, entry).await.map(|_| ())
            };
            match done {
                Err(StoreError::NotFound("person")) => return Ok(false),
                done => done?,
            }
        }
        if is_over {
            work.mail_mirrors().end_rights(account.id, &one.login).await?;
        } else {
            work.mail_mirrors().put_rights(base).await?;
        }
        let mut is_untold = one.is_untold;
        if let Some(letter) = letter {
            let change = work.mail_accounts().change(account.id).await?;
            is_untold = !letter.put(&self.mail, &work, change, &account).await?;
            if is_untold {
                tracing::warn!(account = %account.id, "There is no room for a letter about rights that the mail server refused");
            } else {
                work.mail_accounts().touch(change, &BY_LETTER).await?;
                work.publish(DomainEvent::MailChanged { account: account.id });
            }
        }
        work.commit().await?;
        (one.granted, one.base, one.is_untold) = (rights, (!is_over).then(|| base.clone()), is_untold);
        Ok(true)
    }

    /// What a person is called in a letter.
    pub(super) async fn name_of(&self, one: &One) -> Result<String, StoreError> {
        let Some(person) = one.person else { return Ok(one.login.clone()) };
        match self.tenant.people().get(person).await {
            Ok(person) => Ok(format!("{} ({})", person.display_name, one.login)),
            Err(StoreError::NotFound(_)) => Ok(one.login.clone()),
            Err(error) => Err(error),
        }
    }
}

/// What is left at the server of what it refused to give or to take away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// What was granted here is given nowhere.
    Nothing,
    /// What was granted here is given on some folders, and cannot be taken back there.
    OnSomeFolders,
    /// What ended here goes on.
    AfterTheEnd,
}

/// A letter about rights that the server did not give, or did not take away.
pub(super) fn refusal(name: &str, left: Left) -> Letter {
    let name: String = name.chars().filter(|letter| !letter.is_control()).take(MAX_NAME_LETTERS).collect();
    let (subject, german, english) = match left {
        Left::AfterTheEnd => (
            "Zugang nur hier beendet / Access ended here only",
            "Was dieser Person hier genommen wurde, kann sie hier nicht mehr. Der Mailserver hat aber abgelehnt, es ihr auch \
             dort zu nehmen: Mit anderen Mailprogrammen kann sie es vielleicht noch. Bitte wenden Sie sich an Ihre \
             Administration.",
            "What was taken from this person here they cannot do here any more. But the mail server refused to take it away \
             there, too: with other mail programs they may still be able to. Please turn to your administration.",
        ),
        Left::OnSomeFolders => (
            "Rechte nur in manchen Ordnern / Rights on some folders only",
            "Der Mailserver hat abgelehnt, dieser Person die Rechte in allen Ordnern zu geben. Sie wurden hier zurückgenommen. \
             In manchen Ordnern hat er sie aber gegeben und nimmt sie nicht zurück: Mit anderen Mailprogrammen gelten sie dort \
             vielleicht noch. Bitte wenden Sie sich an Ihre Administration.",
            "The mail server refused to give this person the rights on all folders. They were taken back here. But it gave \
             them on some folders and does not take them back: with other mail programs they may still hold there. Please \
             turn to your administration.",
        ),
        Left::Nothing => (
            "Rechte wurden nicht gegeben / Rights were not given",
            "Der Mailserver hat abgelehnt, dieser Person die Rechte im Postfach zu geben. Sie wurden hier zurückgenommen. Bitte \
             wenden Sie sich an Ihre Administration.",
            "The mail server refused to give this person the rights in the mailbox. They were taken back here. Please turn to \
             your administration.",
        ),
    };
    Letter { subject, german: format!("{name}\n\n{german}"), english: english.to_owned() }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::message::envelope::parse;

    #[test]
    fn a_letter_names_the_person_whatever_the_name_holds() {
        for left in [Left::Nothing, Left::OnSomeFolders, Left::AfterTheEnd] {
            let name = format!("Bob\r\nTo: <eva@amt.test>{}", "ü".repeat(2_000));
            let raw = refusal(&name, left).raw("ada@amt.test", "7", datetime!(2026-11-23 06:00 UTC));
            let letter = parse(&raw);
            let text = letter.body_text(0).expect("a text");
            assert!(text.starts_with("BobTo: <eva@amt.test>ü") && text.contains("Bitte wenden Sie sich an"), "{text}");
            assert!(raw.split(|byte| *byte == b'\n').all(|line| line.len() < 998));
        }
    }
}
