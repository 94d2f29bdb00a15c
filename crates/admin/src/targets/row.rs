//! Between a row of a table and a target's fields.

use std::collections::BTreeMap;

use fernamt_api::{
    admin::targets::{ImportFault, TargetFields, TargetSettings},
    problem::FieldProblem,
};
use fernamt_domain::{TargetKind, name};
use fernamt_http::egress::EgressGuard;

use super::{
    fields,
    table::{Column, Row, with},
};

/// The most bundles of one row.
const MAX_BUNDLES: usize = 20;

/// What a row asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) line: u32,
    pub(crate) fields: TargetFields,
    /// Names of the bundles that the target is put into. It stays in others that it is in already.
    pub(crate) bundles: Vec<String>,
}

/// What a row makes of a target that exists, or of nothing. Columns that the table does not have stay as they are.
pub(crate) fn read(
    row: &Row,
    existing: Option<&TargetFields>,
    egress: &EgressGuard,
) -> Result<Wanted, Vec<ImportFault>> {
    let mut cells = Cells { row, faults: Vec::new() };
    let name = cells.text(Column::Name).unwrap_or_default();
    let kind = cells.kind(existing);
    let default_port = kind.and_then(default_port);
    let fields = TargetFields {
        name,
        folder: cells.text_or(Column::Folder, existing.map(|target| &target.folder)),
        icon: cells.text_or(Column::Icon, existing.map(|target| &target.icon)),
        description: cells.text_or(Column::Description, existing.map(|target| &target.description)),
        host: cells.text_or(Column::Host, existing.map(|target| &target.host)),
        port: cells.port(existing.map(|target| target.port).or(default_port)),
        settings: cells.settings(kind.unwrap_or(TargetKind::Tcp), existing.map(|target| &target.settings)),
        enabled: cells.flag(Column::Enabled, existing.is_none_or(|target| target.enabled)),
    };
    let bundles = cells.bundles();
    let mut faults = cells.faults;
    if faults.is_empty() {
        let found = fields::check(&fields).into_iter().chain(fields::check_place(egress, &fields, existing));
        faults = found.map(|fault| of_field(row, fault)).collect();
    }
    if faults.is_empty() { Ok(Wanted { line: row.line, fields, bundles }) } else { Err(faults) }
}

/// A fault of a field as the fault of the cell that it was read from.
fn of_field(row: &Row, fault: FieldProblem) -> ImportFault {
    ImportFault { params: fault.params, ..row.fault(column_of(&fault.path), &fault.code, fault.detail) }
}

/// A target as the cells of a row.
pub(crate) fn write(fields: &TargetFields, bundles: &[String]) -> BTreeMap<Column, String> {
    let flag = |value: bool| if value { "yes" } else { "no" }.to_owned();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let mut cells = BTreeMap::from([
        (Column::Name, fields.name.clone()),
        (Column::Kind, kind_of(&fields.settings).as_str().to_owned()),
        (Column::Host, fields.host.clone()),
        (Column::Port, fields.port.to_string()),
        (Column::Folder, fields.folder.clone()),
        (Column::Icon, fields.icon.clone()),
        (Column::Description, fields.description.clone()),
        (Column::Bundle, bundles.join("|")),
        (Column::Enabled, flag(fields.enabled)),
    ]);
    match &fields.settings {
        TargetSettings::Rdp { nla, clipboard, drives, printers, sign_on, domain, load_balance_info } => cells.extend([
            (Column::Nla, flag(*nla)),
            (Column::Clipboard, flag(*clipboard)),
            (Column::Drives, flag(*drives)),
            (Column::Printers, flag(*printers)),
            (Column::SignOn, flag(*sign_on)),
            (Column::Domain, text(domain)),
            (Column::LoadBalanceInfo, text(load_balance_info)),
        ]),
        TargetSettings::Ssh {} => {}
        TargetSettings::Tcp { start_command } => cells.extend([(Column::StartCommand, text(start_command))]),
        TargetSettings::Web { label, tls, start_path } => cells.extend([
            (Column::Label, label.clone()),
            (Column::Tls, flag(*tls)),
            (Column::StartPath, text(start_path)),
        ]),
    }
    cells
}

/// The kind that settings belong to.
pub(crate) fn kind_of(settings: &TargetSettings) -> TargetKind {
    match settings {
        TargetSettings::Rdp { .. } => TargetKind::Rdp,
        TargetSettings::Ssh {} => TargetKind::Ssh,
        TargetSettings::Tcp { .. } => TargetKind::Tcp,
        TargetSettings::Web { .. } => TargetKind::Web,
    }
}

