//! One round of a mirror: what the server has comes first, then what the index has goes there.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use fernamt_domain::{EmailId, MailAccountId, MailboxId};
use fernamt_mailhost::imap::{FolderName, Imap};
use fernamt_store::TenantStore;
use time::OffsetDateTime;

use super::{
    MailServer, MirrorError,
    absence::Pace,
    fetch::Gone,
    folders::{Agreed, Place},
    layout::Layout,
    left_out::LeftOut,
};
use crate::Mail;

/// An account that is mirrored.
pub(super) struct Mirror {
    pub(super) mail: Arc<Mail>,
    pub(super) tenant: TenantStore,
    pub(super) account: MailAccountId,
    pub(super) server: Arc<MailServer>,
    /// The name by which the server knows the mailbox.
    pub(super) user: String,
    /// The conversation that goes on in the next round. It is never waited for: a lock lets threads share the rest.
    imap: Mutex<Option<Imap>>,
    pub(super) round_began: OffsetDateTime,
    /// Up to which change of the account everything was carried; unknown before the first round.
    pub(super) carried: Option<u64>,
    /// Messages that something is still to be done for.
    pub(super) again: BTreeSet<EmailId>,
    /// Whether some of that can be done in a moment.
    pub(super) is_soon: bool,
    /// Whether a folder is read again later, because something is on its way that may be what is gone from it.
    pub(super) is_held: bool,
    /// Whether INBOX was not as the last round but one had left it.
    pub(super) was_unknown: bool,
    /// Whether a folder waits for another one to go.
    pub(super) is_unfinished: bool,
    /// Messages that ended a conversation when they were fetched, by their folder and number.
    pub(super) unreadable: BTreeSet<(MailboxId, u32)>,
    /// Folders of which something could not be taken in.
    pub(super) left_out: LeftOut,
    /// Folders of which the log says that they cannot be read.
    told: BTreeSet<MailboxId>,
    /// Folders that the server refused, and when.
    pub(super) refused: BTreeMap<MailboxId, OffsetDateTime>,
    /// When the server is spoken to about the absence.
    pub(super) absence: Pace,
}

impl Mirror {
    /// The mirror of an account; none if its mailbox does not lie on the server.
    pub(super) async fn of(
        mail: Arc<Mail>,
        tenant: TenantStore,
        account: MailAccountId,
    ) -> Result<Option<Self>, fernamt_store::StoreError> {
        let Some(server) = mail.server_of(&tenant).await? else { return Ok(None) };
        let Some(record) = tenant.mail_accounts().these(&[account]).await?.pop() else { return Ok(None) };
        let Some(user) = server.user_of(&record.address).map(str::to_owned) else { return Ok(None) };
        Ok(Some(Self {
            round_began: mail.parts.clock.now(),
            mail,
            tenant,
            account,
            server,
            user,
            imap: Mutex::default(),
            carried: None,
            again: BTreeSet::new(),
            is_soon: false,
            is_held: false,
            was_unknown: false,
            is_unfinished: false,
            unreadable: BTreeSet::new(),
            left_out: LeftOut::default(),
            told: BTreeSet::new(),
            refused: BTreeMap::new(),
            absence: Pace::default(),
        }))
    }

    /// Whether something is still to be done in a moment that no change will tell of.
    pub(super) fn is_waiting(&self) -> bool {
        self.is_unfinished || self.is_soon || self.is_held
    }

    /// Takes over what changed on the server, then carries what changed here. Whatever breaks off is done in a later round.
    pub(super) async fn round(&mut self) -> Result<(), MirrorError> {
        let turn = self.mail.mirrors.turn(self.account);
        let _turn = turn.lock().await;
        self.round_began = self.mail.parts.clock.now();
        // Held apart from the mirror, so that a conversation that broke off is not gone on with.
        let mut imap = match self.waiting().take().filter(Imap::is_usable) {
            Some(imap) => imap,
            None => Imap::connect(&self.server.imap, &self.server.login(&self.user)).await?,
        };
        let layout = Layout::of(imap.folders().await?);
        let agreed = self.agree(&layout).await?;
        // Before all that may take long or break off. The server made a mailbox with the first sign-in to IMAP, and keeps no
        // scripts without one; what is to be told of it has an inbox here.
        self.settle_absence().await?;
        self.fetch(&mut imap, agreed).await?;
        let ways = self.carry_folders(&mut imap, &layout).await?;
        self.carry(&mut imap, &ways).await?;
        self.bury_there(&mut imap, &layout).await?;
        self.keep(imap);
        Ok(())
    }

