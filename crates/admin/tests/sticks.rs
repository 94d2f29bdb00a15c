//! Sticks: ordered, handed out, taken back.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read as _},
};

use fernamt_api::stick::{Config, Hello, VERSION};
use fernamt_domain::{
    DeviceId, DeviceKind, DeviceState, Method, PersonId, Role, Secret, SessionFacts, SessionId, Situation, Zone,
};
use fernamt_store::StickLineRecord;
use serde_json::{Value, json};
use zip::ZipArchive;

use crate::house::{Client, HOST, House};

const STICKS: &str = "/api/v1/admin/sticks";

async fn order(client: &Client, people: &[PersonId]) -> Value {
    let reply = client.post(STICKS, json!({ "people": people })).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.body
}

/// A new stick of somebody: its path, id and code.
async fn ordered(client: &Client, person: PersonId) -> (String, DeviceId, String) {
    let made = order(client, &[person]).await;
    let id = made["sticks"][0]["stick"]["id"].as_str().unwrap();
    let code = made["sticks"][0]["activation_code"].as_str().unwrap();
    (format!("{STICKS}/{id}"), id.parse().unwrap(), code.to_owned())
}

impl House {
    async fn activate(&self, stick: DeviceId, code: &str, key: u8) -> bool {
        let situation = Situation { zone: Zone("internet".into()), address: [192, 0, 2, 9].into(), at: self.now() };
        let mut blob = Vec::new();
        for field in [&b"ssh-ed25519"[..], &[key; 32]] {
            blob.extend(u32::try_from(field.len()).unwrap().to_be_bytes());
            blob.extend(field);
        }
        let code = Secret::from(code);
        self.identity.activate_stick(&self.tenant, &situation, stick, &code, &blob).await.is_ok()
    }

    async fn hello(&self, person: PersonId, stick: DeviceId, generation: u64) {
        let facts = SessionFacts {
            session: SessionId::new(&self.clock, &*self.rng),
            person,
            device: Some(stick),
            device_kind: DeviceKind::Stick,
            device_state: DeviceState::Approved,
            methods: vec![Method::SshKey, Method::Totp],
        };
        let hello = Hello { version: VERSION, generation, program: "0.1.0".into(), system: "windows".into() };
        self.identity.stick_hello(&self.tenant, &facts, &hello).await.unwrap();
    }

    fn programs(&self) {
        let folder = self.folder.path().join("programs");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("fernamt-stick"), b"\x7fELF").unwrap();
        std::fs::write(folder.join("fernamt-stick.exe"), b"MZ").unwrap();
    }
}

fn unpacked(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..zip.len() {
        let mut file = zip.by_index(index).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        files.insert(file.name().unwrap().into_owned(), bytes);
    }
    files
}

#[tokio::test]
async fn a_group_gets_its_sticks_in_one_step_and_who_is_left_out_is_named() {
    let (house, client) = House::with_administrator().await;
    let (anna, bert, carl) =
        (house.person("anna", &[]).await, house.person("bert", &[]).await, house.person("carl", &[]).await);
    let group = house.group(&client, "Bauamt").await;
    let inner = house.group(&client, "Hochbau").await;
    let set = |group: &Value, people: &[PersonId], groups: &[&Value]| {
        let body = json!({ "version": group["version"], "people": people, "groups": groups });
        (format!("/api/v1/admin/groups/{}/members", group["id"].as_str().unwrap()), body)
    };
    let (path, body) = set(&inner, &[carl], &[]);
    client.put(&path, body).await;
    let (path, body) = set(&group, &[anna, bert], &[&inner["id"]]);
    client.put(&path, body).await;
    order(&client, &[bert]).await;
    client.post(&format!("/api/v1/admin/people/{carl}/disable"), json!({})).await;

    let reply = client.post(STICKS, json!({ "group": group["id"] })).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let made = reply.body["sticks"].as_array().unwrap();
    assert_eq!((made.len(), &made[0]["stick"]["person_name"]), (1, &json!("anna of the office")));
    assert_eq!(made[0]["activation_code"].as_str().unwrap().len(), 19);
    assert_eq!((&made[0]["stick"]["state"], &made[0]["stick"]["fingerprint"]), (&json!("ordered"), &Value::Null));
    assert_eq!(made[0]["stick"]["activation_until"], made[0]["expires_at"]);
    let left = &reply.body["left_out"];
    assert_eq!((&left[0]["reason"], &left[1]["reason"]), (&json!("has_stick"), &json!("disabled")));
    assert_eq!(left[0]["person"]["display_name"], "bert of the office");
    let again = client.post(STICKS, json!({ "people": [bert], "additional": true })).await;
    assert_eq!(again.body["sticks"][0]["stick"]["name"], "Stick 2");
    assert_eq!(client.get(STICKS).await.body["total"], 3);
    assert_eq!(client.get("/api/v1/admin/devices?kind=stick").await.body["total"], 3);
    let waiting = client.get("/api/v1/admin/devices?state=pending").await.body;
    assert_eq!(waiting["total"], 0, "they wait for their people, not for the control desk");
    assert_eq!(client.get("/api/v1/admin/health").await.body["pending_devices"], 0);

    let wrong = client.post(STICKS, json!({})).await;
    assert_eq!(wrong.fields(), [("people", "required")]);
    let both = client.post(STICKS, json!({ "people": [anna], "group": group["id"] })).await;
    assert_eq!(both.fields(), [("group", "contradiction")]);
    let nobody = client.post(STICKS, json!({ "people": [client.session] })).await;
    assert_eq!(nobody.status, 404);
    let many: Vec<_> = (0..1001).map(|_| PersonId::new(&house.clock, &*house.rng)).collect();
    assert_eq!(client.post(STICKS, json!({ "people": many })).await.fields(), [("people", "too_many")]);
}

