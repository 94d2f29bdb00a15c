use fernamt_domain::{PersonSource, SystemClock, SystemRng};
use time::OffsetDateTime;

use super::*;

fn found(name: &str, disabled: bool) -> DirectoryPerson {
    DirectoryPerson {
        key: format!("key-{name}"),
        name: name.to_owned(),
        display_name: name.to_uppercase(),
        dn: format!("CN={name}"),
        disabled,
    }
}

fn stored(name: &str, state: PersonState) -> PersonRecord {
    PersonRecord {
        id: PersonId::new(&SystemClock, &SystemRng),
        name: name.to_owned(),
        display_name: name.to_uppercase(),
        source: PersonSource::Directory,
        directory: None,
        directory_dn: Some(format!("CN={name}")),
        directory_key: Some(format!("key-{name}")),
        password_hash: None,
        state,
        language: String::new(),
        created_at: OffsetDateTime::UNIX_EPOCH,
        removed_at: None,
    }
}

fn snapshot(people: &[DirectoryPerson]) -> Snapshot {
    Snapshot {
        people: people.iter().map(|person| (person.name.clone(), person.clone())).collect(),
        ..Snapshot::default()
    }
}

#[test]
fn what_agrees_needs_no_change() {
    let known = Known { people: vec![stored("anna", PersonState::Active)], ..Known::default() };
    assert!(plan(&known, &snapshot(&[found("anna", false)])).unwrap().is_empty());
}

#[test]
fn who_is_barred_or_gone_is_disabled_and_only_the_directory_lets_in_whom_it_barred() {
    let people = vec![
        stored("anna", PersonState::Active),
        stored("bert", PersonState::Active),
        stored("cora", PersonState::Disabled),
        stored("dora", PersonState::Disabled),
    ];
    let [anna, bert, cora, _] = [people[0].id, people[1].id, people[2].id, people[3].id];
    let known = Known { people, barred: BTreeSet::from([cora]), ..Known::default() };
    let plan = plan(&known, &snapshot(&[found("anna", true), found("cora", false), found("dora", false)])).unwrap();
    assert_eq!(plan.disable, [anna, bert]);
    assert_eq!(plan.enable, [cora], "dora was disabled here, by an administrator");
}

#[test]
fn a_directory_that_lost_its_people_is_not_believed() {
    let known =
        Known { people: (0..20).map(|n| stored(&format!("p{n}"), PersonState::Active)).collect(), ..Known::default() };
    assert_eq!(plan(&known, &snapshot(&[])), Err(DirectoryError::Nobody));
    let few: Vec<_> = (0..5).map(|n| found(&format!("p{n}"), false)).collect();
    assert_eq!(plan(&known, &snapshot(&few)), Err(DirectoryError::ManyVanished { gone: 15, known: 20 }));
}

#[test]
fn a_renamed_account_stays_the_same_person_and_a_local_name_is_never_taken_over() {
    let anna = stored("anna", PersonState::Active);
    let known =
        Known { people: vec![anna.clone()], foreign_people: BTreeSet::from(["chef".to_owned()]), ..Known::default() };
    let married = DirectoryPerson { key: "key-anna".into(), ..found("anna.neu", false) };
    let plan = plan(&known, &snapshot(&[married, found("chef", false)])).unwrap();
    assert_eq!(plan.change_people.len(), 1);
    assert_eq!((plan.change_people[0].id, plan.change_people[0].name.as_str()), (anna.id, "anna.neu"));
    assert_eq!((plan.add_people.len(), plan.name_clashes), (0, 1));
}

/// A group that is known, with the groups in it.
fn group(number: u128, name: &str, inner: &[u128]) -> (GroupRecord, BTreeSet<PersonId>, BTreeSet<GroupId>) {
    let record = GroupRecord {
        id: id(number),
        name: name.to_owned(),
        source: PersonSource::Directory,
        directory: None,
        directory_dn: Some(format!("CN={name}")),
        directory_key: Some(format!("key-{name}")),
        created_at: OffsetDateTime::UNIX_EPOCH,
    };
    (record, BTreeSet::new(), inner.iter().copied().map(id).collect())
}

fn id(number: u128) -> GroupId {
    GroupId(uuid::Uuid::from_u128(number))
}

