//! What reads foreign bytes here, as functions of bytes, for the fuzz targets.

use fernamt_http::egress::EgressGuard;

use crate::{
    routes::target_certificate,
    targets::{import::Present, row, table},
};

/// Takes a table of targets as an administrator uploads it, and asserts that what is accepted is written and read back
/// the same.
///
/// # Panics
/// When it is not: a fuzzer looks for panics.
pub fn target_table(data: &[u8]) {
    let present = Present { targets: Vec::new(), bundles: Vec::new(), pairs: Vec::new() };
    let egress = EgressGuard::default();
    let steps = match present.plan(data, &egress) {
        Ok(steps) => steps,
        Err(faults) => return assert!(!faults.is_empty(), "refused without a reason"),
    };
    assert!(steps.len() <= table::MAX_ROWS, "too many rows");
    let cells: Vec<_> = steps.iter().map(|step| row::write(&step.wanted.fields, &step.wanted.bundles)).collect();
    let again = present.plan(&table::write(&cells), &egress).expect("what was written can be read");
    assert_eq!(again.len(), steps.len(), "rows were lost");
    let rows = table::read(data).expect("it was accepted before");
    for ((before, after), row) in steps.iter().zip(&again).zip(&rows) {
        assert_eq!(after.wanted.fields, before.wanted.fields, "a target changed on the way");
        assert_eq!(after.wanted.bundles, before.wanted.bundles, "bundles changed on the way");
        let same = row::read(row, Some(&before.wanted.fields), &egress).expect("it was accepted before");
        assert_eq!(same.fields, before.wanted.fields, "importing the same again would change a target");
    }
}

/// Takes a certificate as a target shows it.
pub fn certificate(data: &[u8]) {
    let _ = target_certificate::describe(data);
}
