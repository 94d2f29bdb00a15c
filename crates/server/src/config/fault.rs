//! Faults in the configuration, each with its line and a remedy.

use std::{fmt, path::Path};

use serde::de::DeserializeOwned;

/// The most faults that are reported at once.
const MAX_FAULTS: usize = 50;

/// Names that differ in more than this are not suggested, 1.0 being equal.
const MIN_SIMILARITY: f64 = 0.6;

/// One fault: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    line: Option<usize>,
    text: String,
}

impl Fault {
    /// A fault in a line of the file.
    pub(crate) fn at(line: Option<usize>, text: impl Into<String>) -> Self {
        Self { line, text: text.into() }
    }

    /// The line in the file, from 1.
    pub(crate) fn line(&self) -> Option<usize> {
        self.line
    }

    /// The file itself could not be read.
    pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        Self::at(None, format!("{} cannot be read: {error}; name the file with --config", path.display()))
    }

    /// The file's text in UTF-8, or the line where it is something else.
    pub(crate) fn text(bytes: &[u8]) -> Result<&str, Self> {
        str::from_utf8(bytes).map_err(|error| {
            let read = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = read.split(|byte| *byte == b'\n').count();
            Self::at(
                Some(line),
                "this line is not in UTF-8; save the file as UTF-8 (Windows calls it \"UTF-8 without BOM\")",
            )
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// Values of every type that the configuration knows, to stand in for one that is wrong.
const STAND_INS: [&str; 6] = ["\"x\"", "\"127.0.0.1:1\"", "\"off\"", "1", "false", "[]"];

/// Deserialises a whole file and reports every fault, not only the first: after each one its line is mended and the
/// file read again. Returns the value, which then holds stand-ins in the lines of the faults.
pub(crate) fn deserialize<T: DeserializeOwned>(text: &str) -> (Option<T>, Vec<Fault>) {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut faults = Vec::new();
    while faults.len() < MAX_FAULTS {
        let fault = match read::<T>(&lines) {
            Ok(value) => {
                faults.sort_by_key(|fault: &Fault| fault.line);
                return (Some(value), faults);
            }
            Err(fault) => fault,
        };
        let line = fault.line.and_then(|number| lines.get(number - 1)).map_or("", String::as_str);
        faults.push(Fault::at(fault.line, explain(&fault.text, line)));
        let mended = fault.line.and_then(|number| {
            mends(lines.get(number - 1)?, &fault.text)
                .into_iter()
                .map(|mend| {
                    let mut mended = lines.clone();
                    mended[number - 1] = mend;
                    mended
                })
                .find(|mended| read::<T>(mended).err().is_none_or(|next| is_another(&fault, &next)))
        });
        match mended {
            Some(mended) => lines = mended,
            None => break,
        }
    }
    faults.sort_by_key(|fault| fault.line);
    (None, faults)
}

fn read<T: DeserializeOwned>(lines: &[String]) -> Result<T, Fault> {
    let text = lines.join("\n");
    toml::from_str(&text).map_err(|error| {
        let start = error.span().map(|span| span.start.min(text.len()));
        Fault::at(start.map(|start| line_at(lines, start)), error.message())
    })
}

/// Whether a mend got us on: the next fault lies in another line, or is another key that is missing there.
fn is_another(fault: &Fault, next: &Fault) -> bool {
    next.line != fault.line || (next.text.starts_with("missing field ") && next.text != fault.text)
}

/// The line that a byte of the joined text lies in. A mended line may hold two.
fn line_at(lines: &[String], mut at: usize) -> usize {
    for (index, line) in lines.iter().enumerate() {
        if at <= line.len() {
            return index + 1;
        }
        at -= line.len() + 1;
    }
    lines.len().max(1)
}

/// What the line could have been.
fn mends(line: &str, message: &str) -> Vec<String> {
    if let Some(missing) = quoted(message, "missing field ") {
        return STAND_INS.iter().map(|stand_in| format!("{line}\n{missing} = {stand_in}")).collect();
    }
    let Some((key, value)) = line.split_once('=') else { return Vec::new() };
    if message.starts_with("duplicate key") {
        return vec![String::new()];
    }
    if quoted(message, "unknown field ").is_some() {
        let renamed = nearest(message).map(|near| format!("{near} ={value}"));
        return renamed.into_iter().chain([String::new()]).collect();
    }
    STAND_INS.iter().map(|stand_in| format!("{key}= {stand_in}")).collect()
}

fn explain(message: &str, line: &str) -> String {
    let (key, value) = line.split_once('=').map_or((line.trim(), ""), |(key, value)| (key.trim(), value.trim()));
    if message.starts_with("duplicate key") {
        return format!("`{key}` is set twice; keep one of the two");
    }
    if message.starts_with("invalid socket address") {
        return format!("{value} is no address with a port; write it like \"0.0.0.0:443\" or \"[::]:443\"");
    }
    if message.contains("untagged enum Tls") {
        return format!(
            "{value} is no way of TLS; write {{ certificate = \"tls.pem\", key = \"tls.key\" }}, \"self-signed\" or \"off\""
        );
    }
    if let Some(name) = quoted(message, "missing field ") {
        return format!("the key `{name}` is missing; add it");
    }
    let Some(name) = quoted(message, "unknown field ") else {
        return message.lines().next().unwrap_or("the value is wrong").to_owned();
    };
    match nearest(message) {
        Some(near) => format!("unknown key `{name}`; did you mean `{near}`?"),
        None => format!(
            "unknown key `{name}`; remove it{}",
            message.split_once(", ").map_or(String::new(), |(_, rest)| format!(" ({rest})"))
        ),
    }
}

fn nearest(message: &str) -> Option<String> {
    let name = quoted(message, "unknown field ")?;
    let (_, expected) = message.split_once(", expected ")?;
    expected
        .split('`')
        .skip(1)
        .step_by(2)
        .map(|candidate| (strsim::normalized_damerau_levenshtein(name, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= MIN_SIMILARITY)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.to_owned())
}

fn quoted<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    message.strip_prefix(before)?.strip_prefix('`')?.split('`').next()
}
