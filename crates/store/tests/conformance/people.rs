//! People, groups and directories.

use std::collections::BTreeSet;

use fernamt_domain::{GroupId, PersonId, PersonSource, PersonState, Role, Secret};
use fernamt_store::{Page, PersonRecord, StoreError};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::{Suite, suite};

suite! {
    people_are_found
    people_change
    removed_people_leave_nothing_behind
    names_are_unique
    lists_are_searched_and_paged
    groups_nest
    groups_are_set_as_a_whole
    group_closure_is_that_of_the_graph
    directories_come_and_go
}

async fn people_are_found(s: &Suite) {
    let people = s.tenant.people();
    let ada = s.see(people.get(s.own.person).await).unwrap();
    assert_eq!(ada.name, "ada");
    assert_eq!(ada.created_at, fernamt_domain::Clock::now(&s.fixture.clock));
    assert_eq!(ada.password_hash, Some(Secret::from("$argon2id$…")));
    assert_eq!(s.see(people.by_name("ADA").await).unwrap().unwrap().id, s.own.person);
    assert_eq!(s.see(people.by_name("bob").await).unwrap(), None);
    assert_eq!(s.see(people.roles(s.own.person).await).unwrap(), [Role::Administrator]);
    assert_eq!(s.see(people.with_role(Role::Administrator).await).unwrap(), [s.own.person]);
    assert_eq!(s.see(people.all_roles().await).unwrap(), [(s.own.person, Role::Administrator)]);
    assert_eq!(people.count().await.unwrap(), 1);
}

async fn people_change(s: &Suite) {
    let before = s.tenant.policy_epoch().await.unwrap();
    let mut work = s.tenant.begin().await.unwrap();
    let ada = work.people().get(s.own.person).await.unwrap();
    work.people().update(&PersonRecord { display_name: "Ada L.".to_owned(), ..ada }).await.unwrap();
    work.people().set_state(s.own.person, PersonState::Disabled).await.unwrap();
    work.people().set_password_hash(s.own.person, None).await.unwrap();
    work.people().set_language(s.own.person, "en").await.unwrap();
    work.people().set_roles(s.own.person, &[Role::ControlDesk, Role::DataProtection]).await.unwrap();
    work.publish(fernamt_domain::DomainEvent::PersonChanged { person: s.own.person });
    // nothing of it shows before the commit
    assert_eq!(s.tenant.people().get(s.own.person).await.unwrap().state, PersonState::Active);
    work.commit().await.unwrap();

    let ada = s.see(s.tenant.people().get(s.own.person).await).unwrap();
    assert_eq!((ada.display_name.as_str(), ada.state, ada.language.as_str()), ("Ada L.", PersonState::Disabled, "en"));
    assert_eq!(ada.password_hash, None);
    let roles: BTreeSet<_> = s.tenant.people().roles(s.own.person).await.unwrap().into_iter().collect();
    assert_eq!(roles, BTreeSet::from([Role::ControlDesk, Role::DataProtection]));
    assert_eq!(s.tenant.policy_epoch().await.unwrap(), before + 1);

    // dropped without a commit: nothing happened
    let work = s.tenant.begin().await.unwrap();
    work.people().set_state(s.own.person, PersonState::Active).await.unwrap();
    drop(work);
    assert_eq!(s.see(s.tenant.people().get(s.own.person).await).unwrap().state, PersonState::Disabled);
}

async fn removed_people_leave_nothing_behind(s: &Suite) {
    let work = s.tenant.begin().await.unwrap();
    work.people().remove(s.own.person).await.unwrap();
    work.commit().await.unwrap();
    let t = &s.tenant;
    assert!(matches!(s.see(t.people().get(s.own.person).await), Err(StoreError::NotFound("person"))));
    assert_eq!(s.see(t.people().by_name("ada").await).unwrap(), None);
    assert!(s.see(t.devices().of_person(s.own.person).await).unwrap().is_empty());
    assert!(s.see(t.sessions().live_of_person(s.own.person).await).unwrap().is_empty());
    assert!(s.see(t.passkeys().of_person(s.own.person).await).unwrap().is_empty());
    assert!(s.see(t.recovery_codes().unused_of_person(s.own.person).await).unwrap().is_empty());
    assert!(s.see(t.groups().all_of_person(s.own.person).await).unwrap().is_empty());
    assert!(s.see(t.people().roles(s.own.person).await).unwrap().is_empty());
    assert!(s.see(t.targets().used_by(s.own.person).await).unwrap().is_empty());
    let token = s.see(t.otp_tokens().get(s.own.token).await).unwrap();
    assert_eq!((token.person, token.confirmed_at), (None, None), "a hardware token is free for somebody else");
    assert_eq!(s.see(t.people().get_even_removed(s.own.person).await).unwrap().display_name, "ada Lovelace");
    // the login is free again
    let work = t.begin().await.unwrap();
    work.people().insert(&s.fixture.make().person("Ada")).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(s.see(t.people().by_name("ada").await).unwrap().unwrap().name, "ada");
}

