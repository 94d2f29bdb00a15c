//! The endpoints, a module for each group of them.

use std::sync::Arc;

use axum::Router;

use crate::Admin;

mod audit;
mod bundles;
mod devices;
mod directory;
mod features;
mod groups;
mod health;
mod mailboxes;
mod own_targets;
mod people;
mod person_access;
mod reveals;
mod rules;
mod sessions;
mod settings;
mod sticks;
pub(crate) mod target_certificate;
mod target_import;
mod targets;
mod tokens;
mod why;

pub(crate) fn router() -> Router<Arc<Admin>> {
    [
        audit::router(),
        bundles::router(),
        devices::router(),
        directory::router(),
        features::router(),
        groups::router(),
        health::router(),
        mailboxes::router(),
        own_targets::router(),
        people::router(),
        person_access::router(),
        reveals::router(),
        rules::router(),
        sessions::router(),
        settings::router(),
        sticks::router(),
        target_certificate::router(),
        target_import::router(),
        targets::router(),
        tokens::router(),
        why::router(),
    ]
    .into_iter()
    .fold(Router::new(), Router::merge)
}