/// A group that the directory holds, with nobody in it.
fn empty(name: &str, key: &str) -> (String, DirectoryGroup) {
    let group = DirectoryGroup {
        key: key.to_owned(),
        dn: format!("CN={name}"),
        people: BTreeSet::new(),
        groups: BTreeSet::new(),
        lists_unknown: false,
    };
    (name.to_owned(), group)
}

#[test]
fn a_group_that_something_depends_on_stays_when_its_directory_no_longer_names_it() {
    let groups = vec![group(1, "Aushilfen", &[2]), group(2, "Boten", &[]), group(3, "Chor", &[])];
    let people = vec![stored("anna", PersonState::Active)];
    let mut known = Known { people, groups, named: BTreeSet::from([id(1)]), ..Known::default() };
    let mut snapshot = snapshot(&[found("anna", false)]);
    let first = plan(&known, &snapshot).unwrap();
    assert_eq!(first.kept_groups, BTreeSet::from([id(1), id(2)]), "with the group in it");
    assert_eq!(first.remove_groups, [id(3)]);
    known.groups.pop();
    assert!(plan(&known, &snapshot).unwrap().is_empty(), "the next round has nothing to do");

    snapshot.groups.extend([empty("Aushilfen", "key-new")]);
    let anew = plan(&known, &snapshot).unwrap();
    let changed: Vec<_> = anew.change_groups.iter().map(|to| (to.id, to.directory_key.as_deref())).collect();
    assert_eq!(changed, [(id(1), Some("key-new"))], "made anew, it is the same group");
    assert!(anew.add_groups.is_empty() && anew.kept_groups == BTreeSet::from([]) && anew.remove_groups == [id(2)]);

    known.named.clear();
    snapshot.groups.clear();
    assert_eq!(plan(&known, &snapshot).unwrap().remove_groups, [id(1), id(2)], "once nothing depends on it");
}

#[test]
fn a_name_that_another_group_took_is_left_to_it() {
    let groups = vec![group(1, "Aushilfen", &[]), group(2, "Boten", &[])];
    let known = Known { groups, named: BTreeSet::from([id(1)]), ..Known::default() };
    let mut snapshot = snapshot(&[found("anna", false)]);
    snapshot.groups.extend([empty("Aushilfen", "key-Boten")]);
    let plan = plan(&known, &snapshot).unwrap();
    let named: Vec<_> = plan.change_groups.iter().map(|to| (to.id, to.name.clone())).collect();
    assert_eq!(named, [(id(1), format!("Aushilfen ({})", id(1))), (id(2), "Aushilfen".to_owned())]);
    assert_eq!(plan.kept_groups, BTreeSet::from([id(1)]));
}

/// A group that the directory holds and that lists somebody whom nobody knows.
fn with_unknown(name: &str, key: &str) -> (String, DirectoryGroup) {
    let (name, group) = empty(name, key);
    (name, DirectoryGroup { lists_unknown: true, ..group })
}

#[test]
fn a_group_inside_a_named_one_stays_in_it_for_as_long_as_that_one_lists_somebody_unknown() {
    let groups =
        vec![group(1, "Aushilfen", &[2]), group(2, "Boten", &[3, 4]), group(3, "Chor", &[]), group(4, "Dienst", &[])];
    let people = vec![stored("anna", PersonState::Active)];
    let mut known = Known { people, groups, named: BTreeSet::from([id(1)]), ..Known::default() };
    let mut snapshot = snapshot(&[found("anna", false)]);
    snapshot.groups.extend([with_unknown("Aushilfen", "key-Aushilfen"), empty("Dienst", "key-Dienst")]);
    let filtered = plan(&known, &snapshot).unwrap();
    assert_eq!(filtered.kept_groups, BTreeSet::from([id(2), id(3)]), "with what lies in it");
    assert!(filtered.is_empty(), "it stays where it was: {filtered:?}");

    // The directory puts another group into it meanwhile.
    snapshot.groups.get_mut("Aushilfen").unwrap().groups.insert("Dienst".into());
    let more = plan(&known, &snapshot).unwrap();
    assert_eq!(more.children["Aushilfen"], BTreeSet::from(["Boten".to_owned(), "Dienst".to_owned()]));

    snapshot.groups.extend([empty("Aushilfen", "key-Aushilfen")]);
    let taken_out = plan(&known, &snapshot).unwrap();
    assert_eq!(taken_out.remove_groups, [id(2), id(3)], "the directory took it out");
    assert!(taken_out.children["Aushilfen"].is_empty());

    known.named.clear();
    snapshot.groups.extend([with_unknown("Aushilfen", "key-Aushilfen")]);
    assert_eq!(plan(&known, &snapshot).unwrap().remove_groups, [id(2), id(3)], "nothing depends on it");
}

