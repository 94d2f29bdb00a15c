use fernamt_domain::DeviceId;
use fernamt_testkit::SeededRng;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::config::tests::HOST_KEY;

const PASSPHRASE: &str = "Kastanie Regen";

pub(crate) fn contents(generation: u64) -> Contents {
    Contents {
        device: DeviceId(Uuid::from_u128(7)),
        login: "erika@linden".to_owned(),
        seed: Secret::new([9; 32]),
        generation,
        host_keys: vec![HOST_KEY.to_owned()],
    }
}

/// The same container for the same generation, every time.
pub(super) fn sealed_as(generation: u64) -> Vec<u8> {
    let rng = SeededRng::new(1);
    let mut container =
        Container::new(Path::new(""), contents(generation), &PASSPHRASE.into(), Cost::TEST, &rng).unwrap();
    container.seal(&rng).unwrap()
}

fn folder_with(bytes: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(CONTAINER_FILE), bytes).unwrap();
    folder
}

fn open(folder: &Path, passphrase: &str) -> Result<Container, ContainerError> {
    Sealed::find(folder)?.open(&passphrase.into())
}

#[test]
fn what_was_sealed_opens_with_the_passphrase_alone() {
    let folder = folder_with(&sealed_as(3));
    assert_eq!(*open(folder.path(), PASSPHRASE).unwrap().contents(), contents(3));
    for wrong in ["", "Kastanie Rege", "Kastanie Regen ", "kastanie regen"] {
        assert!(matches!(open(folder.path(), wrong), Err(ContainerError::CannotOpen)), "{wrong}");
    }
}

#[test]
fn a_new_generation_needs_no_passphrase_and_a_new_nonce() {
    let (folder, rng) = (folder_with(&sealed_as(3)), SeededRng::new(2));
    let mut container = open(folder.path(), PASSPHRASE).unwrap();
    let mut nonces = std::collections::BTreeSet::new();
    for generation in 4..20 {
        container.keep_generation(generation, &rng).unwrap();
        let bytes = std::fs::read(folder.path().join(CONTAINER_FILE)).unwrap();
        assert!(nonces.insert(Header::parse(&bytes).unwrap().nonce), "a nonce was used twice");
        assert_eq!(open(folder.path(), PASSPHRASE).unwrap().contents().generation, generation);
    }
}

#[test]
fn what_another_program_kept_is_read_again() {
    let (folder, rng) = (folder_with(&sealed_as(3)), SeededRng::new(2));
    let mut waiting = open(folder.path(), PASSPHRASE).unwrap();
    open(folder.path(), PASSPHRASE).unwrap().keep_generation(4, &rng).unwrap();
    waiting.refresh().unwrap();
    assert_eq!(waiting.contents().generation, 4);
    let mut anew = Container::new(folder.path(), contents(0), &PASSPHRASE.into(), Cost::TEST, &rng).unwrap();
    anew.prepare(&rng).unwrap();
    anew.adopt(&rng).unwrap();
    assert!(matches!(waiting.refresh(), Err(ContainerError::CannotOpen)), "another key");
    drop(folder);
    assert!(matches!(anew.refresh(), Err(ContainerError::Missing)));
}

#[test]
fn what_cannot_be_kept_is_not_believed_to_be() {
    let folder = folder_with(&sealed_as(3));
    let mut container = open(folder.path(), PASSPHRASE).unwrap();
    drop(folder);
    let kept = container.keep_generation(4, &SeededRng::new(2));
    assert!(matches!(kept, Err(ContainerError::Unwritable(_))));
    assert_eq!(container.contents().generation, 3);
}

