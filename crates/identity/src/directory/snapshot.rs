//! What a directory holds at one moment: people, groups, who is in what. Pure: entries in, people and groups out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use data_encoding::HEXLOWER;
use fernamt_domain::name;
use ldap3::Scope;
use time::OffsetDateTime;

use super::{
    DirectoryConfig, DirectoryError, Flavour,
    client::{Client, Entry},
};

/// The most characters of a name that is taken over.
pub const MAX_NAME_CHARS: usize = 200;

/// A person of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryPerson {
    /// What identifies the account for good, whatever it is called.
    pub key: String,
    /// The sign-in name, in lower case.
    pub name: String,
    /// The name that others see.
    pub display_name: String,
    /// The distinguished name.
    pub dn: String,
    /// Whether the directory has barred them.
    pub disabled: bool,
}

/// A group of the directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirectoryGroup {
    /// What identifies the group for good, whatever it is called.
    pub key: String,
    /// The distinguished name.
    pub dn: String,
    /// The direct members, by sign-in name.
    pub people: BTreeSet<String>,
    /// The groups directly inside it, by name.
    pub groups: BTreeSet<String>,
    /// Whether its entry lists members that are neither people nor groups of this snapshot.
    pub lists_unknown: bool,
}

/// What the directory holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// People by sign-in name.
    pub people: BTreeMap<String, DirectoryPerson>,
    /// Groups by name.
    pub groups: BTreeMap<String, DirectoryGroup>,
}

/// Without the accounts that the directory needs for itself: Administrator, Guest, krbtgt.
const AD_PEOPLE: &str = "(&(objectCategory=person)(objectClass=user)(!(isCriticalSystemObject=TRUE)))";
const AD_GROUPS: &str = "(&(objectCategory=group)(!(isCriticalSystemObject=TRUE)))";
const LDAP_PEOPLE: &str = "(|(objectClass=inetOrgPerson)(objectClass=posixAccount))";
const LDAP_GROUPS: &str = "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))";

const PERSON_ATTRIBUTES: &[&str] = &[
    "objectGUID",
    "entryUUID",
    "sAMAccountName",
    "uid",
    "displayName",
    "cn",
    "userAccountControl",
    "accountExpires",
    "primaryGroupID",
    "pwdAccountLockedTime",
    "nsAccountLock",
    "shadowExpire",
];
const GROUP_ATTRIBUTES: &[&str] =
    &["objectGUID", "entryUUID", "sAMAccountName", "cn", "objectSid", "member", "uniqueMember", "memberUid"];

/// Reads the whole directory. A part of the answer counts as none.
pub async fn take(config: &DirectoryConfig, now: OffsetDateTime) -> Result<Snapshot, DirectoryError> {
    let mut client = Client::reader(config).await?;
    let flavour = client.flavour().await?;
    let (people, groups) = match flavour {
        Flavour::ActiveDirectory => (AD_PEOPLE, AD_GROUPS),
        Flavour::Ldap => (LDAP_PEOPLE, LDAP_GROUPS),
    };
    let people = filter(&config.person_filter, people);
    let groups = filter(&config.group_filter, groups);
    let people = client.search(&config.base_dn, Scope::Subtree, people, PERSON_ATTRIBUTES.to_vec()).await?;
    let groups = client.search(&config.base_dn, Scope::Subtree, groups, GROUP_ATTRIBUTES.to_vec()).await?;
    Ok(build(&people, &groups, now))
}

fn filter<'a>(configured: &'a str, usual: &'a str) -> &'a str {
    if configured.trim().is_empty() { usual } else { configured.trim() }
}

