//! A table of targets as CSV: what an administrator keeps in Excel, in and out.

use std::collections::{BTreeMap, BTreeSet};

use fernamt_api::admin::targets::ImportFault;
use fernamt_domain::text_enum;
use serde::{Deserialize, Serialize};

use super::encoding;

/// The most rows of a table.
pub(crate) const MAX_ROWS: usize = 5_000;

/// The most faults named of one table; the rest follow once these are mended.
const MAX_FAULTS: usize = 100;

text_enum! {
    /// A column, by its English name.
    pub enum Column {
        /// The target's name.
        Name = "name",
        /// Its kind.
        Kind = "kind",
        /// Host name or address.
        Host = "host",
        /// TCP port.
        Port = "port",
        /// Heading on the start page.
        Folder = "folder",
        /// Icon.
        Icon = "icon",
        /// What it is for.
        Description = "description",
        /// Bundles, joined by `|`.
        Bundle = "bundle",
        /// Whether it may be used.
        Enabled = "enabled",
        /// RDP: network level authentication.
        Nla = "nla",
        /// RDP: clipboard text may pass.
        Clipboard = "clipboard",
        /// RDP: drives may be passed in.
        Drives = "drives",
        /// RDP: printers may be passed in.
        Printers = "printers",
        /// RDP: sign on with what was typed.
        SignOn = "sign_on",
        /// RDP: the Windows domain.
        Domain = "domain",
        /// RDP: for a session broker.
        LoadBalanceInfo = "load_balance_info",
        /// TCP: the command to start.
        StartCommand = "start_command",
        /// Web: first label of the host name.
        Label = "label",
        /// Web: speak TLS to it.
        Tls = "tls",
        /// Web: the path opened first.
        StartPath = "start_path",
    }
}

impl Column {
    /// The German heading.
    fn german(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Kind => "Art",
            Self::Host => "Rechner",
            Self::Port => "Port",
            Self::Folder => "Ordner",
            Self::Icon => "Symbol",
            Self::Description => "Beschreibung",
            Self::Bundle => "Bündel",
            Self::Enabled => "Aktiv",
            Self::Nla => "NLA",
            Self::Clipboard => "Zwischenablage",
            Self::Drives => "Laufwerke",
            Self::Printers => "Drucker",
            Self::SignOn => "Anmeldung übernehmen",
            Self::Domain => "Domäne",
            Self::LoadBalanceInfo => "Lastverteilung",
            Self::StartCommand => "Startbefehl",
            Self::Label => "Adresskürzel",
            Self::Tls => "TLS",
            Self::StartPath => "Startpfad",
        }
    }

    fn by_heading(heading: &str) -> Option<Self> {
        let heading = heading.trim().to_lowercase();
        let same = |column: &Self| heading == column.as_str() || heading == column.german().to_lowercase();
        Self::ALL.iter().copied().find(same).or(match heading.as_str() {
            "typ" | "type" => Some(Self::Kind),
            "server" | "adresse" | "address" => Some(Self::Host),
            "gruppe" | "group" => Some(Self::Folder),
            "bundles" | "buendel" => Some(Self::Bundle),
            "sign on" => Some(Self::SignOn),
            _ => None,
        })
    }
}

/// A row: the columns that the table has, each with this row's trimmed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// The line in the file, the header being line 1.
    pub(crate) line: u32,
    pub(crate) cells: BTreeMap<Column, String>,
}

impl Row {
    /// A fault in one of the row's columns.
    pub(crate) fn fault(&self, column: Column, code: &str, detail: impl Into<String>) -> ImportFault {
        fault(self.line, Some(column.as_str()), code, detail)
    }
}

/// A fault of the table.
pub(crate) fn fault(line: u32, column: Option<&str>, code: &str, detail: impl Into<String>) -> ImportFault {
    ImportFault {
        line,
        column: column.map(str::to_owned),
        code: code.to_owned(),
        detail: detail.into(),
        params: BTreeMap::new(),
    }
}

/// A fault with a value that belongs in the sentence.
pub(crate) fn with(mut fault: ImportFault, name: &str, value: impl std::fmt::Display) -> ImportFault {
    fault.params.insert(name.to_owned(), format!("{value}"));
    fault
}

