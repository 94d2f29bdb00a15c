//! Patches (RFC 8620, section 5.3): an object whose names are paths into another.

use serde_json::Value;

use super::{Object, error::SetError};

/// Applies a patch. Every path but its last step must exist, and no path may lead through another one.
pub(crate) fn apply(object: &Object, patch: &Object) -> Result<Object, SetError> {
    let refuse = |why: String| SetError::new("invalidPatch", why);
    let paths: Vec<Vec<String>> = patch.keys().map(|path| path.split('/').map(unescape).collect()).collect();
    for (number, one) in paths.iter().enumerate() {
        if paths.iter().enumerate().any(|(other, path)| other != number && path.starts_with(one)) {
            return Err(refuse(format!("{} and a path below it", one.join("/"))));
        }
    }
    let mut patched = object.clone();
    for (path, value) in paths.iter().zip(patch.values()) {
        let Some((last, way)) = path.split_last() else { continue };
        let mut place = &mut patched;
        for step in way {
            place = place
                .get_mut(step)
                .and_then(Value::as_object_mut)
                .ok_or_else(|| refuse(format!("{} leads nowhere", path.join("/"))))?;
        }
        if value.is_null() && !way.is_empty() {
            place.remove(last);
        } else {
            place.insert(last.clone(), value.clone());
        }
    }
    Ok(patched)
}

fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(patch: &Value) -> Result<Value, SetError> {
        let email = json!({ "keywords": { "$seen": true, "a/b": true }, "mailboxIds": { "m1": true } });
        apply(email.as_object().unwrap(), patch.as_object().unwrap()).map(Value::Object)
    }

    #[test]
    fn single_members_are_set_and_removed() {
        let moved =
            json!({ "keywords/$seen": null, "keywords/$flagged": true, "mailboxIds/m2": true, "keywords/a~1b": null });
        let expected = json!({ "keywords": { "$flagged": true }, "mailboxIds": { "m1": true, "m2": true } });
        assert_eq!(patched(&moved).unwrap(), expected);
        let whole = json!({ "keywords": { "$draft": true } });
        assert_eq!(patched(&whole).unwrap()["keywords"], json!({ "$draft": true }));
    }

    #[test]
    fn a_patch_that_contradicts_itself_is_refused() {
        for bad in [json!({ "keywords": {}, "keywords/$seen": true }), json!({ "nothing/here": true })] {
            assert_eq!(patched(&bad).unwrap_err().to_value()["type"], "invalidPatch", "{bad}");
        }
    }
}
