//! What administrators upload and type, what the directory and targets answer, and files that come back to us.

use fernamt_admin::fuzzing;
use fernamt_domain::{
    BundleId, DeviceKind, DeviceState, GroupId, Method, PersonId, RuleId, Secret, TargetId, TargetKind, TenantId, Zone,
    audit::{SignedHead, SigningKey, Verifier},
};
use fernamt_identity::directory::{
    client::Entry,
    snapshot::{self, MAX_NAME_CHARS},
};
use fernamt_policy::{Engine, LocalZone, Request, Rule, RuleBody, RuleForm, TargetFacts, WindowForm};
use fernamt_store::backup::parse_journal;
use time::macros::datetime;
use uuid::Uuid;

/// A table of targets, as an administrator uploads it.
pub fn target_table(data: &[u8]) {
    fuzzing::target_table(data);
}

/// A certificate, as a target shows it.
pub fn certificate(data: &[u8]) {
    fuzzing::certificate(data);
}

/// A rule in Cedar, as an expert types it.
pub fn rule_text(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data) {
        judge(RuleBody::Expert(text.to_owned()));
    }
}

/// A rule's form in JSON; otherwise a weekly window in words.
pub fn rule_form(data: &[u8]) {
    if let Ok(form) = serde_json::from_slice::<RuleForm>(data) {
        judge(RuleBody::Form(Box::new(form)));
    } else if let Ok(text) = str::from_utf8(data) {
        let _ = text.parse::<WindowForm>();
        let _ = text.parse::<LocalZone>();
    }
}

/// What may be saved must compile and decide.
fn judge(body: RuleBody) {
    let rule = Rule { id: RuleId(Uuid::nil()), name: "fuzz".to_owned(), enabled: true, body };
    let faults = rule.check();
    assert!(faults.iter().all(|fault| fault.code != "unavailable"), "the parser's thread broke down");
    let Ok(engine) = Engine::compile(std::slice::from_ref(&rule), &LocalZone::utc()) else {
        return assert!(!faults.is_empty(), "a rule that may be saved does not compile");
    };
    assert!(faults.is_empty(), "a rule that may not be saved compiles");
    let decision = engine.decide(&request());
    assert_eq!(decision.allowed, engine.explain(&request()).decision.allowed, "the explanation says otherwise");
}

fn request() -> Request {
    Request {
        person: PersonId(Uuid::from_u128(1)),
        groups: vec![GroupId(Uuid::from_u128(2))],
        device: None,
        device_kind: DeviceKind::Browser,
        device_state: DeviceState::Approved,
        methods: vec![Method::Password, Method::Totp],
        target: TargetFacts {
            id: TargetId(Uuid::from_u128(3)),
            kind: TargetKind::Rdp,
            bundles: vec![BundleId(Uuid::from_u128(4))],
            owner: None,
        },
        zone: Zone("internet".to_owned()),
        address: std::net::Ipv4Addr::LOCALHOST.into(),
        at: datetime!(2026-11-23 10:00 +1),
    }
}

/// What a directory answers: entries parted by empty lines, each a name and `attribute: value` lines. People and
/// groups are told apart by nothing but who asks, so the entries are taken as both.
pub fn directory_entry(data: &[u8]) {
    let mut entries = Vec::new();
    let mut lines = data.split(|byte| *byte == b'\n').peekable();
    while lines.peek().is_some() {
        let mut block = lines.by_ref().take_while(|line| !line.is_empty());
        let dn = String::from_utf8_lossy(block.next().unwrap_or_default()).into_owned();
        let attributes = block.filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let (name, value) = (line.get(..colon)?, line.get(colon + 1..)?.trim_ascii());
            Some((String::from_utf8_lossy(name).into_owned(), vec![value.to_vec()]))
        });
        let attributes: Vec<_> = attributes.collect();
        entries.push(Entry::of_bytes(&dn, attributes));
    }
    let snapshot = snapshot::build(&entries, &entries, datetime!(2026-11-23 10:00 +1));
    for (name, person) in &snapshot.people {
        assert!(*name == person.name && !name.is_empty() && *name == name.to_lowercase(), "no sign-in name: {name:?}");
        assert!(person.display_name.chars().count() <= MAX_NAME_CHARS, "a name is too long");
    }
    for group in snapshot.groups.values() {
        assert!(group.people.iter().all(|name| snapshot.people.contains_key(name)), "a stranger is in a group");
    }
}

/// The journal of deletions kept beside the backups.
pub fn journal(data: &[u8]) {
    let _ = parse_journal(data);
}

/// Heads of the audit log that were kept outside the house, a line each. Nobody but us can make one that fits.
pub fn signed_head(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let heads: Result<Vec<SignedHead>, _> = text.lines().map(serde_json::from_str).collect();
    let Ok(heads) = heads else { return };
    let key = SigningKey::from_seed(&Secret::new([7; 32])).public();
    let none = heads.is_empty();
    assert_eq!(Verifier::new(TenantId(Uuid::nil()), heads, &key).is_ok(), none, "a forged head fits");
}
