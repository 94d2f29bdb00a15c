//! Live grants decided anew, many of them one after the other.

use std::collections::HashMap;

use fernamt_domain::{EndReason, Grant, PersonId, SessionId, Situation, TargetId, TenantId};
use fernamt_policy::{Request, TargetFacts};
use fernamt_store::{StoreError, TenantStore};
use time::OffsetDateTime;

use super::{Authoriser, Ground, Held, Present, Way, reach};

/// What an answer for a grant looks like now.
pub(crate) enum Verdict {
    /// It may go on, at least until then.
    Holds(Held),
    /// It must end.
    Ends(EndReason),
}

/// Many live grants decided anew one after the other: what several of them share is read once. Made after the change
/// it is made for, so that nothing it reads can be older.
pub(crate) struct Round<'a> {
    authoriser: &'a Authoriser,
    now: OffsetDateTime,
    sessions: HashMap<(TenantId, SessionId), Present>,
    targets: HashMap<(TenantId, TargetId), Option<Reachable>>,
    grounds: HashMap<(TenantId, PersonId), Ground>,
}

/// The way to a target, and what rules know of it.
type Reachable = (Way, TargetFacts);

impl<'a> Round<'a> {
    pub(crate) fn new(authoriser: &'a Authoriser) -> Self {
        let now = authoriser.inner.clock.now();
        Self { authoriser, now, sessions: HashMap::new(), targets: HashMap::new(), grounds: HashMap::new() }
    }

    /// What a live grant's answer is now.
    pub(crate) async fn verdict(&mut self, tenant: &TenantStore, grant: &Grant) -> Result<Verdict, StoreError> {
        let (facts, expires_at) = match self.session(tenant, grant).await? {
            Ok(present) => present,
            Err(reason) => return Ok(Verdict::Ends(reason)),
        };
        if self.authoriser.held().get(&grant.id).is_some_and(|held| held.present) {
            return Ok(Verdict::Holds(Held { next_change: Some(expires_at), way: Way::default(), present: true }));
        }
        let Some((way, target)) = self.target(tenant, grant.target).await? else {
            return Ok(Verdict::Ends(EndReason::TargetChanged));
        };
        if self.authoriser.held().get(&grant.id).is_some_and(|held| held.way != way) {
            return Ok(Verdict::Ends(EndReason::TargetChanged));
        }
        let ground = self.ground(tenant, facts.person).await?;
        let situation = Situation { at: self.now, ..grant.situation.clone() };
        let decision = ground.engine.decide(&Request::new(&facts, ground.groups, target, &situation));
        if !decision.allowed {
            return Ok(Verdict::Ends(EndReason::NotAllowed));
        }
        let next_change = Some(decision.next_change.map_or(expires_at, |change| change.min(expires_at)));
        Ok(Verdict::Holds(Held { next_change, way, present: false }))
    }

    async fn session(&mut self, tenant: &TenantStore, grant: &Grant) -> Result<Present, StoreError> {
        let key = (tenant.id(), grant.facts.session);
        if let Some(present) = self.sessions.get(&key) {
            return Ok(present.clone());
        }
        let present = self.authoriser.present(tenant, &grant.facts, self.now).await?;
        self.sessions.insert(key, present.clone());
        Ok(present)
    }

    async fn target(&mut self, tenant: &TenantStore, id: TargetId) -> Result<Option<Reachable>, StoreError> {
        if let Some(known) = self.targets.get(&(tenant.id(), id)) {
            return Ok(known.clone());
        }
        let known = match tenant.targets().get(id).await {
            Ok(record) if record.enabled => Some(reach(tenant, &record).await?),
            Ok(_) | Err(StoreError::NotFound(_)) => None,
            Err(error) => return Err(error),
        };
        self.targets.insert((tenant.id(), id), known.clone());
        Ok(known)
    }

    async fn ground(&mut self, tenant: &TenantStore, person: PersonId) -> Result<Ground, StoreError> {
        if let Some(ground) = self.grounds.get(&(tenant.id(), person)) {
            return Ok(ground.clone());
        }
        let ground = self.authoriser.ground(tenant, person).await?;
        self.grounds.insert((tenant.id(), person), ground.clone());
        Ok(ground)
    }
}
