//! One client that listens: what it hears, in which order, and until when.
//!
//! Nothing is kept for a client that reads slowly. The line is asked for the next event only when there is room for it, and
//! reads the states then; what the store's bus told meanwhile is one mark, and beyond the bus's own limit the word that
//! something was missed.

use std::{collections::BTreeSet, convert::Infallible, sync::Arc};

use axum::response::sse::Event;
use fernamt_domain::{DeviceKind, DeviceState, DomainEvent, LiveGrant, PersonId, SessionFacts, event::TenantEvent};
use fernamt_store::{Notice, StoreError, Subscription, TenantStore};
use futures_util::{Stream, stream::unfold};
use serde_json::{Value, json};

use super::{
    pace::{Beat, Pace},
    places::Place,
    states::{Kinds, States},
};
use crate::{
    Mail,
    account::{OpenAccount, OpenAccounts},
    jmap::session,
};

/// What a client wants to hear.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// Of which kinds of objects.
    pub(crate) kinds: Kinds,
    /// Whether the line ends after changes were told once.
    pub(crate) once: bool,
    /// After how many seconds without a word a ping comes; none for 0.
    pub(crate) ping_s: u64,
    /// The last event that the client knows of.
    pub(crate) known: Option<String>,
}

/// A client that listens.
pub(crate) struct Line {
    mail: Arc<Mail>,
    tenant: TenantStore,
    facts: SessionFacts,
    grant: LiveGrant,
    _place: Place,
    bus: Subscription,
    wanted: Wanted,
    pace: Pace,
    told: States,
    /// Which accounts were open when the line began, and what might be done in them.
    open: String,
    /// Whose accounts those are.
    owners: BTreeSet<PersonId>,
    begun: bool,
    /// Whether states may have changed since they were told.
    stale: bool,
    /// Whether other accounts may be open than when the line began. A directory may change hundreds of groups at once: that is
    /// asked about once after all of them, and paced like changes.
    unsure: bool,
    over: bool,
}

/// What there is to be done on a line.
#[derive(Debug)]
pub(super) enum Stir {
    /// It may not go on.
    Over,
    /// Something changed somewhere.
    Heard(Notice),
    /// What changed may be told now.
    Due,
    /// Nothing was said for a while.
    Beat(Beat),
}

/// What is said on a line.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    /// These changes lead to the state of this name.
    Changes { id: String, change: Value },
    /// Nothing changed; this is where the client is.
    Place { id: String },
    /// That somebody is still there.
    Beat(Beat),
}

/// What a notice means for a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Nothing,
    Changed,
    /// The device's approval, or the share of its container, may be gone.
    Device,
    /// Which accounts are open may have changed.
    Accounts,
    Everything,
}

impl Line {
    /// A line on which nothing was said yet, to somebody to whom these accounts are open. They were read after the bus was
    /// subscribed to, so that nothing is missed in between.
    pub(crate) fn new(
        mail: Arc<Mail>,
        tenant: TenantStore,
        facts: SessionFacts,
        accounts: &OpenAccounts,
        (grant, place): (LiveGrant, Place),
        bus: Subscription,
        wanted: Wanted,
    ) -> Self {
        Self {
            mail,
            tenant,
            facts,
            grant,
            _place: place,
            bus,
            pace: Pace::new(wanted.ping_s),
            wanted,
            told: States::default(),
            open: session::state(accounts),
            owners: owners_of(accounts),
            begun: false,
            stale: true,
            unsure: false,
            over: false,
        }
    }