#[tokio::test]
async fn a_stick_lives_from_its_code_to_its_loss() {
    let (house, client) = House::with_administrator().await;
    let anna = house.person("anna", &[]).await;
    let (path, id, code) = ordered(&client, anna).await;
    let early = client.post(&format!("{path}/resume"), json!({})).await;
    assert_eq!((early.status, early.code()), (409, "stick_not_activated"));
    assert!(house.activate(id, &code, 1).await);
    house.hello(anna, id, 0).await;
    let line = StickLineRecord {
        device: id,
        measured_on: house.now().date(),
        round_trip_ms: 300,
        loss_permille: 30,
        outages: 1,
        transport: "proxy".to_owned(),
    };
    let work = house.tenant.begin().await.unwrap();
    work.sticks().set_line(&line).await.unwrap();
    work.commit().await.unwrap();
    let stick = client.get(&path).await.body;
    assert_eq!(
        (&stick["state"], &stick["program"], &stick["system"]),
        (&json!("approved"), &json!("0.1.0"), &json!("windows"))
    );
    assert_eq!(stick["line"], json!({ "round_trip_ms": 300, "loss_permille": 30, "outages": 1, "transport": "proxy" }));
    assert!(stick["fingerprint"].as_str().unwrap().starts_with("SHA256:"));

    assert_eq!(client.post(&format!("{path}/suspend"), json!({})).await.body["state"], "suspended");
    assert_eq!(client.post(&format!("{path}/resume"), json!({})).await.body["state"], "approved");
    let anew = client.post(&format!("{path}/activation-code"), json!({})).await.body;
    assert_eq!((&anew["stick"]["state"], &anew["stick"]["fingerprint"]), (&json!("ordered"), &Value::Null));
    assert!(!house.activate(id, &code, 2).await, "the first code is used up");
    client.post(&format!("{path}/suspend"), json!({})).await;
    assert!(!house.activate(id, anew["activation_code"].as_str().unwrap(), 2).await, "not while it is suspended");
    assert_eq!(client.post(&format!("{path}/resume"), json!({})).await.body["state"], "ordered");
    assert!(house.activate(id, anew["activation_code"].as_str().unwrap(), 2).await);
    let lost = client.post(&format!("{path}/lost"), json!({})).await.body;
    assert_eq!((&lost["state"], &lost["revoked_as"]), (&json!("revoked"), &json!("lost")));
    for action in ["resume", "suspend", "end", "activation-code"] {
        let reply = client.post(&format!("{path}/{action}"), json!({})).await;
        assert_eq!((reply.status, reply.code()), (409, "revoked"), "{action}");
    }
    let (path, ..) = ordered(&client, anna).await;
    assert_eq!(client.post(&format!("{path}/end"), json!({})).await.body["revoked_as"], "ended");
    let lost = client.post(&format!("{path}/lost"), json!({})).await.body;
    assert_eq!(lost["revoked_as"], "lost", "it may turn out later");
    let expected = [
        "stick_ordered",
        "stick_activated",
        "suspended",
        "approved",
        "stick_code_made",
        "suspended",
        "approved",
        "stick_activated",
        "stick_lost",
        "stick_ordered",
        "revoked",
        "stick_lost",
    ];
    assert_eq!(house.actions().await, expected);
}