/// Reads a table's rows. Every row has its name; what the cells say is for the caller to judge.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Row>, Vec<ImportFault>> {
    let text = encoding::decode(bytes)
        .map_err(|_| vec![fault(1, None, "encoding", "save the table as CSV in UTF-8 or Windows-1252")])?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(&text))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let headings = reader.headers().map_err(|error| vec![malformed(&error)])?.clone();
    let columns = columns(&headings)?;

    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for record in reader.records() {
        if faults.len() >= MAX_FAULTS {
            break;
        }
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                faults.push(malformed(&error));
                continue;
            }
        };
        let line = record.position().map_or(0, |position| u32::try_from(position.line()).unwrap_or(u32::MAX));
        if record.iter().all(str::is_empty) {
            continue;
        }
        if rows.len() + faults.len() >= MAX_ROWS {
            let fault = fault(1, None, "too_many_rows", format!("a table has at most {MAX_ROWS} rows"));
            return Err(vec![with(fault, "most", MAX_ROWS)]);
        }
        if record.len() > columns.len() {
            let detail = format!("the row has {} cells, the header {}", record.len(), columns.len());
            let fault = fault(line, None, "too_many_cells", detail);
            faults.push(with(with(fault, "cells", record.len()), "most", columns.len()));
            continue;
        }
        // A row may end early: office programs leave out empty cells at the end.
        let cells = columns.iter().copied().zip(record.iter().chain(std::iter::repeat("")));
        rows.push(Row { line, cells: cells.map(|(column, cell)| (column, plain(cell))).collect() });
    }
    faults.extend(doubled_names(&rows));
    if rows.is_empty() && faults.is_empty() {
        faults.push(fault(1, None, "empty", "the table has no rows"));
    }
    faults.truncate(MAX_FAULTS);
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}

/// Writes a table that [`read`] reads back and Excel opens with a double click: UTF-8 with a byte order mark, separated
/// by semicolons. Headings and values are the stable English ones, whoever asks, so that scripts can rely on them.
pub(crate) fn write(rows: &[BTreeMap<Column, String>]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(b"\xEF\xBB\xBF".to_vec());
    let mut write = |cells: Vec<String>| {
        writer.write_record(cells).expect("a Vec takes every write, and all rows have the same columns");
    };
    write(Column::ALL.iter().map(|column| column.as_str().to_owned()).collect());
    for row in rows {
        write(Column::ALL.iter().map(|column| guarded(row.get(column).map_or("", String::as_str))).collect());
    }
    writer.into_inner().expect("a Vec takes every write")
}

fn columns(headings: &csv::StringRecord) -> Result<Vec<Column>, Vec<ImportFault>> {
    let (mut columns, mut faults) = (Vec::new(), Vec::new());
    for heading in headings {
        match Column::by_heading(heading) {
            Some(column) if columns.contains(&column) => {
                faults.push(fault(1, Some(heading), "doubled_column", "the header names this column twice"));
            }
            Some(column) => columns.push(column),
            None => faults.push(fault(
                1,
                Some(heading),
                "unknown_column",
                "the header names a column that targets do not have",
            )),
        }
    }
    if !columns.contains(&Column::Name) {
        faults.push(fault(1, Some("name"), "missing_column", "the header needs the column `name`"));
    }
    faults.truncate(MAX_FAULTS);
    if faults.is_empty() { Ok(columns) } else { Err(faults) }
}

fn doubled_names(rows: &[Row]) -> Vec<ImportFault> {
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    for row in rows {
        let name = row.cells.get(&Column::Name).map_or("", String::as_str);
        if name.is_empty() {
            faults.push(row.fault(Column::Name, "required", "the row has no name"));
        } else if !seen.insert(name.to_lowercase()) {
            faults.push(row.fault(Column::Name, "doubled", "a row above has this name already"));
        }
    }
    faults
}

