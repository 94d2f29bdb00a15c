//! Backup while running, restore in its place.

use crate::office;

#[test]
fn a_backup_made_while_running_restores_without_what_was_disabled_since() {
    let office = office();
    office.run(&["user", "add", "erika"], "Kastanie-Regen-42\n").unwrap();
    let said = office.run(&["backup", "--to", "one.backup"], "").unwrap();
    assert!(said.contains("restored once as a test"), "{said}");
    office.run(&["user", "disable", "erika"], "").unwrap();
    let refused = office.run(&["restore", "one.backup"], "").unwrap_err().to_string();
    assert!(refused.contains("--replace"), "{refused}");

    let stopped = office.stop().unwrap();
    let said = stopped.run(&["restore", "one.backup", "--replace"], "").unwrap();
    assert!(said.contains("Restored 1 administration(s)"), "{said}");
    let people = stopped.run(&["user", "list"], "").unwrap();
    let erika = people.lines().find(|line| line.starts_with("erika\t")).expect("erika is back");
    assert!(erika.contains("disabled"), "what was disabled since the backup stays disabled: {erika}");
    assert!(stopped.run(&["audit", "verify"], "").unwrap().starts_with("The audit log is intact"));
}
