//! The way out of the house: the smarthost, which takes what is for others (RFC 6409).
//!
//! The smarthost and our record cannot change in one transaction. So it is written down who is about to get a message after
//! everything but its end was sent, and before the end is. Whoever finds that note and no answer knows that nobody knows:
//! it is *uncertain*, and never sent again by itself.

mod hand_over;
mod report;

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fernamt_domain::{EmailSubmissionId, MailAccountId, Secret};
use fernamt_mailhost::{Error, Login, Security, Server, Trust, submission::Submission};
use fernamt_store::{EmailSubmissionRecord, TenantStore};
use tokio::sync::Semaphore;

/// The most messages that are handed over at once.
const MAX_HAND_OVERS: usize = 4;
/// The most messages that wait in memory for their turn; others wait in the store.
pub(super) const MAX_IN_HAND: usize = 200;

/// Where the smarthost is, and how it is spoken to.
#[derive(Debug)]
pub struct SmarthostAddress<'a> {
    /// The name that its certificate is for.
    pub host: &'a str,
    /// Its port.
    pub port: u16,
    /// Whether TLS begins with the first byte, and not by `STARTTLS`.
    pub tls_at_once: bool,
    /// Name and password, where it asks for them.
    pub login: Option<(String, Secret<String>)>,
    /// Certificates (PEM) that it is trusted by and no others; those of the machine unless said.
    pub authority_pem: Option<Vec<u8>>,
}

/// The mail server that takes what goes out of the house.
#[derive(Debug)]
pub struct Smarthost {
    server: Server,
    login: Option<Login>,
}

impl Smarthost {
    /// Gets ready to reach it; nothing is connected to yet.
    ///
    /// # Errors
    /// When the certificates cannot be read.
    pub fn new(address: SmarthostAddress<'_>) -> Result<Self, Error> {
        let trust = address.authority_pem.as_deref().map_or_else(Trust::of_this_machine, Trust::only)?;
        let security = if address.tls_at_once { Security::Tls } else { Security::StartTls };
        let server = Server { host: address.host.to_owned(), port: address.port, security, trust };
        let login = address.login.map(|(user, password)| Login { user, password, on_behalf_of: None });
        Ok(Self { server, login })
    }

    async fn connect(&self) -> Result<Submission, Error> {
        match &self.login {
            Some(login) => Submission::connect(&self.server, login).await,
            None => Submission::connect_unsigned(&self.server).await,
        }
    }
}

/// The way out, where there is one.
pub(crate) struct WayOut {
    smarthost: Option<Smarthost>,
    in_hand: Arc<InHand>,
    turns: Semaphore,
}

/// The messages that this process is handing over, or is about to.
#[derive(Debug, Default)]
struct InHand(Mutex<BTreeSet<EmailSubmissionId>>);

impl InHand {
    fn lock(&self) -> MutexGuard<'_, BTreeSet<EmailSubmissionId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message that is to be handed over. Nobody else takes it in hand until this is dropped.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) tenant: TenantStore,
    pub(super) account: MailAccountId,
    pub(super) id: EmailSubmissionId,
    in_hand: Arc<InHand>,
}

impl Drop for Job {
    fn drop(&mut self) {
        self.in_hand.lock().remove(&self.id);
    }
}

impl WayOut {
    /// By this smarthost, or none.
    pub(crate) fn new(smarthost: Option<Smarthost>) -> Self {
        Self { smarthost, in_hand: Arc::default(), turns: Semaphore::new(MAX_HAND_OVERS) }
    }

    /// Whether anything leaves the house.
    pub(crate) fn is_open(&self) -> bool {
        self.smarthost.is_some()
    }

    /// What is in hand already.
    pub(super) fn in_hand(&self) -> Vec<EmailSubmissionId> {
        self.in_hand.lock().iter().copied().collect()
    }

    /// Takes a message in hand; nothing if there are too many, or it is in hand already.
    pub(super) fn take(&self, tenant: &TenantStore, submission: &EmailSubmissionRecord) -> Option<Job> {
        let mut in_hand = self.in_hand.lock();
        let taken = in_hand.len() < MAX_IN_HAND && in_hand.insert(submission.id);
        let (account, id) = (submission.account, submission.id);
        taken.then(|| Job { tenant: tenant.clone(), account, id, in_hand: Arc::clone(&self.in_hand) })
    }
}

impl fmt::Debug for WayOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WayOut").field("smarthost", &self.smarthost).finish_non_exhaustive()
    }
}
