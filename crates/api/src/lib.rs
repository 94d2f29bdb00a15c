//! The HTTP API as it goes over the wire: types and operations, a module per feature.
//!
//! Operations are declared here, beside their types, and served by the feature crates; a test of the server proves
//! that each declared operation is routed. `openapi.json` and the web app's TypeScript types are generated from
//! [`document`].

pub mod admin;
mod body;
pub mod conference;
pub mod container;
pub mod line_test;
pub mod mail;
pub mod me;
mod operations;
pub mod own_targets;
pub mod page;
pub mod problem;
pub mod session;
pub mod sign_in;
pub mod stick;
pub mod stick_notice;
pub mod targets;

pub use body::Body;
pub use page::Page;
pub use problem::Problem;

use utoipa::OpenApi as _;

#[derive(utoipa::OpenApi)]
#[openapi(info(title = "Fernamt", description = "A remote workplace for public administrations"))]
struct Base;

/// The OpenAPI document of all operations.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Base::openapi();
    for part in parts() {
        document.merge(part);
    }
    document
}

fn parts() -> [utoipa::openapi::OpenApi; 9] {
    [
        sign_in::Operations::openapi(),
        session::Operations::openapi(),
        me::Operations::openapi(),
        targets::Operations::openapi(),
        own_targets::Operations::openapi(),
        admin::document(),
        conference::document(),
        container::Operations::openapi(),
        mail::Operations::openapi(),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn no_two_types_share_a_name_in_the_document() {
        let mut known = BTreeMap::new();
        for (name, schema) in parts().into_iter().filter_map(|part| part.components).flat_map(|all| all.schemas) {
            if let Some(other) = known.insert(name.clone(), schema.clone()) {
                assert!(other == schema, "two types are called {name}: give one of them another name in the document");
            }
        }
    }
}
