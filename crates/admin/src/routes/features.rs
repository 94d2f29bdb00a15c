//! Features of mail, switched for everybody and by group.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use axum::{Router, routing::get};
use fernamt_api::admin::features::{ChangeFeatures, FeatureTable};
use fernamt_domain::{
    DomainEvent, GroupId,
    audit::AuditKind,
    feature::{Feature, FeatureSwitch, MAX_GROUPS},
};
use fernamt_http::{Administrator, ApiError, Exact, Json};
use fernamt_identity::feature;
use fernamt_policy::cedar_of;
use fernamt_store::{StoreError, TenantStore};
use serde_json::{Value, json};

use crate::{Admin, act::done, check::Checks, error::AdminError, version};

pub(crate) fn router() -> Router<Arc<Admin>> {
    Router::new().route("/api/v1/admin/features", get(read).put(write))
}

async fn read(Administrator(session): Administrator) -> Result<Json<FeatureTable>, AdminError> {
    Ok(Json(shown(&session.site.tenant).await?))
}

async fn write(
    Administrator(session): Administrator,
    Exact(wanted): Exact<ChangeFeatures>,
) -> Result<Json<FeatureTable>, AdminError> {
    let mut work = session.site.tenant.begin().await?;
    let present = feature::held(&work).await?;
    version::expect(&wanted.version, &version::of(&present))?;
    let groups = work.groups().all().await?.into_iter().map(|group| group.id).collect();
    check(&wanted.switches, &groups)?;
    // What is left out stays as it is: nothing opens because a client does not know of it.
    let named = |feature: &Feature| wanted.switches.iter().any(|switch| switch.feature == *feature);
    let left = present.iter().filter(|switch| !named(&switch.feature)).cloned();
    let next: Vec<_> = wanted.switches.iter().cloned().chain(left).collect();
    let changed = changed(&present, &next);
    feature::save(&work, &next).await?;
    work.record(done(&session, AuditKind::Rule, "features_changed").details(changed));
    work.publish(DomainEvent::SettingsChanged);
    work.commit().await?;
    Ok(Json(shown(&session.site.tenant).await?))
}

/// Every feature. Groups that are gone by now are left out: nobody is in them.
async fn shown(tenant: &TenantStore) -> Result<FeatureTable, StoreError> {
    let kept = feature::load(tenant).await?;
    let groups: HashSet<_> = tenant.groups().all().await?.into_iter().map(|group| group.id).collect();
    let there = |ids: BTreeSet<GroupId>| ids.into_iter().filter(|id| groups.contains(id)).collect();
    let switches = Feature::ALL.iter().map(|feature| {
        let FeatureSwitch { feature, everybody, on, off } = switch_of(&kept, *feature);
        FeatureSwitch { feature, everybody, on: there(on), off: there(off) }
    });
    Ok(FeatureTable {
        version: version::of(&kept),
        switches: switches.collect(),
        max_groups: u16::try_from(MAX_GROUPS).unwrap_or(u16::MAX),
    })
}

fn switch_of(switches: &[FeatureSwitch], feature: Feature) -> FeatureSwitch {
    let found = switches.iter().find(|switch| switch.feature == feature);
    found.cloned().unwrap_or_else(|| FeatureSwitch::untouched(feature))
}

fn check(wanted: &[FeatureSwitch], groups: &HashSet<GroupId>) -> Result<(), ApiError> {
    let (mut checks, mut seen) = (Checks::default(), HashSet::new());
    for (index, switch) in wanted.iter().enumerate() {
        let path = |field: &str| format!("switches[{index}].{field}");
        checks.that(seen.insert(switch.feature), &path("feature"), "duplicate", "each feature is switched once");
        for (field, ids) in [("on", &switch.on), ("off", &switch.off)] {
            let fits = ids.len() <= MAX_GROUPS;
            checks.that(fits, &path(field), "too_many", &format!("at most {MAX_GROUPS} groups"));
            checks.that(
                ids.iter().all(|id| groups.contains(id)),
                &path(field),
                "unknown",
                "one of the groups does not exist any more",
            );
        }
        let disjoint = switch.on.is_disjoint(&switch.off);
        checks.that(disjoint, &path("off"), "contradiction", "a group either has a feature or does not");
    }
    checks.finish()
}

/// The features that are switched otherwise, with the rules before and after: the log must be able to say what held then.
fn changed(before: &[FeatureSwitch], after: &[FeatureSwitch]) -> Value {
    let one = |feature: &Feature| {
        let (was, is) = (switch_of(before, *feature), switch_of(after, *feature));
        let said = json!({ "before": cedar_of(&was), "after": cedar_of(&is) });
        (was != is).then(|| (feature.to_string(), said))
    };
    json!({ "changed": Feature::ALL.iter().filter_map(one).collect::<serde_json::Map<_, _>>() })
}