#[test]
fn a_named_group_that_is_lacking_stays_in_the_group_that_it_lies_in() {
    let groups = vec![group(1, "Aushilfen", &[2]), group(2, "Boten", &[])];
    let people = vec![stored("anna", PersonState::Active)];
    let known = Known { people, groups, named: BTreeSet::from([id(2)]), ..Known::default() };
    let mut snapshot = snapshot(&[found("anna", false)]);
    snapshot.groups.extend([with_unknown("Aushilfen", "key-Aushilfen")]);
    let filtered = plan(&known, &snapshot).unwrap();
    assert_eq!(filtered.kept_groups, BTreeSet::from([id(2)]));
    assert!(filtered.is_empty(), "{filtered:?}");

    snapshot.groups.extend([empty("Aushilfen", "key-Aushilfen")]);
    let taken_out = plan(&known, &snapshot).unwrap();
    assert_eq!(taken_out.kept_groups, BTreeSet::from([id(2)]), "it is named itself");
    assert!(taken_out.children["Aushilfen"].is_empty() && taken_out.remove_groups.is_empty());
}

#[test]
fn a_group_that_is_kept_in_another_closes_no_circle() {
    let groups = vec![group(1, "Aushilfen", &[2]), group(2, "Boten", &[3]), group(3, "Chor", &[])];
    let known = Known { groups, named: BTreeSet::from([id(1)]), ..Known::default() };
    let mut snapshot = snapshot(&[found("anna", false)]);
    snapshot.groups.extend([with_unknown("Aushilfen", "key-Aushilfen"), empty("Chor", "key-Chor")]);
    snapshot.groups.get_mut("Chor").unwrap().groups.insert("Aushilfen".into());
    let plan = plan(&known, &snapshot).unwrap();
    assert_eq!(plan.kept_groups, BTreeSet::from([id(2)]));
    assert!(plan.children.is_empty(), "Chor lies in Boten, and that in Aushilfen: {:?}", plan.children);
}

#[test]
fn a_name_is_given_up_only_by_a_group_that_stays() {
    let groups = vec![group(1, "Aushilfen", &[2]), group(2, "Boten", &[]), group(3, "Chor", &[])];
    let known = Known { groups, named: BTreeSet::from([id(1)]), ..Known::default() };
    let mut snapshot = snapshot(&[found("anna", false)]);
    snapshot.groups.extend([empty("Aushilfen", "key-new"), empty("Boten", "key-Chor")]);
    let goes = plan(&known, &snapshot).unwrap();
    let changed: Vec<_> = goes.change_groups.iter().map(|to| (to.id, to.name.as_str())).collect();
    assert_eq!(changed, [(id(1), "Aushilfen"), (id(3), "Boten")]);
    assert_eq!(goes.remove_groups, [id(2)], "what lay in a group that was made anew goes, and is not renamed before");

    snapshot.groups.extend([with_unknown("Aushilfen", "key-new")]);
    let stays = plan(&known, &snapshot).unwrap();
    let (name, kept) = (format!("Boten ({})", id(2)), BTreeSet::from([id(2)]));
    assert_eq!((stays.change_groups[0].id, &stays.change_groups[0].name), (id(2), &name));
    assert!(stays.kept_groups == kept && stays.remove_groups.is_empty() && stays.children.is_empty(), "{stays:?}");
}

#[test]
fn circles_are_cut_and_changes_of_groups_found() {
    let mut snapshot = snapshot(&[found("anna", false)]);
    let group = |name: &str, inner: &str| DirectoryGroup {
        key: format!("key-{name}"),
        dn: format!("CN={name}"),
        people: BTreeSet::from(["anna".to_owned()]),
        groups: BTreeSet::from([inner.to_owned()]),
        lists_unknown: false,
    };
    snapshot.groups.insert("A".into(), group("A", "B"));
    snapshot.groups.insert("B".into(), group("B", "A"));
    let plan = plan(&Known::default(), &snapshot).unwrap();
    assert_eq!(plan.add_groups.len(), 2);
    assert_eq!(plan.children["A"], BTreeSet::from(["B".to_owned()]));
    assert!(plan.children["B"].is_empty());
}
