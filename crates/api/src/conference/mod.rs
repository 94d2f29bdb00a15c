//! The conference: rooms and meetings, how one gets in, what is said over the meeting's socket, webhooks.

pub mod entry;
pub mod limits;
pub mod meetings;
pub mod moderation;
pub mod rooms;
pub mod settings;
pub mod socket;
pub mod webhooks;

use utoipa::OpenApi as _;

#[derive(utoipa::OpenApi)]
#[openapi()]
struct Base;

// An operation is declared here once it is routed.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    let mut document = Base::openapi();
    for part in [
        entry::Operations::openapi(),
        rooms::Operations::openapi(),
        meetings::Operations::openapi(),
        moderation::Operations::openapi(),
        settings::Operations::openapi(),
        webhooks::Operations::openapi(),
        socket::Operations::openapi(),
        socket::Messages::openapi(),
    ] {
        document.merge(part);
    }
    document
}

/// A secret on its way to whom it is for.
pub(crate) fn expose<S: serde::Serializer>(
    secret: &fernamt_domain::Secret<String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}
