//! References to the results of earlier calls (RFC 8620, section 3.7).

use serde::Deserialize;
use serde_json::Value;

use super::{Object, error::MethodError, request::Invocation};

/// The most values that one reference yields.
const MAX_VALUES: usize = 10_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ResultReference {
    result_of: String,
    name: String,
    path: String,
}

/// Puts in place of each argument `#name` what it refers to.
pub(crate) fn resolve(arguments: &Object, answered: &[Invocation]) -> Result<Object, MethodError> {
    let mut resolved = Object::new();
    for (name, value) in arguments {
        let Some(plain) = name.strip_prefix('#') else {
            resolved.insert(name.clone(), value.clone());
            continue;
        };
        if arguments.contains_key(plain) {
            return Err(MethodError::invalid_arguments(format!("{plain} is given twice, once as a reference")));
        }
        let reference: ResultReference = serde_json::from_value(value.clone())
            .map_err(|error| MethodError::invalid_reference(format!("{name}: {error}")))?;
        let Invocation(_, answer, _) = answered
            .iter()
            .find(|Invocation(_, _, call)| *call == reference.result_of)
            .filter(|Invocation(method, _, _)| *method == reference.name)
            .ok_or_else(|| {
                let ResultReference { result_of, name, .. } = &reference;
                MethodError::invalid_reference(format!("the call {result_of} did not answer with {name}"))
            })?;
        let found = reference
            .path
            .strip_prefix('/')
            .and_then(|path| at(&Value::Object(answer.clone()), &path.split('/').collect::<Vec<_>>()))
            .ok_or_else(|| MethodError::invalid_reference(format!("{} leads nowhere", reference.path)))?;
        resolved.insert(plain.to_owned(), found);
    }
    Ok(resolved)
}

/// The value at a path: a JSON pointer (RFC 6901) in which `*` stands for every element of a list.
fn at(value: &Value, path: &[&str]) -> Option<Value> {
    let [step, rest @ ..] = path else { return Some(value.clone()) };
    match value {
        Value::Array(list) if *step == "*" => {
            let mut all = Vec::new();
            for element in list {
                match at(element, rest)? {
                    Value::Array(inner) => all.extend(inner),
                    other => all.push(other),
                }
                if all.len() > MAX_VALUES {
                    return None;
                }
            }
            Some(Value::Array(all))
        }
        Value::Array(list) => at(list.get(step.parse::<usize>().ok()?)?, rest),
        Value::Object(object) => at(object.get(&step.replace("~1", "/").replace("~0", "~"))?, rest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: &Value) -> Object {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn references_are_followed_through_lists() {
        let list = json!({ "list": [{ "ids": ["a", "b"], "a/b": 1 }, { "ids": ["c"], "a/b": 2 }] });
        let answered = [Invocation("Thread/get".to_owned(), object(&list), "t".to_owned())];
        let ask = |path: &str, name: &str, call: &str| {
            let reference = json!({ "#ids": { "resultOf": call, "name": name, "path": path }, "x": 1 });
            resolve(&object(&reference), &answered)
        };
        let found = ask("/list/*/ids", "Thread/get", "t").unwrap();
        assert_eq!(Value::Object(found), json!({ "ids": ["a", "b", "c"], "x": 1 }));
        assert_eq!(ask("/list/1/a~1b", "Thread/get", "t").unwrap()["ids"], 2);
        for (path, name, call) in [
            ("/list/*/none", "Thread/get", "t"),
            ("/list/9", "Thread/get", "t"),
            ("list", "Thread/get", "t"),
            ("/list", "Email/get", "t"),
            ("/list", "Thread/get", "u"),
        ] {
            let error = ask(path, name, call).unwrap_err();
            assert_eq!(error.to_arguments()["type"], "invalidResultReference", "{path} {name} {call}");
        }
        let both = object(&json!({ "ids": [], "#ids": { "resultOf": "t", "name": "Thread/get", "path": "/list" } }));
        assert_eq!(resolve(&both, &answered).unwrap_err().to_arguments()["type"], "invalidArguments");
    }

    #[test]
    fn a_reference_yields_so_many_values_and_no_more() {
        let ask = |count: usize| {
            let list = json!({ "list": (0..count).collect::<Vec<_>>() });
            let answered = [Invocation("X/get".to_owned(), object(&list), "x".to_owned())];
            let reference = json!({ "#ids": { "resultOf": "x", "name": "X/get", "path": "/list/*" } });
            resolve(&object(&reference), &answered)
        };
        assert!(ask(MAX_VALUES).is_ok());
        assert!(ask(MAX_VALUES + 1).is_err());
    }
}
