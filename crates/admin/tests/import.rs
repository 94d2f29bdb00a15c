//! Targets in bulk: preview, apply, undo, export.

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::house::{Client, House};

const IMPORT: &str = "/api/v1/admin/targets/import";
const TARGETS: &str = "/api/v1/admin/targets";

async fn import(client: &Client, csv: &[u8], preview: bool) -> Value {
    let reply = client.post(IMPORT, json!({ "csv_base64": BASE64.encode(csv), "preview": preview })).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.body
}

async fn targets(client: &Client) -> Vec<Value> {
    client.get(TARGETS).await.body["items"].as_array().unwrap().clone()
}

async fn undo(client: &Client, import: &Value) -> crate::house::Reply {
    client.post(&format!("{IMPORT}/{}/undo", import["id"].as_str().unwrap()), json!({})).await
}

fn actions(result: &Value) -> Vec<(&str, &str)> {
    let rows = result["rows"].as_array().unwrap().iter();
    rows.map(|row| (row["name"].as_str().unwrap(), row["action"].as_str().unwrap())).collect()
}

const TABLE: &str = "Name;Art;Rechner;Port;Beschreibung;Bündel;Zwischenablage\n\
    Bauakte;rdp;ts1.amt.test;;Straßenbau;Bauamt|Leitung;ja\n\
    files;ssh;nas.amt.test;22;neu;;\n";

#[tokio::test]
async fn a_row_that_leads_to_the_server_itself_is_named() {
    let (_house, client) = House::with_administrator().await;
    let table = "Name;Art;Rechner;Port\nA;ssh;127.0.0.1;22\nB;tcp;localhost;8080\nC;tcp;::1;9\n";
    for preview in [true, false] {
        let result = import(&client, table.as_bytes(), preview).await;
        let faults = result["faults"].as_array().unwrap().iter();
        let faults: Vec<_> = faults.map(|fault| (&fault["line"], &fault["column"], &fault["code"])).collect();
        let (host, code) = (json!("host"), json!("this_server"));
        assert_eq!(faults, [(&json!(2), &host, &code), (&json!(4), &host, &code)], "{result}");
    }
    assert!(targets(&client).await.is_empty());
}

#[tokio::test]
async fn a_table_is_previewed_applied_and_undone() {
    let (house, client) = House::with_administrator().await;
    house.target(&client, "files").await;
    let before = targets(&client).await;
    let preview = import(&client, TABLE.as_bytes(), true).await;
    assert_eq!(actions(&preview), [("Bauakte", "create"), ("files", "change")]);
    assert_eq!((&preview["id"], &preview["rows"][0]["bundle"]), (&json!(null), &json!("Bauamt, Leitung")));
    assert_eq!(targets(&client).await, before, "a preview changes nothing");

    let applied = import(&client, TABLE.as_bytes(), false).await;
    let after = targets(&client).await;
    assert_eq!((after.len(), &after[0]["port"], &after[0]["settings"]["clipboard"]), (2, &json!(3389), &json!(true)));
    assert_eq!((&after[1]["description"], &after[1]["host"]), (&json!("neu"), &json!("nas.amt.test")));
    assert_eq!(after[0]["bundles"].as_array().unwrap().len(), 2);
    let again = import(&client, TABLE.as_bytes(), false).await;
    assert_eq!((&again["id"], actions(&again)), (&json!(null), vec![("Bauakte", "unchanged"), ("files", "unchanged")]));

    let past = client.get(&format!("{TARGETS}/imports")).await.body;
    assert_eq!(
        (&past[0]["id"], past.as_array().unwrap().len()),
        (&applied["id"], 1),
        "what changed nothing is no import"
    );
    assert_eq!((&past[0]["created"], &past[0]["changed"], &past[0]["undone_at"]), (&json!(1), &json!(1), &json!(null)));
    assert_eq!(past[0]["by"], json!({ "id": client.person, "display_name": "chief of the office" }));

    let undone = undo(&client, &applied).await;
    assert_eq!(undone.body, json!({ "restored": 2, "kept": [] }));
    let past = client.get(&format!("{TARGETS}/imports")).await.body;
    assert!(past[0]["undone_at"].is_string(), "{past}");
    assert_eq!(targets(&client).await, before);
    assert_eq!(client.get("/api/v1/admin/bundles").await.body["total"], 0, "bundles made by the import are gone");
    assert_eq!(undo(&client, &applied).await.code(), "undone_already");
    let actions = house.actions().await;
    assert!(actions.ends_with(&["targets_imported".into(), "import_undone".into()]), "{actions:?}");
}

#[tokio::test]
async fn undo_leaves_alone_what_somebody_changed_since() {
    let (house, client) = House::with_administrator().await;
    house.target(&client, "files").await;
    let applied = import(&client, TABLE.as_bytes(), false).await;
    let mut changed = targets(&client).await[1].clone();
    changed["description"] = json!("von Hand");
    let path = format!("{TARGETS}/{}", changed["id"].as_str().unwrap());
    assert_eq!(client.put(&path, changed).await.status, 200);
    assert_eq!(undo(&client, &applied).await.body, json!({ "restored": 1, "kept": ["files"] }));
    let left = targets(&client).await;
    assert_eq!((left.len(), &left[0]["description"]), (1, &json!("von Hand")));
}

