//! A rule as the caller keeps it.

use std::collections::BTreeMap;

use fernamt_domain::{NameFault, RuleId};

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

fn check_name(name: &str) -> Result<(), Vec<Fault>> {
    fernamt_domain::name::check(name, MAX_NAME_CHARS)
        .map_err(|fault| vec![Fault { params: params(fault), ..Fault::new("name", fault.code(), fault.to_string()) }])
}

fn params(fault: NameFault) -> BTreeMap<String, String> {
    fault.params().into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