/// The separator that the header line uses.
fn delimiter(text: &str) -> u8 {
    let mut quoted = false;
    let mut counts = [(b';', 0), (b',', 0), (b'\t', 0)];
    for byte in text.bytes().take_while(|byte| *byte != b'\n') {
        quoted ^= byte == b'"';
        for (delimiter, count) in &mut counts {
            *count += u32::from(!quoted && byte == *delimiter);
        }
    }
    // On a tie, and for a single column, the first of the list.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b';', |(delimiter, _)| *delimiter)
}

fn malformed(error: &csv::Error) -> ImportFault {
    let line = error.position().map_or(1, |position| u32::try_from(position.line()).unwrap_or(u32::MAX));
    fault(line, None, "malformed", "the row is not readable as CSV")
}

/// A spreadsheet would run a cell that begins like a formula; an apostrophe keeps it text.
fn guarded(cell: &str) -> String {
    if begins_like_a_formula(cell) { format!("'{cell}") } else { cell.to_owned() }
}

/// Takes the apostrophe of [`guarded`] off again.
fn plain(cell: &str) -> String {
    cell.strip_prefix('\'').filter(|rest| begins_like_a_formula(rest)).unwrap_or(cell).to_owned()
}

fn begins_like_a_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn codes(text: &str) -> Vec<(u32, String)> {
        read(text.as_bytes()).unwrap_err().into_iter().map(|fault| (fault.line, fault.code)).collect()
    }

    #[test]
    fn reads_german_and_english_headings_and_any_separator() {
        let rows = read(b"Name;Art;Rechner;Port\nBauakte;rdp;ts1;3389\n\n;;;\nKataster;web;gis").unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(
            (rows[1].line, rows[1].cells[&Column::Host].as_str(), rows[1].cells[&Column::Port].as_str()),
            (5, "gis", "")
        );
        let rows = read(b"host,NAME,\"bundle\"\n ts1 ,\"a, b\",x|y").unwrap();
        assert_eq!(rows[0].cells[&Column::Name], "a, b");
        assert_eq!(rows[0].cells[&Column::Host], "ts1");
        assert_eq!(read(b"name\nx").unwrap().len(), 1);
    }

    #[test]
    fn names_what_is_wrong_by_line() {
        assert_eq!(codes("name;color;name\nx"), [(1, "unknown_column".into()), (1, "doubled_column".into())]);
        assert_eq!(codes("kind;host\nrdp;x"), [(1, "missing_column".into())]);
        assert_eq!(
            codes("name;host\na;x\nA;y\n;z\nb;x;y"),
            [(5, "too_many_cells".into()), (3, "doubled".into()), (4, "required".into())]
        );
        assert_eq!(codes("name;host\n"), [(1, "empty".into())]);
        assert_eq!(codes(""), [(1, "missing_column".into())]);
    }

    #[test]
    fn rows_are_limited() {
        let table = |rows: usize| {
            let lines: Vec<_> = (0..rows).map(|n| format!("t{n}")).collect();
            format!("name\n{}", lines.join("\n"))
        };
        assert_eq!(read(table(MAX_ROWS).as_bytes()).unwrap().len(), MAX_ROWS);
        assert_eq!(codes(&table(MAX_ROWS + 1)), [(1, "too_many_rows".into())]);
    }

    #[test]
    fn formulas_are_kept_text() {
        let row = BTreeMap::from([(Column::Name, "=1+1".to_owned())]);
        let bytes = write(&[row]);
        assert!(std::str::from_utf8(&bytes).unwrap().contains("\n'=1+1;"));
        assert_eq!(read(&bytes).unwrap()[0].cells[&Column::Name], "=1+1");
    }

    proptest! {
        #[test]
        fn what_was_written_reads_back(cells in proptest::collection::vec("[^\u{0}-\u{1f}\u{7f}]{0,20}", 20)) {
            let mut row: BTreeMap<_, _> = Column::ALL.iter().copied().zip(cells.iter().map(|cell| cell.trim().to_owned())).collect();
            row.entry(Column::Name).and_modify(|name| name.push('x'));
            let read = read(&write(&[row.clone()])).unwrap();
            prop_assert_eq!(&read[0].cells, &row);
        }

        #[test]
        fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes);
        }
    }
}