async fn names_are_unique(s: &Suite) {
    let work = s.tenant.begin().await.unwrap();
    let clash = s.see(work.people().insert(&s.fixture.make().person("ADA")).await);
    assert!(matches!(clash, Err(StoreError::Conflict { what }) if what == "person.name"));
    drop(work);
    let work = s.tenant.begin().await.unwrap();
    let clash = s.see(work.groups().insert(&s.fixture.make().group("Bürgerbüro")).await);
    assert!(matches!(clash, Err(StoreError::Conflict { what }) if what == "group.name"));
    drop(work);
    let work = s.tenant.begin().await.unwrap();
    let nobody = PersonId::new(&s.fixture.clock, &s.fixture.rng);
    assert!(matches!(s.see(work.groups().add_member(s.own.group, nobody).await), Err(StoreError::Reference)));
}

async fn lists_are_searched_and_paged(s: &Suite) {
    let work = s.tenant.begin().await.unwrap();
    for number in 0..30 {
        let mut person = s.fixture.make().person(&format!("p{number:02}"));
        person.display_name = format!("Jürgen ÄRGER_{number} 100%");
        work.people().insert(&person).await.unwrap();
    }
    work.commit().await.unwrap();
    let list = async |page: Page| s.see(s.tenant.people().list(&page).await).unwrap();
    assert_eq!(list(Page::default()).await.total, 31);
    let found = list(Page { search: Some("ärger_7 JÜRGEN".to_owned()), ..Page::default() }).await;
    assert_eq!(found.items.iter().map(|person| person.name.as_str()).collect::<Vec<_>>(), ["p07"]);
    assert_eq!(list(Page::search("0%")).await.total, 30, "% stands for itself");
    assert_eq!(list(Page::search("%r%")).await.total, 0);
    assert_eq!(list(Page::search("\\")).await.total, 0);
    let page = list(Page { search: Some("ärger".to_owned()), offset: 10, limit: 5 }).await;
    assert_eq!((page.total, page.items.len(), page.items[0].name.as_str()), (30, 5, "p10"));
}

async fn groups_nest(s: &Suite) {
    let groups = s.tenant.groups();
    assert_eq!(s.see(groups.get(s.own.group).await).unwrap().name, "Bürgerbüro");
    assert_eq!(s.see(groups.by_name("Bürgerbüro").await).unwrap().unwrap().id, s.own.group);
    assert_eq!(s.see(groups.list(&Page::search("BÜRO")).await).unwrap().total, 1);
    assert_eq!(s.see(groups.all().await).unwrap().len(), 2);
    assert_eq!(s.see(groups.members(s.own.group).await).unwrap(), []);
    assert_eq!(s.see(groups.members(s.own.inner_group).await).unwrap(), [s.own.person]);
    assert_eq!(s.see(groups.of_person(s.own.person).await).unwrap(), [s.own.inner_group]);
    assert_eq!(s.see(groups.children(s.own.group).await).unwrap(), [s.own.inner_group]);
    assert_eq!(s.see(groups.nestings().await).unwrap(), [(s.own.group, s.own.inner_group)]);
    let both = BTreeSet::from([s.own.group, s.own.inner_group]);
    assert_eq!(s.see(groups.all_of_person(s.own.person).await).unwrap(), both);
    assert_eq!(s.see(groups.all_within(s.own.group).await).unwrap(), both);
    assert_eq!(s.see(groups.all_members(s.own.group).await).unwrap(), BTreeSet::from([s.own.person]));

    let work = s.tenant.begin().await.unwrap();
    let cycle = s.see(work.groups().add_child(s.own.inner_group, s.own.group).await);
    assert!(matches!(cycle, Err(StoreError::Conflict { .. })));
    assert!(matches!(work.groups().add_child(s.own.group, s.own.group).await, Err(StoreError::Conflict { .. })));
    assert!(work.groups().remove_child(s.own.group, s.own.inner_group).await.unwrap());
    assert!(!work.groups().remove_child(s.own.group, s.own.inner_group).await.unwrap());
    work.groups().remove(s.own.inner_group).await.unwrap();
    work.commit().await.unwrap();
    assert!(s.see(groups.all_of_person(s.own.person).await).unwrap().is_empty());
}