/// The cells of a row, parsed one by one; what is wrong is collected.
struct Cells<'a> {
    row: &'a Row,
    faults: Vec<ImportFault>,
}

impl Cells<'_> {
    /// `None` if the table does not have the column.
    fn text(&self, column: Column) -> Option<String> {
        self.row.cells.get(&column).cloned()
    }

    fn text_or(&self, column: Column, existing: Option<&String>) -> String {
        self.text(column).or_else(|| existing.cloned()).unwrap_or_default()
    }

    fn optional(&self, column: Column, existing: Option<&String>) -> Option<String> {
        Some(self.text_or(column, existing)).filter(|text| !text.is_empty())
    }

    fn flag(&mut self, column: Column, otherwise: bool) -> bool {
        let Some(text) = self.text(column).filter(|text| !text.is_empty()) else { return otherwise };
        match text.to_lowercase().as_str() {
            "yes" | "ja" | "true" | "wahr" | "1" | "x" | "y" | "j" => true,
            "no" | "nein" | "false" | "falsch" | "0" | "n" => false,
            _ => {
                self.faults.push(self.row.fault(column, "invalid", "write yes or no"));
                otherwise
            }
        }
    }

    fn kind(&mut self, existing: Option<&TargetFields>) -> Option<TargetKind> {
        let text = self.text(Column::Kind).filter(|text| !text.is_empty());
        let Some(text) = text else {
            if existing.is_none() {
                self.faults.push(self.row.fault(Column::Kind, "required", "a new target needs a kind"));
            }
            return existing.map(|target| kind_of(&target.settings));
        };
        let kind = match text.to_lowercase().as_str() {
            "rdp" | "desktop" | "arbeitsplatz" => Some(TargetKind::Rdp),
            "ssh" => Some(TargetKind::Ssh),
            "tcp" | "service" | "dienst" => Some(TargetKind::Tcp),
            "web" | "application" | "anwendung" | "webanwendung" => Some(TargetKind::Web),
            _ => None,
        };
        if kind.is_none() {
            self.faults.push(self.row.fault(Column::Kind, "invalid", "a kind is rdp, ssh, tcp or web"));
        }
        kind
    }

    fn port(&mut self, otherwise: Option<u16>) -> u16 {
        let text = self.text(Column::Port).filter(|text| !text.is_empty());
        let port = match text {
            Some(text) => text.parse().ok().filter(|port| *port > 0),
            None => otherwise,
        };
        port.unwrap_or_else(|| {
            self.faults.push(self.row.fault(Column::Port, "invalid", "a port is a number from 1 to 65535"));
            0
        })
    }

    fn settings(&mut self, kind: TargetKind, existing: Option<&TargetSettings>) -> TargetSettings {
        match (kind, existing) {
            (TargetKind::Rdp, existing) => {
                let old = match existing {
                    Some(TargetSettings::Rdp {
                        nla,
                        clipboard,
                        drives,
                        printers,
                        sign_on,
                        domain,
                        load_balance_info,
                    }) => (*nla, *clipboard, *drives, *printers, *sign_on, domain.clone(), load_balance_info.clone()),
                    _ => Default::default(),
                };
                TargetSettings::Rdp {
                    nla: self.flag(Column::Nla, old.0),
                    clipboard: self.flag(Column::Clipboard, old.1),
                    drives: self.flag(Column::Drives, old.2),
                    printers: self.flag(Column::Printers, old.3),
                    sign_on: self.flag(Column::SignOn, old.4),
                    domain: self.optional(Column::Domain, old.5.as_ref()),
                    load_balance_info: self.optional(Column::LoadBalanceInfo, old.6.as_ref()),
                }
            }
            (TargetKind::Ssh, _) => TargetSettings::Ssh {},
            (TargetKind::Tcp, existing) => {
                let old = match existing {
                    Some(TargetSettings::Tcp { start_command }) => start_command.clone(),
                    _ => None,
                };
                TargetSettings::Tcp { start_command: self.optional(Column::StartCommand, old.as_ref()) }
            }
            (TargetKind::Web, existing) => {
                let old = match existing {
                    Some(TargetSettings::Web { label, tls, start_path }) => {
                        (Some(label.clone()), *tls, start_path.clone())
                    }
                    _ => Default::default(),
                };
                TargetSettings::Web {
                    label: self.text_or(Column::Label, old.0.as_ref()),
                    tls: self.flag(Column::Tls, old.1),
                    start_path: self.optional(Column::StartPath, old.2.as_ref()),
                }
            }
        }
    }

    fn bundles(&mut self) -> Vec<String> {
        let text = self.text(Column::Bundle).unwrap_or_default();
        let names: Vec<_> =
            text.split('|').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
        if names.len() > MAX_BUNDLES {
            let detail = format!("a row names at most {MAX_BUNDLES} bundles");
            let fault = self.row.fault(Column::Bundle, "too_many", detail);
            self.faults.push(with(fault, "most", MAX_BUNDLES));
        } else if let Some(fault) = names.iter().find_map(|name| name::check(name, fields::MAX_NAME_CHARS).err()) {
            self.faults.push(of_field(self.row, FieldProblem::name("bundle", fault)));
        }
        names
    }
}