    /// Its events, until the client goes, its grant ends, or something fails: then it asks anew.
    pub(crate) fn events(self) -> impl Stream<Item = Result<Event, Infallible>> + Send {
        unfold(self, |mut line| async move {
            match line.next().await {
                Ok(said) => said.map(|said| (Ok(event_of(said)), line)),
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "Changes of mail cannot be told");
                    None
                }
            }
        })
    }

    /// What is said next; nothing once the line is over.
    async fn next(&mut self) -> Result<Option<Said>, StoreError> {
        while !self.over {
            let stir = self.stirs().await;
            if let Some(said) = self.follow(stir).await? {
                return Ok(Some(said));
            }
        }
        Ok(None)
    }

    /// Waits until there is something to be done. Who stops waiting misses nothing.
    pub(super) async fn stirs(&mut self) -> Stir {
        tokio::select! {
            biased;
            _ = self.grant.ended() => Stir::Over,
            notice = self.bus.next() => notice.map_or(Stir::Over, Stir::Heard),
            () = self.pace.changes(), if self.stale || self.unsure => Stir::Due,
            beat = self.pace.beat() => Stir::Beat(beat),
        }
    }

    /// Does what there is to be done, to its end.
    pub(super) async fn follow(&mut self, stir: Stir) -> Result<Option<Said>, StoreError> {
        match stir {
            Stir::Over => self.over = true,
            Stir::Heard(notice) => {
                let heard = self.heard(&notice);
                self.stale |= matches!(heard, Heard::Changed | Heard::Everything);
                self.over |= match heard {
                    // Whoever may go on begins a new line, and asks on the way what became of the container.
                    Heard::Device if self.facts.device_kind == DeviceKind::Browser => true,
                    Heard::Device | Heard::Everything => !self.is_approved().await?,
                    Heard::Nothing | Heard::Changed | Heard::Accounts => false,
                };
                self.unsure |= matches!(heard, Heard::Accounts | Heard::Everything);
            }
            Stir::Due if !self.begun && !self.is_approved().await? => self.over = true,
            Stir::Due if self.stale => return self.changes().await,
            Stir::Due => self.over = self.has_other_accounts().await?,
            Stir::Beat(beat) => {
                self.pace.said();
                return Ok(Some(Said::Beat(beat)));
            }
        }
        Ok(None)
    }

    /// Whether nothing more is said.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Waits until the line may not go on.
    pub(super) async fn ended(&self) {
        self.grant.ended().await;
    }

    /// Begins to listen anew: to other kinds of objects, from a state on.
    pub(super) fn listen(&mut self, kinds: Kinds, known: Option<String>) {
        (self.wanted.kinds, self.wanted.known) = (kinds, known);
        (self.told, self.begun, self.stale) = (States::default(), false, true);
    }

    fn heard(&self, notice: &Notice) -> Heard {
        let Notice::Event(TenantEvent { tenant, event }) = notice else { return Heard::Everything };
        if *tenant != self.tenant.id() {
            return Heard::Nothing;
        }
        match event {
            DomainEvent::MailChanged { account } if self.told.has(*account) || !self.begun => Heard::Changed,
            DomainEvent::DeviceChanged { device } if Some(*device) == self.facts.device => Heard::Device,
            DomainEvent::MailRightsChanged { person, .. } if *person == self.facts.person => Heard::Accounts,
            // Their accounts go with people who are removed.
            DomainEvent::PersonChanged { person } if self.owners.contains(person) => Heard::Accounts,
            // They say whether pictures come in, and which features people have by their groups.
            DomainEvent::SettingsChanged | DomainEvent::GroupChanged { .. } => Heard::Accounts,
            _ => Heard::Nothing,
        }
    }

    /// Whether session, person and device are still such as mail reaches. The grant alone would hold for a device that waits
    /// for approval, and ends a moment after the session.
    pub(super) async fn is_approved(&self) -> Result<bool, StoreError> {
        let facts = self.mail.parts.authoriser.still_present(&self.tenant, &self.facts).await?;
        Ok(facts.is_some_and(|facts| facts.device_state == DeviceState::Approved))
    }

    /// Whether other accounts are open than when the line began, or may be used otherwise. The client reads the session
    /// anew then.
    async fn has_other_accounts(&mut self) -> Result<bool, StoreError> {
        self.unsure = false;
        self.pace.looked();
        let accounts = self.mail.accounts_of(&self.tenant, self.facts.person).await?;
        Ok(session::state(&accounts) != self.open)
    }

    /// Reads the states, and tells what the client does not know.
    async fn changes(&mut self) -> Result<Option<Said>, StoreError> {
        (self.stale, self.unsure) = (false, false);
        let accounts = self.mail.accounts_of(&self.tenant, self.facts.person).await?;
        self.owners = owners_of(&accounts);
        if session::state(&accounts) != self.open {
            self.over = true;
            return Ok(None);
        }
        let now = States::of(accounts.iter().map(OpenAccount::to_read), &self.wanted.kinds);
        let begins = !std::mem::replace(&mut self.begun, true);
        let news = now.since(&self.told);
        self.told = now;
        let id = self.told.event_id();
        if begins {
            match &self.wanted.known {
                Some(known) if *known == id => return Ok(None),
                // Who waits for the next change and knows nothing would come back at once, again and again. From this on
                // it knows where it is.
                None if self.wanted.once => {
                    self.pace.said();
                    return Ok(Some(Said::Place { id }));
                }
                _ => {}
            }
        }
        // It may have ended while this was read.
        if news.is_empty() || self.grant.token().is_cancelled() {
            return Ok(None);
        }
        self.pace.told();
        self.over = self.wanted.once;
        Ok(Some(Said::Changes { id, change: news.state_change() }))
    }
}

fn owners_of(accounts: &[OpenAccount]) -> BTreeSet<PersonId> {
    accounts.iter().filter_map(|account| account.to_read().owner).collect()
}

fn event_of(said: Said) -> Event {
    match said {
        Said::Changes { id, change } => Event::default().event("state").id(id).data(change.to_string()),
        Said::Place { id } => Event::default().id(id),
        Said::Beat(Beat::Ping(seconds)) => {
            Event::default().event("ping").data(json!({ "interval": seconds }).to_string())
        }
        Said::Beat(Beat::Silent) => Event::default().comment(""),
    }
}
