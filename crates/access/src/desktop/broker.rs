//! Session brokers of terminal server farms.
//!
//! A broker answers a sign-on with a Server Redirection PDU ([MS-RDPBCGR] 2.2.13.1): come again, with this routing
//! token, to that host, into that session. The browser's client does not know what to do with it (`IronRDP` decodes it
//! and stops), so the relay does it: it keeps the redirection for the session and target, ends the WebSocket with
//! `redirected`, and the page opens the desktop again, which then goes where the broker said.
//!
//! The broker only ever chooses among targets: the host that it names must be a desktop that is a target here and that
//! this person may use. Its routing token is carried as it came, its name, domain and password are not used.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fernamt_domain::{Clock, SessionId, TargetId};
use ironrdp_pdu::rdp::server_redirection::ServerRedirectionPdu;
use time::{Duration, OffsetDateTime};

use super::relay::Redirected;

/// How long a redirection waits for the page to open the desktop again.
const LIFETIME: Duration = Duration::minutes(2);

/// The most redirections that wait at once.
const MAX_WAITING: usize = 4_096;

/// The most hosts of one redirection that are looked at.
const MAX_HOSTS: usize = 16;

/// Where to go next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Next {
    /// The target that the broker named, if it named another host.
    pub(crate) target: TargetId,
    /// What the connection must carry.
    pub(crate) redirected: Redirected,
}

type Waiting = HashMap<(SessionId, TargetId), (Next, OffsetDateTime)>;

/// The redirections that wait, by session and by the target that the person opened.
#[derive(Debug)]
pub(crate) struct Redirections {
    clock: Arc<dyn Clock>,
    waiting: Mutex<Waiting>,
}

impl Redirections {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, waiting: Mutex::default() }
    }

    /// Keeps a redirection. Tells whether there was room.
    pub(crate) fn keep(&self, session: SessionId, opened: TargetId, next: Next) -> bool {
        let now = self.clock.now();
        let mut waiting = self.lock();
        waiting.retain(|_, (_, until)| *until > now);
        if waiting.len() >= MAX_WAITING {
            return false;
        }
        waiting.insert((session, opened), (next, now + LIFETIME));
        true
    }

    /// Takes the redirection for a target that is opened again. It is good once: a host that sends back to where the
    /// person came from leads to an end, not round in circles unseen.
    pub(crate) fn take(&self, session: SessionId, opened: TargetId) -> Option<Next> {
        let (next, until) = self.lock().remove(&(session, opened))?;
        (until > self.clock.now()).then_some(next)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The hosts that a redirection names, most precise first.
pub(crate) fn hosts(redirection: &ServerRedirectionPdu) -> Vec<String> {
    let named = [&redirection.target_fqdn, &redirection.target_net_address, &redirection.target_netbios_name];
    let several = redirection.target_net_addresses.iter().flatten();
    named
        .into_iter()
        .flatten()
        .chain(several)
        .map(|host| host.trim_end_matches('\0').to_owned())
        .take(MAX_HOSTS)
        .collect()
}

/// What the next connection must carry. A routing token that could not be sent makes no redirection.
pub(crate) fn redirected(redirection: &ServerRedirectionPdu) -> Option<Redirected> {
    let routing_token = match &redirection.load_balance_info {
        Some(info) => Some(String::from_utf8(info.clone()).ok()?.trim_end_matches(['\r', '\n', '\0']).to_owned()),
        None => None,
    };
    Some(Redirected { routing_token, session: redirection.session_id })
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{SystemClock, SystemRng};
    use fernamt_testkit::TestClock;

    use super::*;

    #[test]
    fn a_redirection_is_followed_once_and_in_time() {
        let clock = TestClock::default();
        let redirections = Redirections::new(Arc::new(clock.clone()));
        let (session, farm, host) = (
            SessionId::new(&SystemClock, &SystemRng),
            TargetId::new(&SystemClock, &SystemRng),
            TargetId::new(&SystemClock, &SystemRng),
        );
        let next = Next { target: host, redirected: Redirected { routing_token: None, session: 3 } };
        assert!(redirections.keep(session, farm, next.clone()));
        assert_eq!(redirections.take(session, host), None);
        assert_eq!(redirections.take(session, farm), Some(next.clone()));
        assert_eq!(redirections.take(session, farm), None);
        assert!(redirections.keep(session, farm, next));
        clock.advance(LIFETIME);
        assert_eq!(redirections.take(session, farm), None);
    }

    #[test]
    fn hosts_and_tokens_are_read_as_brokers_write_them() {
        let redirection = ServerRedirectionPdu {
            session_id: 7,
            target_net_address: Some("10.0.0.7".to_owned()),
            target_fqdn: Some("ts7.amt.test\0".to_owned()),
            load_balance_info: Some(b"Cookie: msts=117440522.15629.0000\r\n".to_vec()),
            ..ServerRedirectionPdu::default()
        };
        assert_eq!(hosts(&redirection), ["ts7.amt.test", "10.0.0.7"]);
        let expected = Redirected { routing_token: Some("Cookie: msts=117440522.15629.0000".to_owned()), session: 7 };
        assert_eq!(redirected(&redirection), Some(expected));
        let binary = ServerRedirectionPdu { load_balance_info: Some(vec![0xFF]), ..redirection };
        assert_eq!(redirected(&binary), None);
    }
}