fn default_port(kind: TargetKind) -> Option<u16> {
    match kind {
        TargetKind::Rdp => Some(3389),
        TargetKind::Ssh => Some(22),
        TargetKind::Tcp | TargetKind::Web => None,
    }
}

fn column_of(path: &str) -> Column {
    path.strip_prefix("settings.").unwrap_or(path).parse().unwrap_or(Column::Name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::table;

    fn row(text: &str) -> Row {
        table::read(text.as_bytes()).unwrap().remove(0)
    }

    fn taken(row: &Row, existing: Option<&TargetFields>) -> Result<Wanted, Vec<ImportFault>> {
        read(row, existing, &EgressGuard::default())
    }

    fn codes(text: &str) -> Vec<(Option<String>, String)> {
        taken(&row(text), None).unwrap_err().into_iter().map(|fault| (fault.column, fault.code)).collect()
    }

    #[test]
    fn a_new_target_takes_what_its_row_says() {
        let text = "Name;Art;Rechner;Ordner;Bündel;Zwischenablage;Domäne\nBauakte;Arbeitsplatz;ts1.amt.test;Bau;Bauamt | Leitung;ja;AMT";
        let wanted = taken(&row(text), None).unwrap();
        assert_eq!((wanted.fields.port, wanted.fields.folder.as_str(), wanted.fields.enabled), (3389, "Bau", true));
        assert_eq!(wanted.bundles, ["Bauamt", "Leitung"]);
        let TargetSettings::Rdp { clipboard, nla, domain, .. } = wanted.fields.settings else { panic!() };
        assert_eq!((clipboard, nla, domain.as_deref()), (true, false, Some("AMT")));
    }

    #[test]
    fn an_existing_target_keeps_what_the_table_does_not_name() {
        let text = "name;kind;host;port;description;clipboard\nBauakte;rdp;ts1;3390;alt;yes";
        let old = taken(&row(text), None).unwrap().fields;
        let wanted = taken(&row("name;host\nBauakte;ts2"), Some(&old)).unwrap().fields;
        assert_eq!(wanted, TargetFields { host: "ts2".into(), ..old.clone() });
        let cleared = taken(&row("name;description\nBauakte;"), Some(&old)).unwrap().fields;
        assert_eq!(cleared.description, "", "an empty cell of a column that is there clears");
    }

    #[test]
    fn faults_name_column_and_reason() {
        let pair = |column: &str, code: &str| (Some(column.to_owned()), code.to_owned());
        assert_eq!(codes("name;host\nx;y"), [pair("kind", "required"), pair("port", "invalid")]);
        assert_eq!(
            codes("name;kind;host;port;enabled\nx;fax;y;99999;vielleicht"),
            [pair("kind", "invalid"), pair("port", "invalid"), pair("enabled", "invalid")]
        );
        assert_eq!(codes("name;kind;host;port\nx;web;y y;80"), [pair("host", "invalid"), pair("label", "required")]);
    }

    #[test]
    fn what_is_exported_can_be_imported() {
        let text = "name;kind;host;port;label;tls;start_path;bundle\nGIS;web;gis.amt.test;443;gis;yes;/karte;A|B";
        let wanted = taken(&row(text), None).unwrap();
        let bytes = table::write(&[write(&wanted.fields, &wanted.bundles)]);
        let again = taken(&table::read(&bytes).unwrap()[0], None).unwrap();
        assert_eq!((again.fields, again.bundles), (wanted.fields, wanted.bundles));
    }
}
