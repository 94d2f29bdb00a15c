//! Between targets as stored and as shown.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use fernamt_api::{
    admin::targets::{Target, TargetFields, TargetSettings as Wire},
    targets::HealthState as WireHealth,
};
use fernamt_domain::{
    BundleId, TargetId, TargetSettings,
    target::{RdpSettings, SshSettings, TcpSettings, WebSettings},
};
use fernamt_store::{
    HealthState, StoreError, TargetHealthRecord, TargetRecord,
    repo::target::{Bundles, Targets},
};

use crate::{usage::Usage, version};

/// The fields of a stored target, as an administrator sets them.
pub(crate) fn fields(record: &TargetRecord) -> TargetFields {
    TargetFields {
        name: record.name.clone(),
        folder: record.folder.clone().unwrap_or_default(),
        icon: record.icon.clone().unwrap_or_default(),
        description: record.description.clone(),
        host: record.host.clone(),
        port: record.port,
        settings: wire(&record.settings),
        enabled: record.enabled,
    }
}

/// A stored target with these fields instead of its own. What an administrator does not type stays.
pub(crate) fn with_fields(record: TargetRecord, fields: &TargetFields) -> TargetRecord {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    TargetRecord {
        name: fields.name.clone(),
        folder: some(&fields.folder),
        icon: some(&fields.icon),
        description: fields.description.clone(),
        host: fields.host.to_lowercase(),
        port: fields.port,
        settings: stored(&fields.settings),
        enabled: fields.enabled,
        ..record
    }
}

/// The version of a stored target: it changes with its fields and with its pin.
pub(crate) fn version_of(record: &TargetRecord) -> String {
    version::of(&(fields(record), &record.pinned_certificate))
}

/// SHA-256 of a certificate, in hexadecimal.
pub(crate) fn sha256(certificate: &[u8]) -> String {
    HEXLOWER.encode(digest(&SHA256, certificate).as_ref())
}

/// What is known of targets beside their own rows.
#[derive(Debug, Default)]
pub(crate) struct Around {
    health: HashMap<TargetId, TargetHealthRecord>,
    bundles: HashMap<TargetId, Vec<BundleId>>,
    usage: Usage,
}

impl Around {
    /// Health and bundles of all targets.
    pub(crate) async fn all<A, B>(
        targets: &Targets<'_, A>,
        bundles: &Bundles<'_, B>,
        usage: Usage,
    ) -> Result<Self, StoreError> {
        let health = targets.all_health().await?.into_iter().map(|health| (health.target, health)).collect();
        let mut around = Self { health, bundles: HashMap::new(), usage };
        for (bundle, target) in bundles.all_targets().await? {
            around.bundles.entry(target).or_default().push(bundle);
        }
        Ok(around)
    }

    /// Health and bundles of one target.
    pub(crate) async fn one<A, B>(
        id: TargetId,
        targets: &Targets<'_, A>,
        bundles: &Bundles<'_, B>,
        usage: Usage,
    ) -> Result<Self, StoreError> {
        let health = targets.health(id).await?.into_iter().map(|health| (id, health)).collect();
        Ok(Self { health, bundles: HashMap::from([(id, bundles.of_target(id).await?)]), usage })
    }

    /// How a target was found at the last look.
    pub(crate) fn health_of(&self, id: TargetId) -> WireHealth {
        self.health.get(&id).map_or(WireHealth::Unknown, |health| wire_health(health.state))
    }

    /// The target as the administration shows it.
    pub(crate) fn show(&self, record: &TargetRecord) -> Target {
        let health = self.health.get(&record.id);
        let bundles = self.bundles.get(&record.id).cloned().unwrap_or_default();
        let ids = std::iter::once(record.id.0).chain(bundles.iter().map(|bundle| bundle.0));
        Target {
            id: record.id,
            version: version_of(record),
            fields: fields(record),
            pinned_certificate: record.pinned_certificate.as_deref().map(sha256),
            health: self.health_of(record.id),
            health_detail: health.and_then(|health| health.detail.clone()),
            checked_at: health.map(|health| health.checked_at),
            used_by_rules: self.usage.naming_any(ids),
            bundles,
        }
    }
}

fn wire_health(state: HealthState) -> WireHealth {
    match state {
        HealthState::Up => WireHealth::Ok,
        HealthState::Down => WireHealth::Unreachable,
        HealthState::WrongCertificate => WireHealth::CertificateChanged,
        HealthState::Unknown => WireHealth::Unknown,
    }
}

fn wire(settings: &TargetSettings) -> Wire {
    match settings.clone() {
        TargetSettings::Rdp(RdpSettings { nla, clipboard, drives, printers, sign_on, domain, load_balance_info }) => {
            Wire::Rdp { nla, clipboard, drives, printers, sign_on, domain, load_balance_info }
        }
        TargetSettings::Ssh(SshSettings {}) => Wire::Ssh {},
        TargetSettings::Tcp(TcpSettings { start_command }) => Wire::Tcp { start_command },
        TargetSettings::Web(WebSettings { label, tls, start_path }) => Wire::Web { label, tls, start_path },
    }
}

fn stored(settings: &Wire) -> TargetSettings {
    match settings.clone() {
        Wire::Rdp { nla, clipboard, drives, printers, sign_on, domain, load_balance_info } => {
            TargetSettings::Rdp(RdpSettings { nla, clipboard, drives, printers, sign_on, domain, load_balance_info })
        }
        Wire::Ssh {} => TargetSettings::Ssh(SshSettings {}),
        Wire::Tcp { start_command } => TargetSettings::Tcp(TcpSettings { start_command }),
        Wire::Web { label, tls, start_path } => TargetSettings::Web(WebSettings { label, tls, start_path }),
    }
}