/// Puts entries together.
pub fn build(people: &[Entry], groups: &[Entry], now: OffsetDateTime) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let mut person_by_dn = HashMap::new();
    for entry in people {
        let Some(name) = entry.text("sAMAccountName").or_else(|| entry.text("uid")).and_then(usable) else { continue };
        let name = name.to_lowercase();
        // A machine's account ends in a dollar sign.
        if name.ends_with('$') {
            continue;
        }
        let display_name =
            entry.text("displayName").or_else(|| entry.text("cn")).and_then(usable).unwrap_or_else(|| name.clone());
        person_by_dn.insert(normal(&entry.dn), name.clone());
        let person = DirectoryPerson {
            key: key(entry),
            name: name.clone(),
            display_name,
            dn: entry.dn.clone(),
            disabled: is_disabled(entry, now),
        };
        snapshot.people.insert(name, person);
    }
    let named: Vec<(String, &Entry)> = groups
        .iter()
        .filter_map(|entry| Some((entry.text("sAMAccountName").or_else(|| entry.text("cn")).and_then(usable)?, entry)))
        .collect();
    let group_by_dn: HashMap<String, &str> =
        named.iter().map(|(name, entry)| (normal(&entry.dn), name.as_str())).collect();
    let by_rid = primary_members(people);
    for (name, entry) in &named {
        let group = snapshot.groups.entry(name.clone()).or_default();
        (group.key, group.dn) = (key(entry), entry.dn.clone());
        for dn in entry.texts("member").chain(entry.texts("uniqueMember")) {
            let dn = normal(dn);
            if let Some(person) = person_by_dn.get(&dn) {
                group.people.insert(person.clone());
            } else if let Some(inner) = group_by_dn.get(&dn) {
                if *inner != name.as_str() {
                    group.groups.insert((*inner).to_owned());
                }
            } else {
                // OpenLDAP's groups may not be empty, and an empty name is how some fill them.
                group.lists_unknown |= !dn.is_empty();
            }
        }
        group
            .people
            .extend(entry.texts("memberUid").map(str::to_lowercase).filter(|uid| snapshot.people.contains_key(uid)));
        let primary = entry.bytes("objectSid").and_then(rid).and_then(|rid| by_rid.get(&rid));
        group.people.extend(primary.into_iter().flatten().filter_map(|dn| person_by_dn.get(dn)).cloned());
    }
    snapshot
}

/// Active Directory keeps a person's primary group on the person, not among the group's members.
fn primary_members(people: &[Entry]) -> HashMap<u32, Vec<String>> {
    let mut by_rid: HashMap<u32, Vec<String>> = HashMap::new();
    for entry in people {
        if let Some(rid) = entry.text("primaryGroupID").and_then(|rid| rid.parse().ok()) {
            by_rid.entry(rid).or_default().push(normal(&entry.dn));
        }
    }
    by_rid
}

/// `objectGUID` in Active Directory, `entryUUID` in `OpenLDAP`; without either the distinguished name has to do.
fn key(entry: &Entry) -> String {
    match (entry.bytes("objectGUID"), entry.text("entryUUID")) {
        (Some(guid), _) => HEXLOWER.encode(guid),
        (None, Some(uuid)) => uuid.to_lowercase(),
        (None, None) => normal(&entry.dn),
    }
}

fn rid(sid: &[u8]) -> Option<u32> {
    sid.last_chunk().map(|last| u32::from_le_bytes(*last))
}

/// A name as it may be shown here. What cannot be read in it is spelled out rather than dropped: a group that went
/// missing would take its rules' effect along.
fn usable(text: &str) -> Option<String> {
    let text = text.trim();
    let text = name::spelled(text);
    name::check(&text, MAX_NAME_CHARS).ok().map(|()| text)
}

fn is_disabled(entry: &Entry, now: OffsetDateTime) -> bool {
    let number = |name| entry.text(name).and_then(|text| text.parse::<i64>().ok());
    let barred = number("userAccountControl").is_some_and(|flags| flags & 2 != 0);
    // 100 ns since 1601; zero and the largest number mean never.
    let expired = number("accountExpires").is_some_and(|ticks| {
        ticks > 0 && ticks < i64::MAX && ticks / 10_000_000 - 11_644_473_600 <= now.unix_timestamp()
    });
    let locked = entry.text("pwdAccountLockedTime").is_some_and(|time| time.starts_with("00000101"))
        || entry.text("nsAccountLock").is_some_and(|lock| lock.eq_ignore_ascii_case("true"));
    let shadow =
        number("shadowExpire").is_some_and(|days| days >= 0 && days.saturating_mul(86_400) <= now.unix_timestamp());
    barred || expired || locked || shadow
}