    async fn fetch(&mut self, imap: &mut Imap, agreed: Agreed) -> Result<(), MirrorError> {
        let (mut gone, mut differences, mut quiet) = (Gone::default(), Vec::new(), Vec::new());
        self.left_out.begin(self.round_began);
        for place in agreed.places {
            let place = Place { base: self.left_out.base(place.base), ..place };
            match self.difference(imap, place.clone()).await {
                Ok(Some(difference)) => differences.push(difference),
                Ok(None) => quiet.push(place),
                Err(error) => self.leave(place.base.mailbox, error)?,
            }
        }
        for difference in &mut differences {
            gone.add(std::mem::take(&mut difference.gone));
        }
        for base in &agreed.gone {
            gone.add(self.tenant.mail_mirrors().in_folder(base.mailbox).await?);
        }
        let mut unread = BTreeSet::new();
        for one in &differences {
            if let Err(error) = self.take_in(imap, &one.place, &one.new, one.read.uid_validity, &mut gone).await {
                self.leave(one.read.mailbox, error)?;
                unread.insert(one.read.mailbox);
            }
        }
        if !gone.0.is_empty() {
            // What was moved while this was read may lie in a folder that was read before.
            let now = Layout::of(imap.folders().await?);
            let next = |wire: &str| {
                let seen = now.seen.iter().find(|seen| seen.wire == wire);
                seen.and_then(|seen| seen.state.as_ref()).map_or(0, |state| state.uid_next)
            };
            let read = differences.iter().map(|one| (&one.place, one.read.uid_validity, one.read.uid_next));
            let all: Vec<_> =
                read.chain(quiet.iter().map(|one| (one, one.state.uid_validity, one.state.uid_next))).collect();
            for (place, validity, from) in all {
                if next(place.name.as_wire()) > from
                    && let Err(error) = self.take_in_since(imap, place, (from, validity), &mut gone).await
                {
                    self.leave(place.base.mailbox, error)?;
                    unread.insert(place.base.mailbox);
                }
            }
        }
        let held = gone.hold(&unread);
        let mut later = self.settle_gone(gone).await?;
        self.is_held = !later.is_empty();
        later.extend(held.into_iter().chain(unread));
        for one in &differences {
            self.settle_marks(&one.marked).await?;
            if !later.contains(&one.read.mailbox)
                && let Some(read) = self.left_out.whole(one.read.clone(), self.round_began)
            {
                let work = self.tenant.begin().await?;
                work.mail_mirrors().put_folder(&read).await?;
                work.commit().await?;
            }
        }
        Ok(self.bury(&agreed.gone).await?)
    }

    async fn take_in_since(
        &mut self,
        imap: &mut Imap,
        place: &Place,
        (from, validity): (u32, u32),
        gone: &mut Gone,
    ) -> Result<(), MirrorError> {
        let new = self.since(imap, place, from).await?;
        self.take_in(imap, place, &new, validity, gone).await
    }

    /// Leaves a folder for the next round that the server refuses to read, which says nothing about the others.
    fn leave(&mut self, mailbox: MailboxId, error: MirrorError) -> Result<(), MirrorError> {
        match error {
            MirrorError::Server(error) if error.is_refusal() => {
                if self.told.insert(mailbox) {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(account = %self.account, %mailbox, error, "A folder of the mail server cannot be read");
                }
                Ok(())
            }
            error => Err(error),
        }
    }

    /// Looks into INBOX, to wait there. Tells whether it is as the last round left it.
    pub(super) async fn settle_down(&mut self) -> Result<Option<(Imap, bool)>, MirrorError> {
        let Some(mut imap) = self.waiting().take() else { return Ok(None) };
        let inbox = FolderName::of("INBOX");
        let selected = imap.select(&inbox, false).await?;
        let bases = self.tenant.mail_mirrors().folders(self.account).await?;
        let known = bases.iter().find(|base| base.wire == inbox.as_wire());
        let is_known = known.is_some_and(|base| {
            (base.uid_validity, base.uid_next, base.messages, base.modseq)
                == (selected.uid_validity, selected.uid_next, selected.messages, selected.highest_modseq)
        });
        Ok(Some((imap, is_known)))
    }

    /// Takes a conversation back that was used to wait.
    pub(super) fn keep(&mut self, imap: Imap) {
        *self.waiting() = Some(imap);
    }

    fn waiting(&mut self) -> &mut Option<Imap> {
        self.imap.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}
