//! Readers of calendars (RFC 5545) and letters (RFC 5322) that nobody here wrote: PyPI's `icalendar`, with
//! `recurring-ical-events` to work out what recurs, and Python's own `email`.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::venv;

/// The reader and what it needs, by version and hash.
const REQUIREMENTS: &str = include_str!("calendar.txt");
const READER: &str = include_str!("calendar.py");
const LETTER_READER: &str = include_str!("letter.py");

/// What others see in a calendar: `method`, `zones`, its `events`, and the `dates` on which something takes place.
pub fn read_calendar(file: &str) -> Result<Value> {
    read(READER, file)
}

/// What a mail program sees of a letter, by Python's own reader: whom it is `from` and `to`, its `subject`, `id` and
/// `date`, the names of its `headers`, and its `parts` with their `text`.
pub fn read_letter(letter: &str) -> Result<Value> {
    read(LETTER_READER, letter)
}

fn read(reader: &str, file: &str) -> Result<Value> {
    let python = venv::python("calendar-reader", REQUIREMENTS)?;
    let mut command = Command::new(python);
    command.args(["-c", reader]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("run Python")?;
    child.stdin.take().context("the reader has an input")?.write_all(file.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "it cannot be read: {}", String::from_utf8_lossy(&output.stderr).trim());
    serde_json::from_slice(&output.stdout).context("the reader answers in JSON")
}
