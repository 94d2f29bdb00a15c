//! A rule as the caller keeps it.

use fernamt_domain::RuleId;

use crate::{Fault, RuleForm, cedar, expert};

/// The most characters of a rule's name.
pub const MAX_NAME_CHARS: usize = 200;

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleBody {
    /// A form, from which Cedar is generated.
    Form(Box<RuleForm>),
    /// Cedar, as an expert wrote it.
    Expert(String),
}

/// One rule of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The rule's id.
    pub id: RuleId,
    /// Its name, for people.
    pub name: String,
    /// Whether it counts. A rule that does not is still shown by "why?".
    pub enabled: bool,
    /// What it says.
    pub body: RuleBody,
}

impl Rule {
    /// Everything that is wrong with the rule; empty if it may be saved.
    pub fn check(&self) -> Vec<Fault> {
        let mut faults = check_name(&self.name).err().unwrap_or_default();
        faults.extend(match &self.body {
            RuleBody::Form(form) => form.parse().err().unwrap_or_default(),
            RuleBody::Expert(text) => expert::parse(self.id, text).err().unwrap_or_default(),
        });
        faults
    }

    /// The Cedar text that decides: generated from the form, or as the expert wrote it.
    pub fn cedar(&self) -> Result<String, Vec<Fault>> {
        match &self.body {
            RuleBody::Form(form) => Ok(cedar::generate(self.id, &self.name, &form.parse()?)),
            RuleBody::Expert(text) => Ok(text.clone()),
        }
    }
}

pub(crate) fn check_name(name: &str) -> Result<(), Vec<Fault>> {
    if name.trim().is_empty() {
        return Err(vec![Fault::new("name", "required", "a rule needs a name")]);
    }
    if name.chars().count() > MAX_NAME_CHARS {
        return Err(vec![Fault::new("name", "too_long", format!("a name has at most {MAX_NAME_CHARS} characters"))]);
    }
    Ok(())
}
