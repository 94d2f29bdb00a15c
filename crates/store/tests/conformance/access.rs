//! Targets, bundles, rules, settings, imports.

use fernamt_domain::{TargetKind, TargetSettings, target::RdpSettings};
use fernamt_store::{
    HealthState, Page, RuleRecord, StoreError, TargetHealthRecord, TargetRecord, repo::target::MAX_TARGETS,
};
use time::macros::date;

use super::{Suite, suite};

suite! {
    targets_are_found
    targets_change
    labels_are_unique
    targets_are_limited
    bundles_hold_targets
    rules_keep_their_order
    settings_have_types
    a_setting_that_is_held_waits_for_whoever_changes_it
    imports_are_undone_once
}

async fn targets_are_found(s: &Suite) {
    let targets = s.tenant.targets();
    let target = s.see(targets.get(s.own.target).await).unwrap();
    assert_eq!((target.kind(), target.label()), (TargetKind::Web, Some("register")));
    assert_eq!(s.see(targets.by_name("Register").await).unwrap().unwrap().id, s.own.target);
    assert_eq!(s.see(targets.by_label("REGISTER").await).unwrap().unwrap().id, s.own.target);
    assert_eq!(s.see(targets.by_address("APP.inside", 443, s.own.person).await).unwrap().len(), 1);
    assert_eq!(s.see(targets.by_address("app.inside", 80, s.own.person).await).unwrap().len(), 0);
    assert_eq!(s.see(targets.list(&Page::search("meldewesen INSIDE")).await).unwrap().total, 1);
    assert_eq!(s.see(targets.all().await).unwrap().len(), 1);
    assert_eq!(s.see(targets.health(s.own.target).await).unwrap().unwrap().state, HealthState::Up);
    assert_eq!(s.see(targets.all_health().await).unwrap().len(), 1);
    assert_eq!(s.see(targets.used_by(s.own.person).await).unwrap().len(), 1);
}

async fn targets_change(s: &Suite) {
    let work = s.tenant.begin().await.unwrap();
    let target = work.targets().get(s.own.target).await.unwrap();
    let settings = TargetSettings::Rdp(RdpSettings { nla: true, ..RdpSettings::default() });
    let changed = TargetRecord { host: "TS01".to_owned(), port: 3389, settings, enabled: false, ..target };
    work.targets().update(&changed).await.unwrap();
    work.targets().pin_certificate(s.own.target, Some(vec![0x30, 0x82])).await.unwrap();
    let health = TargetHealthRecord {
        target: s.own.target,
        checked_at: s.fixture.clock_now(),
        state: HealthState::Down,
        detail: Some("refused".to_owned()),
        certificate: None,
    };
    work.targets().set_health(&health).await.unwrap();
    work.targets().used(s.own.person, s.own.target, date!(2026 - 11 - 20)).await.unwrap();
    work.commit().await.unwrap();

    let found = s.see(s.tenant.targets().get(s.own.target).await).unwrap();
    assert_eq!((found.kind(), found.host.as_str(), found.enabled), (TargetKind::Rdp, "ts01", false));
    assert_eq!(found.pinned_certificate, Some(vec![0x30, 0x82]));
    assert_eq!(s.see(s.tenant.targets().by_label("register").await).unwrap(), None, "the label went with the kind");
    assert_eq!(s.see(s.tenant.targets().health(s.own.target).await).unwrap(), Some(health));
    assert_eq!(s.see(s.tenant.targets().used_by(s.own.person).await).unwrap()[0].last_used_on, date!(2026 - 11 - 20));

    let work = s.tenant.begin().await.unwrap();
    work.targets().remove(s.own.target).await.unwrap();
    work.commit().await.unwrap();
    assert!(s.see(s.tenant.targets().used_by(s.own.person).await).unwrap().is_empty());
    assert!(s.see(s.tenant.bundles().all_targets().await).unwrap().is_empty());
}

async fn labels_are_unique(s: &Suite) {
    let work = s.tenant.begin().await.unwrap();
    let clash = s.see(work.targets().insert(&s.fixture.make().web_target("Other", "Register")).await);
    assert!(matches!(clash, Err(StoreError::Conflict { what }) if what == "target.label"));
}

async fn targets_are_limited(s: &Suite) {
    let targets: Vec<_> =
        (0..MAX_TARGETS).map(|n| s.fixture.make().web_target(&format!("t{n}"), &format!("l{n}"))).collect();
    let work = s.tenant.begin().await.unwrap();
    let refused = s.see(work.targets().insert_all(&targets).await);
    assert!(matches!(refused, Err(StoreError::TooMany { limit: MAX_TARGETS, .. })));
    work.targets().insert_all(&targets[1..]).await.unwrap();
    assert_eq!(s.see(work.targets().list(&Page { limit: 1 << 40, ..Page::default() }).await).unwrap().items.len(), 200);
}

