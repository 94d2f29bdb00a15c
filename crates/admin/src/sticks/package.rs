//! The ZIP file to unpack onto a stick, or onto many.
//!
//! The programs are stored as they are: they hardly shrink, and whoever compares them with the published ones finds the
//! same bytes. The file is made on the disk first, because its table of contents needs sizes that are only then known,
//! and the readers that Windows brings trust nothing else.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Seek, Write},
};

use fernamt_api::stick::{CONFIG_FILE, Config};
use time::OffsetDateTime;
use zip::{CompressionMethod, DateTime, ZipWriter, result::ZipError, write::SimpleFileOptions};

use super::{Program, words};

/// Who may start a program, and read a file, once it is unpacked.
const PROGRAM_MODE: u32 = 0o755;
const FILE_MODE: u32 = 0o644;

/// A stick in a package.
#[derive(Debug, Clone)]
pub struct Packed {
    /// The sign-in name of whose it is, for the folder's name.
    pub name: String,
    /// What makes it theirs.
    pub config: Config,
}

/// Writes a package: one stick with everything side by side, or several with a folder each and the programs once.
pub fn write_package<W: Write + Seek>(
    out: W,
    programs: &[Program],
    sticks: &[Packed],
    now: OffsetDateTime,
) -> io::Result<W> {
    let mut zip = ZipWriter::new(out);
    let options = |mode| {
        SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .unix_permissions(mode)
            .last_modified_time(stamp(now))
    };
    let several = sticks.len() != 1;
    for program in programs {
        zip.start_file(program.file, options(PROGRAM_MODE)).map_err(as_io)?;
        io::copy(&mut File::open(&program.path)?, &mut zip)?;
    }
    let files: Vec<&str> = programs.iter().map(|program| program.file).collect();
    for (file, text) in words::texts(several, &files) {
        zip.start_file(file, options(FILE_MODE)).map_err(as_io)?;
        zip.write_all(text.as_bytes())?;
    }
    let mut taken = BTreeSet::new();
    for stick in sticks {
        let path =
            if several { format!("{}/{CONFIG_FILE}", folder(&stick.name, &mut taken)) } else { CONFIG_FILE.to_owned() };
        zip.start_file(path, options(FILE_MODE)).map_err(as_io)?;
        zip.write_all(&serde_json::to_vec_pretty(&stick.config)?)?;
    }
    zip.finish().map_err(as_io)
}

/// A folder's name that every system takes, used once.
fn folder(name: &str, taken: &mut BTreeSet<String>) -> String {
    let plain: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' })
        .collect();
    // In front stands a word of ours: a bare name could be one that Windows keeps for devices, or begin with a dot.
    let first = format!("stick-{}", plain.trim_end_matches('.'));
    let numbered = (2..).map(|number| format!("{first}-{number}"));
    let free = std::iter::once(first.clone()).chain(numbered).find(|name| taken.insert(name.clone()));
    free.unwrap_or(first)
}

/// The moment as ZIP files write it; they know none before 1980.
fn stamp(now: OffsetDateTime) -> DateTime {
    let year = u16::try_from(now.year()).unwrap_or_default();
    DateTime::from_date_and_time(year, now.month().into(), now.day(), now.hour(), now.minute(), now.second())
        .unwrap_or_default()
}

fn as_io(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use fernamt_domain::{DeviceId, SystemClock, SystemRng};
    use time::macros::datetime;
    use zip::ZipArchive;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-02 07:00 UTC);

    fn packed(name: &str) -> Packed {
        let config = Config {
            version: 1,
            device: DeviceId::new(&SystemClock, &SystemRng),
            login: name.to_owned(),
            agency: "Stadt".to_owned(),
            person: "Erika".to_owned(),
            language: "de".to_owned(),
            accent: String::new(),
            ssh: Some("amt.test:2222".to_owned()),
            websocket: Some("wss://amt.test".to_owned()),
            host_keys: vec!["ssh-ed25519 AAAA".to_owned()],
            web: "https://amt.test".to_owned(),
        };
        Packed { name: name.to_owned(), config }
    }

    fn names(sticks: &[Packed]) -> Vec<String> {
        let bytes = write_package(Cursor::new(Vec::new()), &[], sticks, NOW).unwrap().into_inner();
        let zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
        zip.file_names().map(|name| name.unwrap().into_owned()).collect()
    }

    #[test]
    fn a_package_holds_the_programs_bytes_and_may_start_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program");
        std::fs::write(&path, vec![7; 100_000]).unwrap();
        let program = Program { file: "fernamt-stick", path, bytes: 100_000 };
        let stick = packed("erika");
        let bytes =
            write_package(Cursor::new(Vec::new()), &[program], std::slice::from_ref(&stick), NOW).unwrap().into_inner();
        let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut found = zip.by_name("fernamt-stick").unwrap();
        assert_eq!(found.unix_mode().unwrap() & 0o777, PROGRAM_MODE);
        let mut read = Vec::new();
        found.read_to_end(&mut read).unwrap();
        assert_eq!(read, vec![7; 100_000]);
        drop(found);
        let mut text = String::new();
        zip.by_name(CONFIG_FILE).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), stick.config);
    }

    #[test]
    fn several_sticks_have_a_folder_each() {
        assert_eq!(names(&[packed("erika")]), ["LIESMICH.txt", "README.txt", "stick.json"]);
        let several = names(&[packed("Erika"), packed("erika"), packed("../../etc/müller.")]);
        assert_eq!(
            several[2..],
            ["stick-erika/stick.json", "stick-erika-2/stick.json", "stick-.._.._etc_m_ller/stick.json"]
        );
    }
}
