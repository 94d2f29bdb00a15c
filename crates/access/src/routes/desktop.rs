//! The desktop's WebSocket: redeems the ticket, takes the decision, and relays.
//!
//! A page cannot read why a WebSocket was refused before it stood, so it is accepted first and every refusal is told by
//! a close code. Only a foreign `Origin` is turned away outright.

use std::sync::Arc;

use axum::{
    extract::{State, WebSocketUpgrade, ws::WebSocket},
    response::Response,
};
use fernamt_api::targets::DesktopQuery;
use fernamt_domain::{EndReason, LiveGrant, TargetId, audit::Outcome as AuditOutcome};
use fernamt_http::{ApiError, Query, Session, egress::EgressGuard};
use fernamt_identity::own_targets;
use fernamt_store::StoreError;
use ironrdp_pdu::rdp::server_redirection::ServerRedirectionPdu;

use crate::{
    Access,
    desktop::{
        broker::{self, Next},
        outcome::Outcome,
        relay::{self, Desktop, MAX_MESSAGE_BYTES},
    },
    gate::{ConnectionNote, Refused, Target},
    tls::Fingerprint,
};

pub(super) async fn connect(
    State(access): State<Arc<Access>>,
    session: Result<Session, ApiError>,
    Query(query): Query<DesktopQuery>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let upgrade = upgrade.max_message_size(MAX_MESSAGE_BYTES).max_frame_size(MAX_MESSAGE_BYTES);
    let Ok(session) = session else {
        let ended = Outcome::GrantEnded(EndReason::SessionEnded);
        return upgrade.on_upgrade(async move |socket| relay::refuse(socket, &ended).await);
    };
    let (tenant, facts) = (session.site.tenant.id(), session.facts.clone());
    let ticket = access.tickets.redeem(query.ticket.expose(), |ticket| {
        ticket.tenant == tenant && ticket.session == facts.session && ticket.person == facts.person
    });
    let Some(ticket) = ticket else {
        return upgrade.on_upgrade(async move |socket| relay::refuse(socket, &Outcome::TicketInvalid).await);
    };
    upgrade.on_upgrade(async move |socket| {
        let visit = Visit { access, session, opened: ticket.target };
        visit.run(socket).await;
    })
}

/// One person at one desktop.
struct Visit {
    access: Arc<Access>,
    session: Session,
    /// The target that the person opened; a broker may have chosen another one since.
    opened: TargetId,
}

impl Visit {
    async fn run(&self, socket: WebSocket) {
        let tenant = self.session.site.tenant.id();
        let next = self.access.redirections.take(self.session.facts.session, self.opened);
        let (target, grant, desktop) = match self.admit(next).await {
            Ok(admitted) => admitted,
            Err(outcome) => return relay::refuse(socket, &outcome).await,
        };
        self.note(target.id, true, "desktop_opened", AuditOutcome::Success).await;
        let gate = &self.access.gate;
        let learn = async |certificate: Vec<u8>| match gate.learn(tenant, target.id, &certificate).await {
            Ok(pinned) if pinned == Fingerprint::of(&certificate) => Ok(()),
            Ok(_) => Err(Outcome::CertificateChanged),
            Err(_) => Err(Outcome::Internal),
        };
        let follow = async |redirection: &ServerRedirectionPdu| self.follow(&target, redirection).await;
        let outcome = match self.guard(target.id).await {
            Ok(guard) => relay::serve(socket, desktop, &guard, grant, learn, follow).await,
            Err(outcome) => {
                relay::refuse(socket, &outcome).await;
                outcome
            }
        };
        let audited = match outcome {
            Outcome::DesktopEnded | Outcome::BrowserEnded | Outcome::LineLost | Outcome::Redirected => {
                AuditOutcome::Success
            }
            Outcome::GrantEnded(_) => AuditOutcome::Denied,
            _ => AuditOutcome::Failure,
        };
        self.note(target.id, false, outcome.word(), audited).await;
    }

    async fn admit(&self, next: Option<Next>) -> Result<(Target, LiveGrant, Desktop), Outcome> {
        let tenant = self.session.site.tenant.id();
        let (gate, facts) = (&self.access.gate, &self.session.facts);
        let id = next.as_ref().map_or(self.opened, |next| next.target);
        let grant = gate.admit(tenant, facts, id, &self.session.situation).await.map_err(|refused| match refused {
            Refused::NotAllowed => Outcome::NotAllowed,
            Refused::TooMany => Outcome::TooMany,
            Refused::Unavailable => Outcome::Internal,
        })?;
        let target = gate.target(tenant, id).await.map_err(|_| Outcome::Internal)?.ok_or(Outcome::NotAllowed)?;
        let settings = target.rdp().cloned().ok_or(Outcome::NotAllowed)?;
        let desktop = Desktop {
            host: target.host.clone(),
            port: target.port,
            settings,
            trust: target.trust(),
            redirected: next.map(|next| next.redirected),
        };
        Ok((target, grant, desktop))
    }

    /// What the connection is judged by: a target that somebody set up lies in the networks that were decided on.
    async fn guard(&self, target: TargetId) -> Result<EgressGuard, Outcome> {
        let tenant = &self.session.site.tenant;
        let guard = async {
            let record = tenant.targets().get(target).await?;
            own_targets::guard_for(tenant, &record, &self.access.parts.guard).await
        };
        guard.await.map_err(|error: StoreError| {
            tracing::error!(%error, "A desktop could not be connected to");
            Outcome::Internal
        })
    }

    /// What a broker's redirection comes to: it is kept for when the page opens the desktop again.
    async fn follow(&self, from: &Target, redirection: &ServerRedirectionPdu) -> Outcome {
        let tenant = self.session.site.tenant.id();
        let Some(redirected) = broker::redirected(redirection) else { return Outcome::RedirectionRefused };
        let hosts = broker::hosts(redirection);
        // Without a host, the routing token alone leads through the same address.
        let mut target = hosts.is_empty().then_some(from.id);
        for host in &hosts {
            match self.access.gate.desktop_at(tenant, host).await {
                Ok(Some(found)) => {
                    target = Some(found.id);
                    break;
                }
                Ok(None) => {}
                Err(_) => return Outcome::Internal,
            }
        }
        match target {
            Some(target)
                if self.access.redirections.keep(
                    self.session.facts.session,
                    self.opened,
                    Next { target, redirected },
                ) =>
            {
                Outcome::Redirected
            }
            _ => Outcome::RedirectionRefused,
        }
    }

    async fn note(&self, target: TargetId, begins: bool, word: &'static str, outcome: AuditOutcome) {
        let (facts, situation) = (self.session.facts.clone(), self.session.situation.clone());
        let note = ConnectionNote { facts, target, situation, begins, word, outcome };
        self.access.gate.note(self.session.site.tenant.id(), note).await;
    }
}