async fn bundles_hold_targets(s: &Suite) {
    let bundles = s.tenant.bundles();
    assert_eq!(s.see(bundles.get(s.own.bundle).await).unwrap().name, "Standard");
    assert_eq!(s.see(bundles.by_name("Standard").await).unwrap().unwrap().id, s.own.bundle);
    assert_eq!(s.see(bundles.list(&Page::search("stand")).await).unwrap().total, 1);
    assert_eq!(s.see(bundles.all().await).unwrap().len(), 1);
    assert_eq!(s.see(bundles.targets(s.own.bundle).await).unwrap(), [s.own.target]);
    assert_eq!(s.see(bundles.of_target(s.own.target).await).unwrap(), [s.own.bundle]);
    let work = s.tenant.begin().await.unwrap();
    let other = s.fixture.make().web_target("Other", "other");
    work.targets().insert(&other).await.unwrap();
    assert!(work.bundles().set_targets(s.own.bundle, &[other.id]).await.unwrap());
    assert!(!work.bundles().set_targets(s.own.bundle, &[other.id]).await.unwrap());
    work.commit().await.unwrap();
    assert_eq!(s.see(bundles.all_targets().await).unwrap(), [(s.own.bundle, other.id)]);
    let work = s.tenant.begin().await.unwrap();
    work.bundles().remove(s.own.bundle).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(s.see(s.tenant.targets().all().await).unwrap().len(), 2, "its targets stay");
}

async fn rules_keep_their_order(s: &Suite) {
    let work = s.tenant.begin().await.unwrap();
    let rules = work.rules();
    let (second, third) =
        (s.fixture.make().rule("b", rules.next_position().await.unwrap()), s.fixture.make().rule("c", 2));
    rules.insert(&second).await.unwrap();
    rules.insert(&third).await.unwrap();
    rules.reorder(&[third.id, s.own.rule, second.id]).await.unwrap();
    rules
        .update(&RuleRecord { enabled: false, position: 2, expert: Some("permit(…);".to_owned()), ..second.clone() })
        .await
        .unwrap();
    drop(rules);
    work.commit().await.unwrap();
    let all = s.see(s.tenant.rules().all().await).unwrap();
    assert_eq!(all.iter().map(|rule| rule.id).collect::<Vec<_>>(), [third.id, s.own.rule, second.id]);
    assert!(!s.see(s.tenant.rules().get(second.id).await).unwrap().enabled);
    let work = s.tenant.begin().await.unwrap();
    work.rules().remove(second.id).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(s.tenant.rules().count().await.unwrap(), 2);
}

async fn settings_have_types(s: &Suite) {
    let settings = s.tenant.settings();
    assert_eq!(s.see(settings.get::<String>("language").await).unwrap(), Some("de".to_owned()));
    assert_eq!(s.see(settings.get::<u8>("missing").await).unwrap(), None);
    assert!(matches!(s.see(settings.get::<u8>("language").await), Err(StoreError::Corrupt { .. })));
    let work = s.tenant.begin().await.unwrap();
    work.settings().set("language", &"en").await.unwrap();
    work.settings().set("idle_minutes", &30).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(s.see(settings.all().await).unwrap().len(), 2);
    let work = s.tenant.begin().await.unwrap();
    assert!(work.settings().remove("language").await.unwrap());
    assert!(!work.settings().remove("language").await.unwrap());
    work.commit().await.unwrap();
    assert_eq!(s.see(settings.get::<u8>("idle_minutes").await).unwrap(), Some(30));
}

async fn a_setting_that_is_held_waits_for_whoever_changes_it(s: &Suite) {
    let add = async |word: &str| {
        let work = s.tenant.begin().await?;
        let mut words: Vec<String> = work.settings().held("words").await?;
        words.push(word.to_owned());
        // Long enough for the other one to read, too, where nothing kept it from that.
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        work.settings().set("words", &words).await?;
        work.commit().await
    };
    for _ in 0..2 {
        let (one, other) = tokio::join!(add("a"), add("b"));
        one.and(other).unwrap();
    }
    let mut words: Vec<String> = s.see(s.tenant.settings().get("words").await).unwrap().unwrap();
    words.sort();
    assert_eq!(words, ["a", "a", "b", "b"], "the first time nothing was there to hold");
}

async fn imports_are_undone_once(s: &Suite) {
    assert_eq!(s.see(s.tenant.imports().latest(10).await).unwrap()[0].id, s.own.import);
    let work = s.tenant.begin().await.unwrap();
    assert!(work.imports().undone(s.own.import).await.unwrap());
    assert!(!work.imports().undone(s.own.import).await.unwrap());
    work.commit().await.unwrap();
    assert!(s.see(s.tenant.imports().get(s.own.import).await).unwrap().undone_at.is_some());
}
