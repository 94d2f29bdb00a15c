//! What Prometheus reads: well-formed, without personal data, and nowhere but where it was asked for.

use std::collections::{BTreeMap, BTreeSet};

use fernamt_testkit::{
    http::{self, Answer},
    peers::free_port,
};

use crate::support::{Server, local};

/// A series: its name and its labels.
type Series = (String, BTreeMap<String, String>);

/// Reads the text format (version 0.0.4) strictly: every sample belongs to a declared type, no series comes twice.
fn parse(text: &str) -> Result<BTreeMap<Series, f64>, String> {
    let (mut types, mut samples) = (BTreeMap::new(), BTreeMap::new());
    for line in text.lines().filter(|line| !line.is_empty()) {
        let fault = |why: &str| Err(format!("{why}: {line}"));
        if let Some(comment) = line.strip_prefix("# ") {
            let words: Vec<_> = comment.splitn(3, ' ').collect();
            match words.as_slice() {
                ["TYPE", name, kind @ ("counter" | "gauge" | "histogram" | "summary" | "untyped")] if is_name(name) => {
                    if types.insert((*name).to_owned(), (*kind).to_owned()).is_some() {
                        return fault("declared twice");
                    }
                }
                ["HELP", name, _] if is_name(name) => {}
                _ => return fault("no comment of the format"),
            }
            continue;
        }
        let Some((series, value)) = line.rsplit_once(' ') else { return fault("no value") };
        let Ok(value) = value.parse::<f64>() else { return fault("no number") };
        let (name, labels) = match series.split_once('{') {
            None => (series, BTreeMap::new()),
            Some((name, rest)) => match rest.strip_suffix('}').map(labels) {
                Some(Some(labels)) => (name, labels),
                _ => return fault("no labels of the format"),
            },
        };
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        if !is_name(name) || !(types.contains_key(name) || types.contains_key(family)) {
            return fault("no declared metric");
        }
        if samples.insert((name.to_owned(), labels), value).is_some() {
            return fault("this series comes twice");
        }
    }
    Ok(samples)
}

fn labels(text: &str) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"")?;
        let mut value = String::new();
        let mut chars = after.char_indices();
        let end = loop {
            match chars.next()? {
                (at, '"') => break at,
                (_, '\\') => value.push(chars.next()?.1),
                (_, c) => value.push(c),
            }
        };
        (is_name(name) && found.insert(name.to_owned(), value).is_none()).then_some(())?;
        rest = &after[end + 1..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
    Some(found)
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':')
}

#[test]
fn the_reader_of_metrics_refuses_what_is_none() {
    for bad in [
        "a 1",
        "# TYPE a counter\na x",
        "# TYPE a counter\na 1\na 2",
        "# TYPE a counter\na{b=\"c} 1",
        "# TYPE a thing\na 1",
        "# TYPE a counter\n# TYPE a counter\na 1",
    ] {
        assert!(parse(bad).is_err(), "{bad}");
    }
    let good = parse("# HELP a what\n# TYPE a counter\na{b=\"c\\\"d\",e=\"\"} 1\na 2.5\n").unwrap();
    assert_eq!(good.len(), 2);
}

#[test]
fn metrics_are_well_formed_hold_nobody_and_are_served_in_one_place_only() {
    let port = free_port().unwrap();
    let server = Server::start(&format!("[metrics]\naddress = \"127.0.0.1:{port}\"\n"));
    let ada = server.ada();
    let _ = server.signed_in("erika", "Linde-Fluss-27", None);
    let mut stranger =
        fernamt_testkit::person::Person::new(server.office.address(), &server.office.host(), "erika", "falsch")
            .unwrap();
    stranger.sign_in().unwrap_err();

    let answer = get(port, "/metrics");
    assert_eq!(answer.status, 200);
    assert!(answer.headers["content-type"].starts_with("text/plain"), "{:?}", answer.headers);
    let text = String::from_utf8(answer.body).unwrap();
    let samples = parse(&text).unwrap();
    let names: BTreeSet<_> = samples.keys().map(|(name, _)| name.as_str()).collect();
    assert!(names.iter().any(|name| name.starts_with("fernamt_")), "nothing of ours is counted: {names:?}");

    // A label may hold a word of ours, never what tells who somebody is or where they came from.
    let id = ada.get("/api/v1/session").unwrap().json().unwrap();
    let ids: Vec<_> = strings(&id).into_iter().filter(|text| text.len() == 36).collect();
    assert!(!ids.is_empty(), "{id}");
    for series in samples.keys() {
        for (label, value) in &series.1 {
            let plain = value.len() <= 40 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.+".contains(&b));
            assert!(plain, "{label} of {} may hold anything: {value}", series.0);
            assert!(value.parse::<std::net::IpAddr>().is_err(), "{label} of {} is an address", series.0);
        }
    }
    for word in ids.iter().map(String::as_str).chain(["ada", "erika", "127.0.0.1", "fernamt.localhost"]) {
        let said = samples.keys().any(|(name, labels)| {
            name.split('_').any(|part| part == word) || labels.values().any(|value| value.contains(word))
        });
        assert!(!said, "the metrics speak of {word}:\n{text}");
    }

    assert_eq!(get(port, "/").status, 404, "nothing else is served there");
    assert_eq!(get(port, "/api/v1/session").status, 404);
    for host in [server.office.host(), "127.0.0.1".to_owned(), format!("app.{}", server.office.host())] {
        let elsewhere = http::request(server.office.address(), "GET", "/metrics", &[("Host", &host)], b"").unwrap();
        assert!(!String::from_utf8_lossy(&elsewhere.body).contains("# TYPE"), "{host} serves metrics");
        assert!(elsewhere.status >= 300, "{host}: {}", elsewhere.status);
    }
}

#[test]
fn without_the_section_no_metrics_are_served() {
    let server = Server::start("");
    let host = server.office.host();
    assert_eq!(http::request(server.office.address(), "GET", "/metrics", &[("Host", &host)], b"").unwrap().status, 404);
}

fn get(port: u16, path: &str) -> Answer {
    http::request(local(port), "GET", path, &[("Host", &format!("127.0.0.1:{port}"))], b"").unwrap()
}

fn strings(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::String(text) => vec![text.clone()],
        serde_json::Value::Array(items) => items.iter().flat_map(strings).collect(),
        serde_json::Value::Object(map) => map.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}
