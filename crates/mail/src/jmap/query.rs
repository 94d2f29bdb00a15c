//! `/query` (RFC 8620, section 5.5).

use serde::{Deserialize, Serialize};

use super::error::MethodError;

/// The most ids that one answer holds.
pub(crate) const MAX_IDS: usize = 5_000;

/// The arguments that every `/query` has.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Query<Filter> {
    pub(crate) account_id: String,
    #[serde(default = "Option::default")]
    pub(crate) filter: Option<Filter>,
    #[serde(default)]
    pub(crate) sort: Option<Vec<Comparator>>,
    /// What only some kinds have.
    #[serde(default)]
    pub(crate) collapse_threads: bool,
    #[serde(default)]
    pub(crate) sort_as_tree: bool,
    #[serde(default)]
    pub(crate) filter_as_tree: bool,
    #[serde(default)]
    position: i64,
    #[serde(default)]
    anchor: Option<String>,
    #[serde(default)]
    anchor_offset: i64,
    #[serde(default)]
    limit: Option<u64>,
    #[serde(default)]
    calculate_total: bool,
}

impl<Filter> Query<Filter> {
    /// Which part of the list is asked for.
    pub(crate) fn window(&self) -> Window {
        Window {
            position: self.position,
            anchor: self.anchor.clone(),
            anchor_offset: self.anchor_offset,
            limit: self.limit,
            calculate_total: self.calculate_total,
        }
    }
}

/// Which part of a list is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Window {
    #[serde(default)]
    pub(crate) position: i64,
    #[serde(default)]
    pub(crate) anchor: Option<String>,
    #[serde(default)]
    pub(crate) anchor_offset: i64,
    #[serde(default)]
    pub(crate) limit: Option<u64>,
    #[serde(default)]
    pub(crate) calculate_total: bool,
}

/// One criterion of an order.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Comparator {
    pub(crate) property: String,
    #[serde(default = "ascending")]
    pub(crate) is_ascending: bool,
    /// Which letters count as equal; there is one way to compare here.
    #[serde(default)]
    pub(crate) collation: Option<String>,
}

fn ascending() -> bool {
    true
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Found {
    pub(crate) account_id: String,
    pub(crate) query_state: String,
    pub(crate) can_calculate_changes: bool,
    pub(crate) position: u64,
    pub(crate) ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<u64>,
}

impl Window {
    /// Whether it begins at a place counted from the front: then a list need not be known to its end.
    pub(crate) fn first_screen(&self) -> Option<(usize, usize)> {
        let position = usize::try_from(self.position).ok().filter(|_| self.anchor.is_none())?;
        (!self.calculate_total).then(|| (position, self.limit()))
    }

    /// How many ids are answered at most.
    pub(crate) fn limit(&self) -> usize {
        self.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(MAX_IDS).min(MAX_IDS)
    }

    /// The part of a list that is asked for, and the place where it begins.
    pub(crate) fn cut(&self, ids: &[String]) -> Result<(u64, Vec<String>), MethodError> {
        let end = i64::try_from(ids.len()).unwrap_or(i64::MAX);
        let start = match &self.anchor {
            Some(anchor) => {
                let place = ids.iter().position(|id| id == anchor).ok_or_else(MethodError::anchor_not_found)?;
                i64::try_from(place).unwrap_or(end).saturating_add(self.anchor_offset).max(0)
            }
            None if self.position < 0 => end.saturating_add(self.position).max(0),
            None => self.position,
        };
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let part = ids.iter().skip(start).take(self.limit()).cloned().collect();
        Ok((start as u64, part))
    }

    /// The limit that held, where the client asked for more or for none.
    pub(crate) fn told_limit(&self) -> Option<u64> {
        let asked = self.limit.unwrap_or(u64::MAX);
        (asked > MAX_IDS as u64).then_some(MAX_IDS as u64)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn cut(window: Value) -> Result<(u64, Vec<String>), MethodError> {
        let window: Window = serde_json::from_value(window).unwrap();
        window.cut(&["a", "b", "c", "d"].map(str::to_owned))
    }

    #[test]
    fn a_list_is_cut_as_asked() {
        let part = |start, ids: &[&str]| Ok((start, ids.iter().map(|id| (*id).to_owned()).collect()));
        assert_eq!(cut(json!({})), part(0, &["a", "b", "c", "d"]));
        assert_eq!(cut(json!({ "position": 1, "limit": 2 })), part(1, &["b", "c"]));
        assert_eq!(cut(json!({ "position": -2 })), part(2, &["c", "d"]));
        assert_eq!(cut(json!({ "position": -9, "limit": 1 })), part(0, &["a"]));
        assert_eq!(cut(json!({ "position": 9 })), part(9, &[]));
        assert_eq!(cut(json!({ "anchor": "c", "anchorOffset": -1, "limit": 2 })), part(1, &["b", "c"]));
        assert_eq!(cut(json!({ "anchor": "a", "anchorOffset": -5, "limit": 1 })), part(0, &["a"]));
        assert_eq!(cut(json!({ "anchor": "x" })), Err(MethodError::anchor_not_found()));
    }

    #[test]
    fn an_answer_holds_so_many_ids_and_no_more() {
        let ids: Vec<_> = (0..=MAX_IDS).map(|number| number.to_string()).collect();
        let window: Window = serde_json::from_value(json!({})).unwrap();
        assert_eq!((window.cut(&ids).unwrap().1.len(), window.told_limit()), (MAX_IDS, Some(MAX_IDS as u64)));
    }
}
