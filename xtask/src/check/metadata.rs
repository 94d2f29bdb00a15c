//! What `cargo metadata` says about the workspace, reduced to what the checks ask.

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::shell::{capture, cargo};

/// The workspace's own packages.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    packages: Vec<Package>,
}

/// One package of ours.
#[derive(Deserialize)]
pub(crate) struct Package {
    /// Its name, such as `fernamt-domain`.
    pub(crate) name: String,
    /// What it says it needs.
    pub(crate) dependencies: Vec<Dependency>,
    targets: Vec<Target>,
    manifest_path: String,
}

/// One line of a package's dependency tables.
#[derive(Deserialize)]
pub(crate) struct Dependency {
    /// The package depended on.
    pub(crate) name: String,
    /// `None` for an ordinary dependency, else `dev` or `build`.
    pub(crate) kind: Option<String>,
}

/// Something Cargo can build of a package.
#[derive(Deserialize)]
pub(crate) struct Target {
    /// Its name.
    pub(crate) name: String,
    kind: Vec<String>,
}

impl Metadata {
    /// Asks Cargo.
    pub(crate) fn load() -> Result<Self> {
        let json = capture(cargo().args(["metadata", "--format-version", "1", "--no-deps", "--locked"]))?;
        serde_json::from_str(&json).context("read what cargo metadata says")
    }

    /// Packages of the product, tests and tools included.
    pub(crate) fn packages(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter()
    }

    /// Targets of one kind, such as `bench`.
    pub(crate) fn targets(&self, kind: &'static str) -> impl Iterator<Item = (&Package, &Target)> {
        self.packages.iter().flat_map(move |package| {
            let targets = package.targets.iter().filter(move |target| target.kind.iter().any(|known| known == kind));
            targets.map(move |target| (package, target))
        })
    }

    /// The package whose manifest this is.
    pub(crate) fn by_manifest(&self, manifest: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.manifest_path == manifest)
    }
}
