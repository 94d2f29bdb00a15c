//! Checks of typed fields: each fault with its path and a stable code.

use fernamt_api::problem::FieldProblem;
use fernamt_domain::{NameFault, name};
use fernamt_http::ApiError;

/// Collects what is wrong with the fields of a request.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    pub(crate) found: Vec<FieldProblem>,
}

impl Checks {
    /// Notes a fault unless `holds`.
    pub(crate) fn that(&mut self, holds: bool, path: &str, code: &str, detail: &str) {
        if !holds {
            self.found.push(FieldProblem::new(path, code, detail));
        }
    }

    /// A name: something to read, in one line, without spaces around it.
    pub(crate) fn name(&mut self, path: &str, name: &str, most_chars: usize) {
        self.note(path, name::check(name, most_chars));
    }

    /// One line of text.
    pub(crate) fn text(&mut self, path: &str, text: &str, most_chars: usize) {
        self.note(path, name::check_line(text, most_chars));
    }

    fn note(&mut self, path: &str, checked: Result<(), NameFault>) {
        self.found.extend(checked.err().map(|fault| FieldProblem::name(path, fault)));
    }

    /// One line of text, or nothing.
    pub(crate) fn optional_text(&mut self, path: &str, text: Option<&str>, most_chars: usize) {
        self.text(path, text.unwrap_or_default(), most_chars);
    }

    /// The refusal that names all faults, if there are any.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        invalid(self.found).or_ok()
    }
}

/// The refusal that names faulty fields.
pub(crate) fn invalid(found: Vec<FieldProblem>) -> ApiError {
    found.into_iter().fold(ApiError::invalid(), ApiError::with_field)
}
