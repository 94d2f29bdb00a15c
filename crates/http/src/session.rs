//! The session extractors: who is signed in, and whether they hold the duty that a handler needs.

use async_trait::async_trait;
use axum::{extract::FromRequestParts, http::request::Parts};
use fernamt_domain::{Method, PersonId, Role, Secret, SessionFacts, Situation};
use time::OffsetDateTime;

use crate::{ApiError, Site, cookie};

/// A signed-in person's session, as one request sees it.
#[derive(Debug, Clone)]
pub struct Session {
    /// Session, person, device and methods.
    pub facts: SessionFacts,
    /// The sign-in name.
    pub name: String,
    /// The name that others see.
    pub display_name: String,
    /// Duties beside the daily work.
    pub roles: Vec<Role>,
    /// `de` or `en`; `None` follows the browser.
    pub language: Option<String>,
    /// Whether the password is kept here and not in a directory.
    pub password_here: bool,
    /// When the session ends at the latest.
    pub expires_at: OffsetDateTime,
    /// When it ends if nothing is done.
    pub idle_expires_at: OffsetDateTime,
    /// By when the device must prove itself again.
    pub rotate_by: OffsetDateTime,
    /// Where from and when this request asks.
    pub situation: Situation,
    /// The site it belongs to.
    pub site: Site,
}

impl Session {
    /// The person's id.
    pub fn person(&self) -> PersonId {
        self.facts.person
    }

    /// Whether the person holds a duty.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// Looks up sessions by their cookie. Implemented by the identity feature.
#[async_trait]
pub trait Sessions: Send + Sync + std::fmt::Debug {
    /// The session that a cookie's value names, if it is still good. On the origin of mail that is what the cookie
    /// [`cookie::POST_SESSION`] holds, elsewhere [`cookie::SESSION`].
    async fn find(&self, site: &Site, cookie: &Secret<String>) -> Result<Session, ApiError>;

    /// The session of the program that holds this token, on the origin of mail. It has no duties. Where there are no
    /// programs nobody is let in.
    async fn program(&self, _site: &Site, _token: &Secret<String>) -> Result<Session, ApiError> {
        Err(ApiError::unauthenticated("token_refused", "there are no tokens here"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        if let Some(session) = parts.extensions.get::<Self>() {
            return Ok(session.clone());
        }
        let site = Site::from_request_parts(parts, state).await?;
        let name = if site.is_post() { cookie::POST_SESSION } else { cookie::SESSION };
        let cookie = cookie::get(&parts.headers, name)
            .ok_or_else(|| ApiError::unauthenticated("not_signed_in", "nobody is signed in"))?;
        let session = site.web.sessions.find(&site, &cookie).await?;
        parts.extensions.insert(session.clone());
        Ok(session)
    }
}

macro_rules! duties {
    ($($(#[$doc:meta])* $name:ident: $($role:ident)|+;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(pub Session);

        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
                let session = Session::from_request_parts(parts, state).await?;
                on_duty(&session, &[$(Role::$role),+])?;
                Ok(Self(session))
            }
        }
    )*};
}

duties! {
    /// An administrator, through a listener that allows administration.
    Administrator: Administrator;
    /// Whoever may decide on devices and end sessions.
    ControlDesk: Administrator | ControlDesk;
    /// Whoever may read the audit log.
    Auditor: Administrator | DataProtection;
}

fn on_duty(session: &Session, roles: &[Role]) -> Result<(), ApiError> {
    if !roles.iter().any(|role| session.has(*role)) {
        return Err(ApiError::forbidden("duty_missing", "this needs a duty that you do not hold"));
    }
    if !session.site.connection.administration {
        return Err(ApiError::forbidden(
            "administration_not_here",
            "the administration cannot be used through this zone",
        )
        .param("zone", &session.situation.zone.0));
    }
    if !session.facts.methods.iter().copied().any(Method::is_possession) {
        return Err(ApiError::forbidden("second_factor_missing", "the administration needs a second factor"));
    }
    Ok(())
}
