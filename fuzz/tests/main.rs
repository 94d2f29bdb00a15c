//! Replays the committed corpora, so that what once broke a parser never does again.

use std::{collections::BTreeSet, fs, path::Path};

use fernamt_fuzz::TARGETS;

#[test]
fn every_input_of_the_corpora_is_taken_or_refused_in_order() {
    for (name, target) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        let entries: Vec<_> = fs::read_dir(&folder).unwrap_or_else(|_| panic!("{name} has no corpus")).collect();
        assert!(!entries.is_empty(), "the corpus of {name} is empty");
        for entry in entries {
            let path = entry.unwrap().path();
            let input = fs::read(&path).unwrap();
            // The path is what one needs to find the input that broke the target.
            println!("{}", path.display());
            target(&input);
        }
        target(b"");
    }
}

#[test]
fn every_target_has_a_file_for_the_fuzzer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets");
    let files: BTreeSet<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let targets: BTreeSet<_> = TARGETS.iter().map(|(name, _)| format!("{name}.rs")).collect();
    assert_eq!(files, targets);
}
