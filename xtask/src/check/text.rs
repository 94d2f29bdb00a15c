//! Checks that read files as text.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

use super::{Verdict, metadata::Metadata, verdict};
use crate::shell::{root, tracked_files};

/// Longer files tell more than one story.
const LONGEST_FILE_LINES: usize = 800;

/// Words that must not be committed, each with the reason. Written in two halves, so that this table passes itself.
const FORBIDDEN: &[(&str, &str, &str)] = &[
    ("TO", "DO", "finish it, or write it down where work is planned"),
    ("FIX", "ME", "finish it, or write it down where work is planned"),
    ("DSGVO", "-konform", "we prove facts and promise no verdict of law"),
    ("BSI", "-zertifiziert", "we hold no certificate"),
    ("/work", "/main", "a path of one machine"),
];

/// Every crate is explained in ARCHITECTURE.md.
pub(crate) fn documented_crates() -> Result<Verdict> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).context("read ARCHITECTURE.md")?;
    let metadata = Metadata::load()?;
    let names = metadata.packages().map(|package| package.name.strip_prefix("fernamt-").unwrap_or(&package.name));
    let missing: Vec<_> = names.filter(|name| !text.contains(&format!("`{name}`"))).map(str::to_owned).collect();
    Ok(verdict(&missing, "Give each of these crates a line in the table of ARCHITECTURE.md."))
}

/// Files stay short enough to be read at one go.
pub(crate) fn file_lengths() -> Result<Verdict> {
    let mut findings = Vec::new();
    for name in tracked_files()? {
        let extension = Path::new(&name).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if !["rs", "ts", "tsx"].contains(&extension) || name.contains(".d.") {
            continue;
        }
        let lines = fs::read_to_string(root().join(&name))?.lines().count();
        if lines > LONGEST_FILE_LINES {
            findings.push(format!("{name}: {lines} lines"));
        }
    }
    Ok(verdict(&findings, &format!("Split these files by what they tell; {LONGEST_FILE_LINES} lines is the limit.")))
}

/// No unfinished business, no claims we cannot hold, no traces of one machine.
pub(crate) fn forbidden_words() -> Result<Verdict> {
    let mut findings = Vec::new();
    for name in tracked_files()? {
        let Ok(text) = fs::read_to_string(root().join(&name)) else { continue };
        for (number, line) in text.lines().enumerate() {
            for (first, second, why) in FORBIDDEN {
                if contains_word(line, &format!("{first}{second}")) {
                    findings.push(format!("{name}:{}: {first}{second} ({why})", number + 1));
                }
            }
        }
    }
    Ok(verdict(&findings, "Take these words out."))
}

/// Links between our documents, and from them into the code, lead somewhere.
pub(crate) fn links() -> Result<Verdict> {
    let mut findings = Vec::new();
    for name in tracked_files()? {
        let path = Path::new(&name);
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = fs::read_to_string(root().join(path))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for target in link_targets(&text) {
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !root().join(folder).join(file).exists() {
                findings.push(format!("{name}: {target}"));
            }
        }
    }
    Ok(verdict(&findings, "These links lead nowhere."))
}

/// Lock files name no host to fetch from: everybody's own client knows where its registry is.
pub(crate) fn lock_files() -> Result<Verdict> {
    let mut findings = Vec::new();
    for name in tracked_files()? {
        let text = || fs::read_to_string(root().join(&name));
        if name.ends_with("package-lock.json") && text()?.contains("\"resolved\": \"http") {
            findings.push(format!(
                "{name}: `npm install --package-lock-only --omit-lockfile-registry-resolved` rewrites it"
            ));
        }
        if name.ends_with("Cargo.lock")
            && text()?.lines().any(|line| {
                line.starts_with("source = ")
                    && line != "source = \"registry+https://github.com/rust-lang/crates.io-index\""
            })
        {
            findings.push(format!("{name}: a package comes from elsewhere than crates.io"));
        }
    }
    Ok(verdict(&findings, "These lock files bind everybody to one host."))
}

/// Whole words only: `TODOS` in a person's name is none of ours.
fn contains_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        let plain = word.chars().all(char::is_alphanumeric);
        !plain || !(before.is_some_and(char::is_alphanumeric) || after.is_some_and(char::is_alphanumeric))
    })
}

/// Targets of Markdown links that stay in the repository.
fn link_targets(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("](").filter_map(|(start, _)| {
        let target = text[start + 2..].split([')', '\n']).next()?;
        let outside = target.contains("://") || target.starts_with("mailto:") || target.contains(' ');
        (!outside).then_some(target)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_are_found() {
        assert!(contains_word("// AB: later", "AB"));
        assert!(!contains_word("CABLE", "AB"));
        assert!(contains_word("see /x/y/z", "/x/y"));
    }

    #[test]
    fn links_out_of_the_repository_are_left_alone() {
        let text = "[a](b.md#c) [d](https://example.org) [e](mailto:x@example.org) ![f](g/h.png)";
        assert_eq!(link_targets(text).collect::<Vec<_>>(), ["b.md#c", "g/h.png"]);
    }
}
