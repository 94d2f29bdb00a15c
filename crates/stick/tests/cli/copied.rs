//! A copy of a stick: it and the original cannot both go on.

use std::{fs, path::Path};

use fernamt_stick::cli::Exit;

use super::{
    assert_code,
    desk::{Desk, PASSPHRASE},
    events, finish,
};

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn a_copied_stick_is_refused_at_its_first_sign_in_after_the_original() {
    let Some(desk) = Desk::open() else { return };
    let stick = desk.stick("erika");
    stick.activate();
    let other = stick.folder.with_file_name("copy");
    copy(&stick.folder, &other);
    let folder = other.to_str().unwrap();

    // However short its visit, the gateway has heard that its new number is written down.
    let original = finish(stick.scripted(&["targets"]), &[PASSPHRASE, &stick.code()]);
    assert_code(&original, 0);
    let copied = finish(stick.scripted(&["targets", "--json", "--folder", folder]), &[PASSPHRASE, &stick.code()]);
    assert_code(&copied, i32::from(Exit::EndedByAdministration.code()));
    assert!(events(&copied).iter().any(|event| event["problem"] == "copied"), "{copied:?}");
    let listed = desk.office.run(&["stick", "list"], "").unwrap();
    assert!(listed.contains("suspended") || listed.contains("copied"), "{listed}");
    let original = finish(stick.scripted(&["targets"]), &[PASSPHRASE, &stick.code()]);
    assert_code(&original, i32::from(Exit::SignInRefused.code()));
}
