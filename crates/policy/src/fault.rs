//! What is wrong with a rule, precisely enough to point at it.

use std::collections::BTreeMap;

use fernamt_domain::RuleId;
use serde::{Deserialize, Serialize};

/// A place in an expert rule's text. Both count from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl Position {
    /// The position of a byte offset in a text. An offset beyond the end is the end.
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { line: count(before.matches('\n').count() + 1), column: count(before[line_start..].chars().count() + 1) }
    }
}

/// One thing that is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{path}: {message}")]
pub struct Fault {
    /// The field, such as `form.times[0].from` or `expert`.
    pub path: String,
    /// A stable word for the fault, such as `required`, `too_many` or `syntax`.
    pub code: String,
    /// What is wrong, in English.
    pub message: String,
    /// Values that belong in a sentence about it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// Where in the text, for expert rules.
    pub position: Option<Position>,
}

impl Fault {
    pub(crate) fn new(path: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            code: code.to_owned(),
            message: message.into(),
            params: BTreeMap::new(),
            position: None,
        }
    }

    pub(crate) fn at(mut self, position: Option<Position>) -> Self {
        self.position = position;
        self
    }
}

/// A fault and the rule it was found in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("rule {rule}: {fault}")]
pub struct RuleFault {
    /// The rule.
    pub rule: RuleId,
    /// What is wrong with it.
    pub fault: Fault,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters() {
        let text = "ä\nöü\n";
        assert_eq!(Position::of(text, 0), Position { line: 1, column: 1 });
        assert_eq!(Position::of(text, 5), Position { line: 2, column: 2 });
        assert_eq!(Position::of(text, 4), Position { line: 2, column: 1 }, "an offset inside a character is its start");
        assert_eq!(Position::of(text, 99), Position { line: 3, column: 1 });
    }
}
