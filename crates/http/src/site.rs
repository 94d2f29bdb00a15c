//! Which tenant a request is for, through which listener it came, and whether it wants the main site, the origin of
//! mail, or a proxied application.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use fernamt_domain::{Clock, Rng, Sealer, Situation, Zone};
use fernamt_store::{Store, TenantStore};

use crate::{ApiError, Sessions};

/// What all HTTP features share. Built once by the server and put into every request.
#[derive(Debug, Clone)]
pub struct Web {
    /// The store, to find tenants.
    pub store: Store,
    /// Looks up sessions.
    pub sessions: Arc<dyn Sessions>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Yields randomness.
    pub rng: Arc<dyn Rng>,
    /// Seals tokens.
    pub sealer: Arc<Sealer>,
    /// How people reach us.
    pub address: PublicAddress,
    /// Whether this server holds meetings.
    pub meetings: bool,
    /// Whether people have mail here, on the origin [`POST_LABEL`].
    pub mail: bool,
}

/// How people reach us: the part of the public address that all tenants share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicAddress {
    /// `https`, or `http` for the demo on the loopback.
    pub scheme: &'static str,
    /// The port, unless it is the scheme's own.
    pub port: Option<u16>,
}

impl PublicAddress {
    /// The origin (RFC 6454) of a host.
    pub fn origin(&self, host: &str) -> String {
        match self.port {
            Some(port) => format!("{}://{host}:{port}", self.scheme),
            None => format!("{}://{host}", self.scheme),
        }
    }
}

/// The listener's side of a connection. The server puts it into each request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The zone of the listener.
    pub zone: Zone,
    /// Whether the administration may be used through this listener.
    pub administration: bool,
    /// The other side's address.
    pub peer: SocketAddr,
}

/// Under which name the tenant's settings stand in the store.
pub const SETTINGS_KEY: &str = "settings";

/// The first label of the origin on which mail and its container live.
pub const POST_LABEL: &str = "post";

/// The one setting that every page shows.
#[derive(serde::Deserialize)]
struct Named {
    name: String,
}

/// The site that a request is for.
#[derive(Debug, Clone)]
pub struct Site {
    /// The tenant's part of the store.
    pub tenant: TenantStore,
    /// The tenant's own host name.
    pub host: String,
    /// The tenant's name, as people see it.
    pub name: String,
    /// The first label, if the request is not for the main site: `app` in `app.example.org`.
    pub app_label: Option<String>,
    /// The connection that it came through.
    pub connection: Connection,
    /// What all features share.
    pub web: Arc<Web>,
}

impl Site {
    /// The tenant's own origin.
    pub fn origin(&self) -> String {
        self.web.address.origin(&self.host)
    }

    /// The origin of a proxied application.
    pub fn app_origin(&self, label: &str) -> String {
        self.web.address.origin(&format!("{label}.{}", self.host))
    }

    /// Whether the request is for the origin of mail.
    pub fn is_post(&self) -> bool {
        self.web.mail && self.app_label.as_deref() == Some(POST_LABEL)
    }

    /// The origin of mail.
    pub fn post_origin(&self) -> String {
        self.app_origin(POST_LABEL)
    }

    /// The one of our own origins that the request is for.
    pub fn own_origin(&self) -> String {
        if self.is_post() { self.post_origin() } else { self.origin() }
    }

    /// Where from and when this request asks.
    pub fn situation(&self) -> Situation {
        Situation {
            zone: self.connection.zone.clone(),
            address: self.connection.peer.ip().to_canonical(),
            at: self.web.clock.now(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Site {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the site was not resolved before the handler")
        })
    }
}

/// Middleware that finds the tenant by host name and puts a [`Site`] into the request.
pub async fn resolve(State(web): State<Arc<Web>>, mut request: Request, next: Next) -> Response {
    let Some(connection) = request.extensions().get::<Connection>().cloned() else {
        return ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the listener named no zone")
            .into_response();
    };
    let Some(host) = host_of(&request) else { return unknown_host() };
    let found = match web.store.tenants().by_host(&host).await {
        Ok(Some(tenant)) => Ok(Some((tenant, None))),
        Ok(None) => match host.split_once('.') {
            Some((label, parent)) if is_label(label) => web
                .store
                .tenants()
                .by_host(parent)
                .await
                .map(|tenant| tenant.map(|tenant| (tenant, Some(label.to_owned())))),
            _ => Ok(None),
        },
        Err(error) => Err(error),
    };
    match found {
        Ok(Some((tenant, app_label))) => {
            let store = web.store.tenant(tenant.id);
            let name = match store.settings().get::<Named>(SETTINGS_KEY).await {
                Ok(Some(Named { name })) if !name.is_empty() => name,
                Ok(_) => tenant.name,
                Err(error) => return ApiError::from(error).into_response(),
            };
            let site = Site { tenant: store, host: tenant.host, name, app_label, connection, web };
            request.extensions_mut().insert(site);
            next.run(request).await
        }
        Ok(None) => unknown_host(),
        Err(error) => ApiError::internal(&error).into_response(),
    }
}

/// The host a request names, in lower case and without port.
pub fn host_of<B>(request: &axum::http::Request<B>) -> Option<String> {
    let authority = if let Some(authority) = request.uri().authority() {
        authority.as_str()
    } else {
        let mut values = request.headers().get_all(header::HOST).iter();
        let value = values.next()?.to_str().ok()?;
        if values.next().is_some() {
            return None;
        }
        value
    };
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None => authority.split(':').next()?,
    };
    Some(host.trim_end_matches('.').to_ascii_lowercase())
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn unknown_host() -> Response {
    ApiError::new(StatusCode::MISDIRECTED_REQUEST, "unknown_host", "no administration is reached under this host name")
        .into_response()
}