#[tokio::test]
async fn a_copy_is_shown_and_only_a_new_code_helps() {
    let (house, client) = House::with_administrator().await;
    let (anna, bert) = (house.person("anna", &[]).await, house.person("bert", &[]).await);
    ordered(&client, anna).await;
    let (path, id, code) = ordered(&client, bert).await;
    assert!(house.activate(id, &code, 1).await);
    for generation in [0, 0, 1] {
        house.hello(bert, id, generation).await;
    }
    let list = client.get(STICKS).await.body;
    assert_eq!((&list["items"][0]["id"], &list["items"][0]["copied"]), (&json!(id), &json!(true)));
    assert_eq!(list["items"][0]["state"], "suspended");
    assert_eq!(client.get(&format!("{STICKS}?copied=true")).await.body["total"], 1);
    let part = async || {
        let parts = client.get("/api/v1/admin/health").await.body["parts"].clone();
        parts.as_array().unwrap().iter().find(|part| part["part"] == "sticks").unwrap().clone()
    };
    let alarm = part().await;
    assert_eq!(
        (&alarm["state"], &alarm["code"], &alarm["params"]["copied"]),
        (&json!("failed"), &json!("stick_copied"), &json!("1"))
    );
    for way in [format!("{path}/resume"), format!("/api/v1/admin/devices/{id}/approve")] {
        let reply = client.post(&way, json!({})).await;
        assert_eq!((reply.status, reply.code()), (409, "stick_copied"));
    }
    let anew = client.post(&format!("{path}/activation-code"), json!({})).await.body;
    assert_eq!(anew["stick"]["copied"], false);
    assert_eq!(part().await["code"], "programs_missing");
    house.programs();
    assert_eq!(part().await["code"], "ok");
}

#[tokio::test]
async fn a_package_is_somebodys_and_holds_no_secret() {
    let (house, client) = House::with_administrator().await;
    let (anna, bert) = (house.person("anna", &[]).await, house.person("bert", &[]).await);
    let (path, id, code) = ordered(&client, anna).await;
    let missing = client.get(&format!("{path}/package")).await;
    assert_eq!((missing.status, missing.code()), (409, "stick_programs_missing"));
    let delivery = client.get(&format!("{STICKS}/delivery")).await.body;
    assert_eq!((&delivery["ready"], &delivery["fault"]), (&json!(false), &json!("programs_missing")));
    assert_eq!(delivery["missing"], json!(["fernamt-stick", "fernamt-stick.exe"]));
    assert_eq!(delivery["folder"], missing.body["params"]["folder"]);

    house.programs();
    let delivery = client.get(&format!("{STICKS}/delivery")).await.body;
    assert_eq!((&delivery["ready"], delivery["programs"].as_array().unwrap().len()), (&json!(true), 2));
    assert_eq!(delivery["missing"], json!([]));
    assert_eq!(
        (&delivery["ssh"], &delivery["websocket"]),
        (&json!(format!("{HOST}:2222")), &json!(format!("wss://{HOST}")))
    );
    let files = unpacked(&client.get(&format!("{path}/package")).await.bytes);
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["LIESMICH.txt", "README.txt", "fernamt-stick", "fernamt-stick.exe", "stick.json"]);
    assert_eq!(files["fernamt-stick.exe"], b"MZ");
    let config: Config = serde_json::from_slice(&files["stick.json"]).unwrap();
    assert_eq!((config.device, config.login.as_str(), config.person.as_str()), (id, "anna@amt", "anna of the office"));
    assert_eq!((config.language.as_str(), config.web.as_str()), ("de", "https://fernamt.example.org"));
    assert_eq!(config.host_keys, ["ssh-ed25519 AAAA"]);
    assert!(!String::from_utf8_lossy(&files["stick.json"]).contains(&code));

    let (_, other, _) = ordered(&client, bert).await;
    let both = client.post(&format!("{STICKS}/packages"), json!({ "sticks": [id, other, id] })).await;
    let files = unpacked(&both.bytes);
    assert_eq!(files.len(), 6, "{:?}", files.keys());
    let config: Config = serde_json::from_slice(&files["stick-bert/stick.json"]).unwrap();
    assert_eq!(config.device, other);
    let none = client.post(&format!("{STICKS}/packages"), json!({ "sticks": [] })).await;
    assert_eq!(none.fields(), [("sticks", "required")]);
    let browser = client.get(&format!("{STICKS}/{}/package", client.device.unwrap())).await;
    assert_eq!(browser.status, 404);
    client.post(&format!("{path}/end"), json!({})).await;
    assert_eq!(client.get(&format!("{path}/package")).await.code(), "revoked");
}

#[tokio::test]
async fn the_control_desk_hands_out_sticks_and_nobody_else_does() {
    let house = House::new().await;
    let anna = house.person("anna", &[]).await;
    let desk = house.person("desk", &[Role::ControlDesk]).await;
    let desk = house.sign_in(desk).await;
    let (path, ..) = ordered(&desk, anna).await;
    assert_eq!(desk.post(&format!("{path}/lost"), json!({})).await.status, 200);
    let dora = house.person("dora", &[Role::DataProtection]).await;
    let dora = house.sign_in(dora).await;
    assert_eq!(dora.get(STICKS).await.status, 403);
    assert_eq!(dora.post(STICKS, json!({ "people": [anna] })).await.status, 403);
    let twin = house.person_of(&house.twin, "chief", &[Role::Administrator]).await;
    let twin = house.sign_in_on(&house.twin, crate::house::TWIN_HOST, twin, None, &[Method::Passkey]).await;
    assert_eq!(twin.get(STICKS).await.body["total"], 0);
    assert_eq!(twin.get(&path).await.status, 404, "another administration's");
}
