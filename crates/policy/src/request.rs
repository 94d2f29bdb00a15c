//! What a decision is asked for.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
};

use cedar_policy::{Context, Entities, Entity, RestrictedExpression as Expr};
use fernamt_domain::{
    BundleId, DeviceId, DeviceKind, DeviceState, GroupId, Method, PersonId, SessionFacts, Situation, TargetId,
    TargetKind, Zone,
};
use time::OffsetDateTime;

use crate::{
    LocalTime,
    schema::{names, uid},
};

/// A target, as far as rules know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetFacts {
    /// The target.
    pub id: TargetId,
    /// Its kind.
    pub kind: TargetKind,
    /// The bundles it belongs to.
    pub bundles: Vec<BundleId>,
    /// Whose it is, if somebody set it up for themselves.
    pub owner: Option<Owner>,
}

/// Whose a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The person.
    pub person: PersonId,
    /// Whether an administrator decided that people may set up targets for themselves.
    pub allowed: bool,
}

/// Who wants to reach what, on which device, proved how, from where and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The person.
    pub person: PersonId,
    /// All groups the person belongs to, directly or by nesting; see [`groups_with_nesting`].
    pub groups: Vec<GroupId>,
    /// The device, if it has a key that we know.
    pub device: Option<DeviceId>,
    /// The device's kind.
    pub device_kind: DeviceKind,
    /// The device's state.
    pub device_state: DeviceState,
    /// How the person proved who they are.
    pub methods: Vec<Method>,
    /// The target.
    pub target: TargetFacts,
    /// The zone of the listener.
    pub zone: Zone,
    /// The address it comes from.
    pub address: IpAddr,
    /// The moment.
    pub at: OffsetDateTime,
}

impl Request {
    /// A request by a session in a situation. `groups` as in [`Request::groups`].
    pub fn new(facts: &SessionFacts, groups: Vec<GroupId>, target: TargetFacts, situation: &Situation) -> Self {
        Self {
            person: facts.person,
            groups,
            device: facts.device,
            device_kind: facts.device_kind,
            device_state: facts.device_state,
            methods: facts.methods.clone(),
            target,
            zone: situation.zone.clone(),
            address: situation.address,
            at: situation.at,
        }
    }
}

/// Whether these methods are more than one proof: a passkey, which the device itself asks a PIN or a finger for, or two
/// different methods of which one is something the person holds. A key or a password alone is not.
pub fn second_factor(methods: &[Method]) -> bool {
    let different: BTreeSet<_> = methods.iter().collect();
    different.contains(&Method::Passkey)
        || (different.len() > 1 && different.iter().any(|method| method.is_possession()))
}

/// All groups that somebody in `direct` belongs to, given the nesting as pairs of parent and child. Circles, which a
/// directory may hold, end.
pub fn groups_with_nesting(direct: &[GroupId], nesting: &[(GroupId, GroupId)]) -> Vec<GroupId> {
    let mut parents: HashMap<GroupId, Vec<GroupId>> = HashMap::new();
    for (parent, child) in nesting {
        parents.entry(*child).or_default().push(*parent);
    }
    let mut found = BTreeSet::new();
    let mut open = direct.to_vec();
    while let Some(group) = open.pop() {
        if found.insert(group) {
            open.extend(parents.get(&group).into_iter().flatten());
        }
    }
    found.into_iter().collect()
}

/// A request in Cedar's terms.
pub(crate) struct CedarRequest {
    pub(crate) request: cedar_policy::Request,
    pub(crate) entities: Entities,
}

/// Cedar did not take the request. Nothing that parsed into a [`Request`] is known to cause it; the engine then refuses.
#[derive(Debug, thiserror::Error)]
#[error("the request does not go into Cedar's terms: {0}")]
pub(crate) struct NotCedar(String);

impl CedarRequest {
    pub(crate) fn new(request: &Request, local: LocalTime) -> Result<Self, NotCedar> {
        let fault = |error: &dyn std::error::Error| NotCedar(error.to_string());
        let names = names();
        let device = uid(&names.device, request.device.map_or_else(|| "none".to_owned(), |id| id.to_string()));
        let time = Expr::new_record([
            ("weekday".to_owned(), Expr::new_long(local.weekday.into())),
            ("minute".to_owned(), Expr::new_long(local.minute.into())),
            ("date".to_owned(), Expr::new_datetime(local.date.to_string())),
        ])
        .map_err(|error| fault(&error))?;
        let methods = request.methods.iter().map(|method| Expr::new_entity_uid(uid(&names.method, method)));
        let context = Context::from_pairs([
            ("device".to_owned(), Expr::new_entity_uid(device.clone())),
            ("methods".to_owned(), Expr::new_set(methods)),
            ("second_factor".to_owned(), Expr::new_bool(second_factor(&request.methods))),
            ("zone".to_owned(), Expr::new_string(request.zone.0.clone())),
            ("address".to_owned(), Expr::new_ip(request.address.to_canonical().to_string())),
            ("time".to_owned(), time),
        ])
        .map_err(|error| fault(&error))?;

        let person = uid(&names.person, request.person);
        let target = uid(&names.target, request.target.id);
        let entity = |uid, attributes: Vec<(&str, Expr)>, parents| {
            let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            Entity::new(uid, attributes, parents).map_err(|error| fault(&error))
        };
        let word = |kind, word: &str| Expr::new_entity_uid(uid(kind, word));
        let entities = [
            entity(person.clone(), vec![], request.groups.iter().map(|id| uid(&names.group, id)).collect())?,
            entity(
                target.clone(),
                vec![("kind", word(&names.target_kind, request.target.kind.as_str()))],
                request.target.bundles.iter().map(|id| uid(&names.bundle, id)).collect(),
            )?,
            entity(
                device,
                vec![
                    ("kind", word(&names.device_kind, request.device_kind.as_str())),
                    ("state", word(&names.device_state, request.device_state.as_str())),
                ],
                [].into(),
            )?,
        ];
        let entities = Entities::from_entities(entities, None).map_err(|error| fault(&error))?;
        let request = cedar_policy::Request::new(person, names.reach.clone(), target, context, None)
            .map_err(|error| fault(&error))?;
        Ok(Self { request, entities })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn one_proof_is_not_two() {
        for one in
            [&[][..], &[Method::Password], &[Method::SshKey], &[Method::Totp], &[Method::Password, Method::Password]]
        {
            assert!(!second_factor(one), "{one:?}");
        }
        for two in [&[Method::Passkey][..], &[Method::Password, Method::Totp], &[Method::SshKey, Method::Totp]] {
            assert!(second_factor(two), "{two:?}");
        }
    }

    #[test]
    fn nesting_is_followed_and_circles_end() {
        let group = |n| GroupId(Uuid::from_u128(n));
        let nesting = [(group(2), group(1)), (group(3), group(2)), (group(1), group(3)), (group(9), group(8))];
        assert_eq!(groups_with_nesting(&[group(1)], &nesting), [group(1), group(2), group(3)]);
        assert_eq!(groups_with_nesting(&[], &nesting), []);
    }
}