async fn groups_are_set_as_a_whole(s: &Suite) {
    let work = s.tenant.begin().await.unwrap();
    let (bob, eve) = (s.fixture.make().person("bob"), s.fixture.make().person("eve"));
    work.people().insert(&bob).await.unwrap();
    work.people().insert(&eve).await.unwrap();
    let groups = work.groups();
    assert!(groups.set_members(s.own.group, &[bob.id, eve.id, bob.id]).await.unwrap());
    assert!(!groups.set_members(s.own.group, &[eve.id, bob.id]).await.unwrap());
    assert!(groups.set_members(s.own.group, &[eve.id]).await.unwrap());
    assert_eq!(s.see(groups.members(s.own.group).await).unwrap(), [eve.id]);
    assert_eq!(groups.member_count(s.own.group).await.unwrap(), 1);
    assert!(!groups.set_children(s.own.group, &[s.own.inner_group]).await.unwrap());
    assert!(groups.set_children(s.own.group, &[]).await.unwrap());
    drop(groups);
    work.commit().await.unwrap();
    assert!(s.see(s.tenant.groups().nestings().await).unwrap().is_empty());
}

/// Random nestings: a person is in exactly the groups that a plain search in the graph finds, and no cycle gets in.
async fn group_closure_is_that_of_the_graph(s: &Suite) {
    const GROUPS: usize = 8;
    let edges = proptest::collection::vec((0..GROUPS, 0..GROUPS), 0..20);
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    for _ in 0..12 {
        let edges = edges.new_tree(&mut runner).unwrap().current();
        let work = s.tenant.begin().await.unwrap();
        let mut ids: Vec<GroupId> = Vec::new();
        for number in 0..GROUPS {
            let group = s.fixture.make().group(&format!("g{number}"));
            work.groups().insert(&group).await.unwrap();
            ids.push(group.id);
        }
        let mut reaches: Vec<BTreeSet<usize>> = (0..GROUPS).map(|group| BTreeSet::from([group])).collect();
        for (parent, child) in edges {
            let cycle = reaches[child].contains(&parent);
            assert_eq!(work.groups().add_child(ids[parent], ids[child]).await.is_err(), cycle);
            if !cycle {
                let below = reaches[child].clone();
                for set in &mut reaches {
                    if set.contains(&parent) {
                        set.extend(&below);
                    }
                }
            }
        }
        for group in 0..GROUPS {
            work.groups().set_members(ids[group], &[]).await.unwrap();
            let expected: BTreeSet<_> = reaches[group].iter().map(|&inner| ids[inner]).collect();
            assert_eq!(s.see(work.groups().all_within(ids[group]).await).unwrap(), expected);
            let person = s.fixture.make().person(&format!("in{group}"));
            work.people().insert(&person).await.unwrap();
            work.groups().add_member(ids[group], person.id).await.unwrap();
            let outer = (0..GROUPS).filter(|&outer| reaches[outer].contains(&group)).map(|outer| ids[outer]);
            assert_eq!(work.groups().all_of_person(person.id).await.unwrap(), outer.collect());
        }
        drop(work);
    }
}

async fn directories_come_and_go(s: &Suite) {
    let directory = s.own.directory;
    let make = s.fixture.make();
    let mut person = make.person("dora");
    (person.source, person.directory) = (PersonSource::Directory, Some(directory));
    (person.directory_dn, person.directory_key) = (Some("CN=dora".to_owned()), Some("guid-1".to_owned()));
    let mut group = make.group("AD group");
    (group.source, group.directory, group.directory_key) =
        (PersonSource::Directory, Some(directory), Some("guid-2".to_owned()));
    let work = s.tenant.begin().await.unwrap();
    work.people().insert(&person).await.unwrap();
    work.groups().insert(&group).await.unwrap();
    work.directories().synced(directory, &serde_json::json!({ "people": 1 })).await.unwrap();
    work.commit().await.unwrap();

    let found = s.see(s.tenant.people().by_directory_key(directory, "guid-1").await).unwrap();
    assert_eq!(found.unwrap().id, person.id);
    assert_eq!(s.see(s.tenant.people().of_directory(directory).await).unwrap().len(), 1);
    assert_eq!(s.see(s.tenant.groups().of_directory(directory).await).unwrap()[0].id, group.id);
    let synced = s.see(s.tenant.directories().get(directory).await).unwrap();
    assert_eq!(synced.last_sync_result, Some(serde_json::json!({ "people": 1 })));

    let work = s.tenant.begin().await.unwrap();
    work.directories().remove(directory).await.unwrap();
    work.commit().await.unwrap();
    let dora = s.see(s.tenant.people().get(person.id).await).unwrap();
    assert_eq!((dora.state, dora.directory), (PersonState::Disabled, None));
    assert_eq!(s.see(s.tenant.groups().by_name("AD group").await).unwrap(), None);
    assert!(s.see(s.tenant.directories().all().await).unwrap().is_empty());
}
