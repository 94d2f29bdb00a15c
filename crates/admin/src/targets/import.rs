//! What a table would make of the targets that are there, and how to take it back.

use std::collections::{BTreeMap, HashMap, HashSet};

use fernamt_api::admin::targets::{ImportFault, ImportRow, TargetFields, TargetSettings};
use fernamt_domain::{BundleId, TargetId};
use fernamt_http::egress::EgressGuard;
use fernamt_store::{BundleRecord, TargetRecord};
use serde::{Deserialize, Serialize};

use super::{
    convert,
    row::{self, Wanted},
    table::{self, Column, Row, fault},
};

/// The state that a table is laid over.
#[derive(Debug)]
pub(crate) struct Present {
    pub(crate) targets: Vec<TargetRecord>,
    pub(crate) bundles: Vec<BundleRecord>,
    pub(crate) pairs: Vec<(BundleId, TargetId)>,
}

/// A row that was read, with the target that it is about, if that exists.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) wanted: Wanted,
    pub(crate) existing: Option<TargetRecord>,
    /// Names of bundles that the target has to be put into.
    pub(crate) join: Vec<String>,
}

impl Step {
    /// Whether the target's own fields change.
    pub(crate) fn changes_fields(&self) -> bool {
        self.existing.as_ref().is_none_or(|record| convert::fields(record) != self.wanted.fields)
    }

    /// Whether anything changes.
    pub(crate) fn changes(&self) -> bool {
        self.changes_fields() || !self.join.is_empty()
    }

    /// The row as the preview shows it.
    pub(crate) fn shown(&self) -> ImportRow {
        let action = match (&self.existing, self.changes()) {
            (None, _) => "create",
            (Some(_), true) => "change",
            (Some(_), false) => "unchanged",
        };
        let bundles = &self.wanted.bundles;
        ImportRow {
            line: self.wanted.line,
            name: self.wanted.fields.name.clone(),
            action: action.to_owned(),
            bundle: (!bundles.is_empty()).then(|| bundles.join(", ")),
        }
    }
}

/// What an import did, so that it can be undone.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Changes {
    pub(crate) targets: Vec<Change>,
    /// Bundles that did not exist before.
    pub(crate) new_bundles: Vec<BundleId>,
}

/// What an import did to one target.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Change {
    pub(crate) id: TargetId,
    pub(crate) name: String,
    /// `None` if the import made the target.
    pub(crate) before: Option<TargetFields>,
    /// The target's version after the import; another one now means that somebody changed it since.
    pub(crate) version_after: String,
    /// Bundles that it was put into.
    pub(crate) joined: Vec<BundleId>,
}

impl Present {
    /// Reads a table and lays it over what is there. Every fault of every row is found before anything is done.
    pub(crate) fn plan(&self, csv: &[u8], egress: &EgressGuard) -> Result<Vec<Step>, Vec<ImportFault>> {
        let rows = table::read(csv)?;
        let by_name: HashMap<_, _> = self.targets.iter().map(|record| (record.name.to_lowercase(), record)).collect();
        let bundle_names: HashMap<_, _> = self.bundles.iter().map(|bundle| (bundle.id, bundle.name.as_str())).collect();
        let mut bundles_of: HashMap<TargetId, Vec<&str>> = HashMap::new();
        for (bundle, target) in &self.pairs {
            bundles_of.entry(*target).or_default().extend(bundle_names.get(bundle));
        }
        let (mut steps, mut faults) = (Vec::new(), Vec::new());
        for row in &rows {
            let existing = by_name.get(&row.cells[&Column::Name].to_lowercase()).copied();
            match row::read(row, existing.map(convert::fields).as_ref(), egress) {
                Ok(wanted) => {
                    let in_already = existing.and_then(|record| bundles_of.get(&record.id));
                    let is_in = |name: &&String| in_already.is_some_and(|names| names.contains(&name.as_str()));
                    let join = wanted.bundles.iter().filter(|name| !is_in(name)).cloned().collect();
                    steps.push(Step { wanted, existing: existing.cloned(), join });
                }
                Err(found) => faults.extend(found),
            }
        }
        if faults.is_empty() {
            faults = self.doubled_labels(&rows, &steps);
        }
        faults.sort_by_key(|fault| fault.line);
        faults.truncate(100);
        if faults.is_empty() { Ok(steps) } else { Err(faults) }
    }

    /// Labels are unique over all web applications, those that the table leaves alone included.
    fn doubled_labels(&self, rows: &[Row], steps: &[Step]) -> Vec<ImportFault> {
        let named: HashSet<_> =
            steps.iter().filter_map(|step| step.existing.as_ref().map(|record| record.id)).collect();
        let mut owners: BTreeMap<String, String> = self
            .targets
            .iter()
            .filter(|record| !named.contains(&record.id))
            .filter_map(|record| Some((record.label()?.to_lowercase(), record.name.clone())))
            .collect();
        let mut faults = Vec::new();
        for (row, step) in rows.iter().zip(steps) {
            let TargetSettings::Web { label, .. } = &step.wanted.fields.settings else { continue };
            match owners.get(label) {
                Some(owner) => {
                    let detail = format!("the application {owner} has this label already");
                    let fault = fault(row.line, Some(Column::Label.as_str()), "taken", detail);
                    faults.push(table::with(fault, "name", owner));
                }
                None => {
                    owners.insert(label.clone(), step.wanted.fields.name.clone());
                }
            }
        }
        faults
    }
}
