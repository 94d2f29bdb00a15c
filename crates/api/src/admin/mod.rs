//! Administration. Every operation needs the role that its module names and a zone that allows administration.

pub mod audit;
pub mod bundles;
pub mod devices;
pub mod directory;
pub mod features;
pub mod groups;
pub mod health;
pub mod mailboxes;
pub mod own_targets;
pub mod people;
pub mod push;
pub mod rules;
pub mod sessions;
pub mod settings;
pub mod sticks;
pub mod targets;
pub mod tokens;
pub mod why;

use utoipa::OpenApi as _;

pub(crate) fn document() -> utoipa::openapi::OpenApi {
    let mut document = people::Operations::openapi();
    let parts: &[fn() -> utoipa::openapi::OpenApi] = &[
        groups::Operations::openapi,
        targets::Operations::openapi,
        bundles::Operations::openapi,
        devices::Operations::openapi,
        sticks::Operations::openapi,
        own_targets::Operations::openapi,
        rules::Operations::openapi,
        why::Operations::openapi,
        sessions::Operations::openapi,
        audit::Operations::openapi,
        health::Operations::openapi,
        directory::Operations::openapi,
        tokens::Operations::openapi,
        settings::Operations::openapi,
        features::Operations::openapi,
        mailboxes::Operations::openapi,
    ];
    for part in parts {
        document.merge(part());
    }
    document
}
