//! Sticks: how they get their key, how a copy of one shows, and what they tell about their line.

mod activation;
mod generation;
mod lines;

use fernamt_api::stick::{Hello, LineQuality, StickRefusal, VERSION};
use fernamt_domain::{
    DeviceId, DeviceKind, DeviceState, DomainEvent, SessionFacts,
    audit::{AuditEvent, AuditKind, Outcome},
    name::spelled,
};
use fernamt_store::{StickLineRecord, StickRecord, StoreError, TenantStore, Work};

pub use activation::{LIFETIME, NotOrdered, Ordered};
pub(crate) use lines::Lines;

use crate::{
    Identity,
    stick::generation::{Generations, Presented},
};

/// The most characters that are kept of what a stick says about its program and its system.
const MAX_WORD_CHARS: usize = 40;

/// The answer to a stick's first words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Greeting {
    /// It is let in and keeps this generation from now on.
    Welcome {
        /// The generation.
        generation: u64,
    },
    /// It is not let in.
    Refused(StickRefusal),
}

impl Identity {
    /// Answers the first words of a stick that has signed in. A copy suspends the stick and raises the alarm.
    pub async fn stick_hello(
        &self,
        tenant: &TenantStore,
        facts: &SessionFacts,
        hello: &Hello,
    ) -> Result<Greeting, StoreError> {
        if hello.version != VERSION {
            return Ok(Greeting::Refused(StickRefusal::Outdated));
        }
        let (DeviceKind::Stick, Some(device)) = (facts.device_kind, facts.device) else {
            return Ok(Greeting::Refused(StickRefusal::Unavailable));
        };
        let mut work = tenant.begin().await?;
        // Held first, so that of two who come at the same moment the second meets what the first has left.
        let stick = work.sticks().locked(device).await?;
        let record = work.devices().get(device).await?;
        if record.state != DeviceState::Approved {
            return Ok(Greeting::Refused(StickRefusal::Unavailable));
        }
        let (next, remark) = match generations(&stick).present(hello.generation) {
            Presented::Known(next) => (next, None),
            Presented::Again(next) => (next, Some("stick_generation_repeated")),
            Presented::TakenOver(next) => (next, Some("stick_generation_taken_over")),
            Presented::Copied => {
                self.suspend_copied(work, facts, device, stick, hello).await?;
                return Ok(Greeting::Refused(StickRefusal::Copied));
            }
        };
        let kept = StickRecord {
            generation: next.current,
            previous_generation: next.previous,
            highest_generation: next.highest,
            takes_over: next.takes_over,
            program: Some(short(&hello.program)),
            system: Some(short(&hello.system)),
            ..stick
        };
        work.sticks().replace(&kept).await?;
        if let Some(action) = remark {
            let event = AuditEvent::new(AuditKind::Device, action, Outcome::Success);
            work.record(event.about(facts.person).session(facts.session).device(device));
        }
        work.commit().await?;
        Ok(Greeting::Welcome { generation: next.current })
    }

    /// A stick has written the generation down that it was given: from now on whoever comes with the one before it has a
    /// copy.
    pub async fn stick_kept(
        &self,
        tenant: &TenantStore,
        facts: &SessionFacts,
        generation: u64,
    ) -> Result<(), StoreError> {
        let (DeviceKind::Stick, Some(device)) = (facts.device_kind, facts.device) else { return Ok(()) };
        let work = tenant.begin().await?;
        let stick = work.sticks().locked(device).await?;
        let Some(next) = generations(&stick).kept(generation) else { return Ok(()) };
        work.sticks().replace(&StickRecord { previous_generation: next.previous, ..stick }).await?;
        work.commit().await
    }

    /// Notes how a stick's line does, once in a while: its last state is kept, not its history.
    pub async fn note_stick_line(
        &self,
        tenant: &TenantStore,
        facts: &SessionFacts,
        quality: &LineQuality,
    ) -> Result<(), StoreError> {
        let (DeviceKind::Stick, Some(device)) = (facts.device_kind, facts.device) else { return Ok(()) };
        let now = self.clock.now();
        if !self.lines.is_due(tenant.id(), device, now) {
            return Ok(());
        }
        let line = StickLineRecord {
            device,
            measured_on: now.date(),
            round_trip_ms: quality.round_trip_ms,
            loss_permille: quality.loss_permille.min(1000),
            outages: quality.outages,
            transport: quality.transport.as_str().to_owned(),
        };
        let work = tenant.begin().await?;
        work.sticks().set_line(&line).await?;
        work.commit().await
    }

    async fn suspend_copied(
        &self,
        mut work: Work,
        facts: &SessionFacts,
        device: DeviceId,
        stick: StickRecord,
        hello: &Hello,
    ) -> Result<(), StoreError> {
        work.devices().set_state(device, DeviceState::Suspended, None).await?;
        work.sticks().replace(&StickRecord { copied_at: Some(self.clock.now()), ..stick }).await?;
        for session in work.sessions().end_of_device(device).await? {
            work.publish(DomainEvent::SessionEnded { session });
        }
        let event = AuditEvent::new(AuditKind::Alarm, "stick_copied", Outcome::Denied)
            .about(facts.person)
            .session(facts.session)
            .device(device)
            .details(serde_json::json!({ "presented": hello.generation, "expected": stick.generation }));
        work.record(event);
        work.publish(DomainEvent::DeviceChanged { device });
        work.commit().await?;
        tracing::warn!(%device, "A copy of a stick was used: the stick was suspended");
        Ok(())
    }
}

fn generations(stick: &StickRecord) -> Generations {
    Generations {
        current: stick.generation,
        previous: stick.previous_generation,
        highest: stick.highest_generation,
        takes_over: stick.takes_over,
    }
}

/// What a stick says about itself, as far as it is kept: readable and short.
fn short(text: &str) -> String {
    spelled(&text.chars().take(MAX_WORD_CHARS).collect::<String>()).chars().take(MAX_WORD_CHARS).collect()
}