/// A distinguished name in a form that can be compared: lower case, no spaces around separators.
pub fn normal(dn: &str) -> String {
    let mut out = String::with_capacity(dn.len());
    let mut escaped = false;
    for c in dn.chars() {
        if escaped {
            escaped = false;
            out.extend(c.to_lowercase());
        } else if c == '\\' {
            escaped = true;
            out.push(c);
        } else if matches!(c, ',' | '=' | '+') {
            out.truncate(out.trim_end_matches(' ').len());
            out.push(c);
        } else if c != ' ' || !out.ends_with([',', '=', '+']) {
            out.extend(c.to_lowercase());
        }
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-02 08:00 UTC);

    fn user(name: &str, flags: &str) -> Entry {
        let dn = format!("CN={name},OU=Amt,DC=amt,DC=test");
        Entry::of(
            &dn,
            &[("sAMAccountName", &[name]), ("displayName", &["Frau Beispiel"]), ("userAccountControl", &[flags])],
        )
    }

    #[test]
    fn people_and_nested_groups_are_put_together() {
        let people = [user("Erika", "512"), user("Max", "514"), user("PC01$", "4096")];
        let groups = [
            Entry::of(
                "CN=Bauamt,DC=amt,DC=test",
                &[("cn", &["Bauamt"]), ("member", &["cn=erika, ou=Amt,DC=amt,DC=test"])],
            ),
            Entry::of(
                "CN=Technik,DC=amt,DC=test",
                &[
                    ("cn", &["Technik"]),
                    ("member", &["CN=Bauamt,DC=amt,DC=test", "CN=Technik,DC=amt,DC=test", "CN=gone,DC=x"]),
                ],
            ),
        ];
        let snapshot = build(&people, &groups, NOW);
        assert_eq!(snapshot.people.keys().collect::<Vec<_>>(), ["erika", "max"]);
        assert!(!snapshot.people["erika"].disabled);
        assert!(snapshot.people["max"].disabled);
        assert!(snapshot.groups["Bauamt"].people.contains("erika"));
        assert_eq!(snapshot.groups["Technik"].groups, BTreeSet::from(["Bauamt".to_owned()]));
        assert!(snapshot.groups["Technik"].lists_unknown, "CN=gone");
        assert!(!snapshot.groups["Bauamt"].lists_unknown);
    }

    #[test]
    fn names_that_deceive_are_spelled_out_and_stay_apart() {
        let group = |dn: &str, name: &str| Entry::of(dn, &[("cn", &[name]), ("member", &["CN=a,DC=x"])]);
        let groups = [group("CN=1", "Bauamt"), group("CN=2", "Bau\u{200B}amt"), group("CN=3", "Bau\u{202E}amt")];
        let person = Entry::of("CN=a,DC=x", &[("uid", &["a"]), ("cn", &["A\u{202E}nna"])]);
        let snapshot = build(&[person], &groups, NOW);
        assert_eq!(snapshot.groups.keys().collect::<Vec<_>>(), ["Bau<U+200B>amt", "Bau<U+202E>amt", "Bauamt"]);
        assert!(snapshot.groups.values().all(|group| group.people.contains("a")));
        assert_eq!(snapshot.people["a"].display_name, "A<U+202E>nna");
    }

    #[test]
    fn openldaps_people_and_posix_groups_are_read() {
        let people = [
            Entry::of("uid=anna,dc=x", &[("uid", &["anna"]), ("cn", &["Anna"])]),
            Entry::of("uid=bert,dc=x", &[("uid", &["bert"]), ("pwdAccountLockedTime", &["000001010000Z"])]),
            Entry::of("uid=cora,dc=x", &[("uid", &["cora"]), ("shadowExpire", &["1"])]),
        ];
        let groups =
            [Entry::of("cn=amt,dc=x", &[("cn", &["amt"]), ("member", &[""]), ("memberUid", &["anna", "nobody"])])];
        let snapshot = build(&people, &groups, NOW);
        let disabled: Vec<_> = snapshot.people.values().map(|person| person.disabled).collect();
        assert_eq!(disabled, [false, true, true]);
        assert_eq!(snapshot.groups["amt"].people, BTreeSet::from(["anna".to_owned()]));
        assert!(!snapshot.groups["amt"].lists_unknown, "an empty name is nobody's");
    }

    #[test]
    fn expired_accounts_and_primary_groups_count() {
        let expires = |ticks: &str| Entry::of("CN=a", &[("accountExpires", &[ticks])]);
        assert!(!is_disabled(&expires("0"), NOW));
        assert!(!is_disabled(&expires("9223372036854775807"), NOW));
        assert!(is_disabled(&expires("132000000000000000"), NOW));
        assert!(!is_disabled(&expires("142000000000000000"), NOW));
        assert_eq!(rid(&[1, 5, 0, 0, 1, 2, 0, 0]), Some(513));
        assert_eq!(rid(&[1]), None);
    }

    #[test]
    fn names_compare_whatever_their_case_and_spaces() {
        assert_eq!(normal("CN=Müller\\, Eva , OU = Amt,DC=x"), normal("cn=müller\\, eva,ou=amt,dc=X"));
        assert_ne!(normal("cn=a b,dc=x"), normal("cn=ab,dc=x"));
    }
}
