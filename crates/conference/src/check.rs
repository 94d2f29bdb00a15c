//! Checks of typed fields: each fault with its path and a stable code.

use fernamt_api::problem::FieldProblem;
use fernamt_domain::{NameFault, name};
use fernamt_http::ApiError;

/// Collects what is wrong with the fields of a request.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    found: Vec<FieldProblem>,
}

impl Checks {
    /// Notes a fault unless `holds`.
    pub(crate) fn that(&mut self, holds: bool, path: &str, code: &str, detail: &str) {
        if !holds {
            self.found.push(FieldProblem::new(path, code, detail));
        }
    }

    /// Notes a fault with a value that belongs in the sentence.
    pub(crate) fn fault(&mut self, problem: FieldProblem) {
        self.found.push(problem);
    }

    /// A name: something to read, in one line, without spaces around it.
    pub(crate) fn name(&mut self, path: &str, name: &str, most_chars: u16) {
        self.note(path, name::check(name, most_chars.into()));
    }

    /// Lines of text: each of them as a name is, or empty.
    pub(crate) fn lines(&mut self, path: &str, text: &str, most_chars: u16) {
        let chars = text.chars().count();
        if chars > most_chars.into() {
            return self.note(path, Err(NameFault::TooLong { chars, most: most_chars.into() }));
        }
        let fault = text.lines().find_map(|line| name::check_line(line, most_chars.into()).err());
        self.note(path, fault.map_or(Ok(()), Err));
    }

    fn note(&mut self, path: &str, checked: Result<(), NameFault>) {
        self.found.extend(checked.err().map(|fault| FieldProblem::name(path, fault)));
    }

    /// The refusal that names all faults, if there are any.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        self.found.into_iter().fold(ApiError::invalid(), ApiError::with_field).or_ok()
    }
}