#[tokio::test]
async fn nothing_is_applied_until_all_rows_are_right() {
    let (house, client) = House::with_administrator().await;
    house.target(&client, "files").await;
    let table = "name;kind;host;port;label\n\
        good;ssh;a.amt.test;22;\n\
        bad;fax;b.amt.test;;\n\
        ;ssh;c.amt.test;22;\n\
        web1;web;d.amt.test;80;app\n\
        web2;web;e.amt.test;80;app\n";
    let result = import(&client, table.as_bytes(), false).await;
    assert_eq!((&result["id"], &result["rows"]), (&json!(null), &json!([])));
    let faults: Vec<_> = result["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| {
            (fault["line"].as_u64().unwrap(), fault["column"].as_str().unwrap(), fault["code"].as_str().unwrap())
        })
        .collect();
    assert_eq!(faults, [(4, "name", "required")], "first what makes rows unreadable");
    let table = table.replace("\n;ssh", "\nnamed;ssh");
    let result = import(&client, table.as_bytes(), false).await;
    let codes: Vec<_> =
        result["faults"].as_array().unwrap().iter().map(|fault| (&fault["line"], &fault["code"])).collect();
    assert_eq!(codes, [(&json!(3), &json!("invalid")), (&json!(3), &json!("invalid"))], "kind and port");
    let table = table.replace("fax;b.amt.test;", "ssh;b.amt.test;22");
    let result = import(&client, table.as_bytes(), false).await;
    assert_eq!((&result["faults"][0]["line"], &result["faults"][0]["code"]), (&json!(6), &json!("taken")));
    assert_eq!(targets(&client).await.len(), 1);
}

#[tokio::test]
async fn excel_in_germany_writes_windows_1252() {
    let (_house, client) = House::with_administrator().await;
    let table = b"Name;Art;Rechner;B\xFCndel\nStra\xDFe;ssh;a.amt.test;\xC4mter\n";
    import(&client, table, false).await;
    assert_eq!(targets(&client).await[0]["name"], "Straße");
    assert_eq!(client.get("/api/v1/admin/bundles").await.body["items"][0]["name"], "Ämter");
    let utf16 = import(&client, b"\xFF\xFEN\0a\0m\0e\0", true).await;
    assert_eq!(utf16["faults"][0]["code"], "encoding");
}

#[tokio::test]
async fn what_is_exported_imports_as_unchanged() {
    let (_house, client) = House::with_administrator().await;
    let table = "name;kind;host;port;label;tls;description;bundle\n\
        GIS;web;gis.amt.test;443;gis;yes;=cmd;A|B\n\
        SSH;ssh;10.0.0.1;22;;;\"a; \"\"b\"\"\";\n";
    import(&client, table.as_bytes(), false).await;
    let exported = client.get("/api/v1/admin/targets/export").await;
    assert!(exported.text.starts_with("\u{feff}name;kind;host;"), "{}", exported.text);
    assert!(exported.text.contains(";'=cmd;"), "no spreadsheet runs it: {}", exported.text);
    let again = import(&client, exported.text.as_bytes(), false).await;
    assert_eq!(actions(&again), [("GIS", "unchanged"), ("SSH", "unchanged")]);
}

#[tokio::test]
async fn two_hundred_applications_are_one_import() {
    let (house, client) = House::with_administrator().await;
    let rows: Vec<_> = (0..200).map(|n| format!("app{n};web;app{n}.amt.test;443;app{n};Fachverfahren")).collect();
    let table = format!("name;kind;host;port;label;bundle\n{}", rows.join("\n"));
    let applied = import(&client, table.as_bytes(), false).await;
    assert_eq!(house.tenant.targets().count().await.unwrap(), 200);
    let bundle = client.get("/api/v1/admin/bundles").await.body;
    assert_eq!(bundle["items"][0]["targets"].as_array().unwrap().len(), 200);
    assert_eq!(undo(&client, &applied).await.body["restored"], 200);
    assert_eq!(house.tenant.targets().count().await.unwrap(), 0);
}

#[tokio::test]
async fn names_that_deceive_are_faults_of_their_rows() {
    let (_house, client) = House::with_administrator().await;
    let long = "x".repeat(101);
    let table = format!(
        "name;kind;host;port;bundle\nBau\u{202e}akte;ssh;a.amt.test;22;\n{long};ssh;b.amt.test;22;\nc;ssh;c.amt.test;22;A|B\u{200b}\n"
    );
    let result = import(&client, table.as_bytes(), false).await;
    let faults: Vec<_> = result["faults"].as_array().unwrap().iter().collect();
    let fault = |line: u32, column: &str, code: &str, params: Value| (json!(line), json!(column), json!(code), params);
    let found: Vec<_> = faults
        .iter()
        .map(|fault| (fault["line"].clone(), fault["column"].clone(), fault["code"].clone(), fault["params"].clone()))
        .collect();
    assert_eq!(
        found,
        [
            fault(2, "name", "bidi_character", json!({ "position": "4", "character": "U+202E" })),
            fault(3, "name", "too_long", json!({ "chars": "101", "most": "100" })),
            fault(4, "bundle", "invisible_character", json!({ "position": "2", "character": "U+200B" })),
        ]
    );
    assert!(targets(&client).await.is_empty());
}
