//! The states that a client is told of (RFC 8620, section 7.1).

use std::collections::BTreeMap;

use fernamt_domain::{MailAccountId, mail::MailType};
use fernamt_store::MailAccountRecord;
use serde_json::{Value, json};

/// The kinds of objects that a client wants to hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kinds(Vec<MailType>);

impl Kinds {
    /// Reads `*`, or a list of names. What is not known here never changes.
    pub(crate) fn read(text: &str) -> Self {
        let wanted = |kind: &&MailType| text == "*" || text.split(',').any(|name| name.trim() == kind.as_str());
        Self(MailType::ALL.iter().filter(wanted).copied().collect())
    }

    /// Kinds by their names, or all of them.
    pub(crate) fn named(names: Option<&[String]>) -> Self {
        let wanted = |kind: &&MailType| names.is_none_or(|names| names.iter().any(|name| name == kind.as_str()));
        Self(MailType::ALL.iter().filter(wanted).copied().collect())
    }

    /// No kind at all.
    pub(crate) fn none() -> Self {
        Self(Vec::new())
    }
}

/// The state of each kind in each account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct States(BTreeMap<MailAccountId, BTreeMap<MailType, u64>>);

impl States {
    /// What these accounts' states are.
    pub(super) fn of<'a>(accounts: impl Iterator<Item = &'a MailAccountRecord>, kinds: &Kinds) -> Self {
        let states = |account: &MailAccountRecord| kinds.0.iter().map(|kind| (*kind, account.state(*kind))).collect();
        Self(accounts.map(|account| (account.id, states(account))).collect())
    }

    /// Whether an account is among them.
    pub(super) fn has(&self, account: MailAccountId) -> bool {
        self.0.contains_key(&account)
    }

    /// What is not as it was before.
    pub(super) fn since(&self, before: &Self) -> Self {
        let news = |(account, states): (&MailAccountId, &BTreeMap<MailType, u64>)| {
            let known = before.0.get(account);
            let is_new = |kind: &MailType, state: &u64| known.and_then(|known| known.get(kind)) != Some(state);
            let news: BTreeMap<_, _> = states
                .iter()
                .filter(|(kind, state)| is_new(kind, state))
                .map(|(kind, state)| (*kind, *state))
                .collect();
            (!news.is_empty()).then_some((*account, news))
        };
        Self(self.0.iter().filter_map(news).collect())
    }

    /// Whether they say nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.0.values().all(BTreeMap::is_empty)
    }

    /// A name for all of them together, by which a client says later what it knew last.
    pub(super) fn event_id(&self) -> String {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, self.changed().to_string().as_bytes());
        data_encoding::HEXLOWER.encode(&digest.as_ref()[..16])
    }

    /// The `StateChange` object that tells them.
    pub(super) fn state_change(&self) -> Value {
        json!({ "@type": "StateChange", "changed": self.changed() })
    }

    fn changed(&self) -> Value {
        let states = |states: &BTreeMap<MailType, u64>| -> Value {
            states.iter().map(|(kind, state)| (kind.to_string(), Value::from(state.to_string()))).collect()
        };
        self.0.iter().map(|(account, kinds)| (account.to_string(), states(kinds))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(list: &[(u128, MailType, u64)]) -> States {
        let mut all = States::default();
        for (account, kind, state) in list {
            all.0.entry(MailAccountId(uuid::Uuid::from_u128(*account))).or_default().insert(*kind, *state);
        }
        all
    }

    #[test]
    fn kinds_are_read() {
        assert_eq!(Kinds::read("*").0, MailType::ALL);
        assert_eq!(Kinds::read("Email, Mailbox,Calendar,email").0, [MailType::Mailbox, MailType::Email]);
        assert_eq!(Kinds::read("").0, []);
    }

    #[test]
    fn only_what_is_new_is_told() {
        let before = states(&[(1, MailType::Email, 5), (1, MailType::Mailbox, 5), (2, MailType::Email, 5)]);
        let now = states(&[(1, MailType::Email, 6), (1, MailType::Mailbox, 5), (2, MailType::Email, 5)]);
        let news = now.since(&before);
        assert_eq!(news, states(&[(1, MailType::Email, 6)]));
        let account = uuid::Uuid::from_u128(1).to_string();
        let expected = json!({ "@type": "StateChange", "changed": { account: { "Email": "6" } } });
        assert_eq!(news.state_change(), expected);
        assert!(now.since(&now).is_empty() && now.since(&States::default()) == now);
        assert_ne!(now.event_id(), before.event_id());
    }
}
