//! Sessions on the origin of mail (`post.<host>`).
//!
//! The container must not share an origin with the main site, so it can not share its cookie. A person comes over with
//! a one-time code ([`fernamt_http::entry`]) and gets a cookie that names their session on the main site, sealed: it
//! ends with that session, at that moment, and nothing has to be kept for it. The device's key does not reach this
//! origin, so the cookie is not changed on the way as the main one is; what it opens is opened by the passphrase only.

use axum::http::StatusCode;
use fernamt_domain::{Purpose, Secret, SessionId, rng::random_token};
use fernamt_http::{ApiError, Session, Site, entry::state_of};
use fernamt_store::{SessionRecord, StoreError};
use serde::{Deserialize, Serialize};
use time::Duration;

use crate::{
    Identity,
    challenge::TokenError,
    container::blocked,
    failure::SignInError,
    session::{is_over, not_signed_in},
    settings,
};

/// The purpose of one-time codes.
const CODE: &str = "post-entry";
/// The purpose of the cookie.
const SESSION: &str = "post-session";

#[derive(Serialize, Deserialize)]
struct Code {
    session: SessionId,
    state: String,
}

#[derive(Serialize, Deserialize)]
struct Entered {
    session: SessionId,
}

impl Identity {
    /// A secret that ties the way in to one browser.
    pub(crate) fn new_state(&self) -> String {
        random_token::<32>(&*self.rng)
    }

    /// A one-time code for the browser that holds the secret of `state`.
    pub(crate) fn entry_code(&self, session: &Session, state: &str) -> String {
        let code = Code { session: session.facts.session, state: state.to_owned() };
        self.challenges.issue(session.site.tenant.id(), CODE, code).0
    }

    /// Redeems a code in the browser that holds this secret. Returns the cookie's value.
    pub(crate) fn redeem_entry(&self, site: &Site, code: &str, secret: &str) -> Result<Secret<String>, TokenError> {
        let opened = self.challenges.open::<Code>(site.tenant.id(), CODE, code)?;
        if opened.value.state != state_of(secret) {
            return Err(TokenError::Invalid);
        }
        self.challenges.spend(&opened)?;
        let purpose = Purpose { tenant: site.tenant.id(), word: SESSION };
        Ok(Secret::new(self.sealer.seal_token(purpose, &Entered { session: opened.value.session })))
    }

    /// How long ago somebody signed in for this session.
    pub(crate) async fn sign_in_age(&self, session: &Session) -> Result<Duration, StoreError> {
        let row = session.site.tenant.sessions().get(session.facts.session).await?;
        Ok(self.clock.now() - row.created_at)
    }

    /// The session that a cookie on this origin names, if it is still good.
    pub(crate) async fn entered(&self, site: &Site, cookie: &Secret<String>) -> Result<Session, ApiError> {
        let row: SessionRecord = match site.tenant.sessions().get(self.entered_id(site, cookie)?).await {
            Ok(row) => row,
            Err(StoreError::NotFound(_)) => return Err(not_signed_in()),
            Err(error) => return Err(SignInError::from(error).into()),
        };
        let settings = settings::load(&site.tenant).await?;
        if is_over(&row, settings::idle(&settings), self.clock.now()) {
            return Err(why_ended(site, &row).await?);
        }
        self.touch(&site.tenant, &row).await?;
        match self.session_of(site, &row, &settings).await {
            Err(error) if error.status() == StatusCode::UNAUTHORIZED => Err(why_ended(site, &row).await?),
            found => found,
        }
    }

    /// The session that a cookie on this origin names, good or not.
    pub(crate) fn entered_id(&self, site: &Site, cookie: &Secret<String>) -> Result<SessionId, ApiError> {
        let purpose = Purpose { tenant: site.tenant.id(), word: SESSION };
        let entered: Entered = self.sealer.open_token(purpose, cookie.expose()).map_err(|_| not_signed_in())?;
        Ok(entered.session)
    }
}

/// What to say of a session that is not good any more. Signing in helps nobody whose device was suspended or revoked.
async fn why_ended(site: &Site, row: &SessionRecord) -> Result<ApiError, ApiError> {
    let Some(device) = row.device else { return Ok(not_signed_in()) };
    let device = match site.tenant.devices().get(device).await {
        Ok(device) => device,
        Err(StoreError::NotFound(_)) => return Ok(not_signed_in()),
        Err(error) => return Err(SignInError::from(error).into()),
    };
    Ok(blocked(device.state).unwrap_or_else(not_signed_in))
}