#[test]
fn every_damaged_byte_ends_alike() {
    let sealed = sealed_as(3);
    for place in 0..sealed.len() {
        let mut damaged = sealed.clone();
        damaged[place] ^= 1;
        let error = open(folder_with(&damaged).path(), PASSPHRASE).unwrap_err();
        let in_bounds = Header::parse(&damaged).is_some();
        match error {
            ContainerError::CannotOpen => assert!(in_bounds),
            // Magic, cost, and the length of the rest.
            ContainerError::NotOne => assert!(!in_bounds && (place < 20 || (60..64).contains(&place)), "byte {place}"),
            other => panic!("byte {place}: {other}"),
        }
    }
    for length in 0..sealed.len() {
        let cut = Sealed::find(folder_with(&sealed[..length]).path());
        assert!(matches!(cut, Err(ContainerError::NotOne)), "{length} bytes");
    }
    let longer = folder_with(&[sealed, vec![0]].concat());
    assert!(matches!(Sealed::find(longer.path()), Err(ContainerError::NotOne)));
}

#[test]
fn a_forged_header_cannot_ask_for_everything() {
    for (memory_kib, passes, lanes, fine) in [
        (256 * 1024, 3, 1, true),
        (MAX_MEMORY_KIB, 4, MAX_LANES, true),
        (MAX_MEMORY_KIB + 1, 1, 1, false),
        (64 * 1024 * 1024, 1, 1, false),
        (MAX_MEMORY_KIB, 5, 1, false),
        (8, u32::MAX, 1, false),
        (8 * 5, 1, MAX_LANES + 1, false),
        (8, 0, 1, false),
        (8, 1, 0, false),
        (7, 1, 1, false),
        (0, 0, 0, false),
    ] {
        assert_eq!(Cost::new(memory_kib, passes, lanes).is_some(), fine, "{memory_kib} {passes} {lanes}");
    }
    let mut forged = sealed_as(3);
    forged[8..12].copy_from_slice(&(64 * 1024 * 1024_u32).to_be_bytes());
    assert!(matches!(Sealed::find(folder_with(&forged).path()), Err(ContainerError::NotOne)));
}

#[test]
fn what_a_stick_costs_is_within_the_bounds() {
    let Cost { memory_kib, passes, lanes } = Cost::STICK;
    assert_eq!(Cost::new(memory_kib, passes, lanes), Some(Cost::STICK));
    assert!(memory_kib >= 256 * 1024 && passes >= 3);
}

#[test]
fn no_container_and_something_else_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Sealed::find(folder.path()), Err(ContainerError::Missing)));
    assert!(matches!(Sealed::find(folder_with(b"").path()), Err(ContainerError::NotOne)));
    let large = [sealed_as(3), vec![0; MAX_CONTAINER_BYTES]].concat();
    assert!(matches!(Sealed::find(folder_with(&large).path()), Err(ContainerError::NotOne)));
}

#[test]
fn another_passphrase_for_what_a_pull_left_behind_still_opens() {
    let folder = folder_with(&sealed_as(3));
    let rng = SeededRng::new(8);
    let mut newer =
        Container::new(folder.path(), contents(0), &"Buche Schnee Dach Tor".into(), Cost::TEST, &rng).unwrap();
    newer.prepare(&rng).unwrap();
    assert_eq!(open(folder.path(), PASSPHRASE).unwrap().contents().generation, 3);
    assert_eq!(open(folder.path(), "Buche Schnee Dach Tor").unwrap().contents().generation, 0);
    newer.discard();
    assert!(open(folder.path(), "Buche Schnee Dach Tor").is_err());
}

#[test]
fn nothing_of_a_secret_is_printed() {
    let shown = format!("{:?}", open(folder_with(&sealed_as(3)).path(), PASSPHRASE).unwrap());
    assert!(!shown.contains("9, 9") && shown.contains("Secret(…)"), "{shown}");
}

proptest! {
    #[test]
    fn any_contents_come_back(seed: [u8; 32], generation: u64, device: u128) {
        let contents = Contents { device: DeviceId(Uuid::from_u128(device)), seed: Secret::new(seed), ..contents(generation) };
        prop_assert_eq!(Contents::parse(&contents.to_bytes()), Some(contents));
    }

    #[test]
    fn no_bytes_are_too_strange(bytes: Vec<u8>) {
        prop_assert!(Contents::parse(&bytes).is_none());
        prop_assert!(Header::parse(&bytes).is_none());
    }
}
