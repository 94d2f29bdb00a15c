//! "My PC at work": what a person sets up for themselves, from the decision to its end.

use fernamt_testkit::{peers::free_port, person::Person};
use serde_json::{Value, json};

use crate::support::{Server, granted};

const OWN: &str = "/api/v1/me/own-targets";
const DECISION: &str = "/api/v1/admin/own-targets/decision";

struct House {
    server: Server,
    ada: Person,
    /// The port that the configuration lets targets on this machine have.
    port: u16,
}

impl House {
    fn open() -> Self {
        let (ssh, port) = (free_port().unwrap(), free_port().unwrap());
        let server = Server::start(&format!(
            "[ssh]\nzone = \"internet\"\naddress = \"127.0.0.1:{ssh}\"\n\n[targets]\nallow_loopback_ports = [{port}]\n"
        ));
        let ada = server.ada();
        Self { server, ada, port }
    }

    fn decide(&self, enabled: bool, networks: &[&str]) {
        let version = granted(&self.ada.get(DECISION).unwrap())["version"].clone();
        let wanted =
            json!({ "version": version, "enabled": enabled, "networks": networks, "reason": "Beschluss vom Montag" });
        granted(&self.ada.put(DECISION, &wanted).unwrap());
    }

    fn pc(&self, name: &str) -> Value {
        json!({ "name": name, "kind": "ssh", "host": "127.0.0.1", "port": self.port })
    }
}

fn refusal(answer: &fernamt_testkit::http::Answer) -> (u16, String, String) {
    let said: Value = answer.json().unwrap();
    let field = said["fields"][0]["code"].as_str().unwrap_or_default().to_owned();
    (answer.status, said["code"].as_str().unwrap_or_default().to_owned(), field)
}

fn names(person: &Person) -> Vec<String> {
    let seen = granted(&person.get("/api/v1/me/targets").unwrap());
    seen["targets"].as_array().unwrap().iter().map(|target| target["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_person_reaches_their_own_pc_and_nobody_elses() {
    let house = House::open();
    let erika = house.server.signed_in("erika", "Kastanie-Regen-42", None);
    let max = house.server.signed_in("max", "Kastanie-Regen-43", None);
    let off = refusal(&erika.post(OWN, &house.pc("Mein PC")).unwrap());
    assert_eq!((off.0, off.1.as_str()), (403, "own_targets_off"));
    assert_eq!(granted(&erika.get(OWN).unwrap())["enabled"], false);

    house.decide(true, &["127.0.0.1", "192.0.2.0/24"]);
    let pc = granted(&erika.post(OWN, &house.pc("Mein PC")).unwrap());
    assert_eq!((&pc["host"], &pc["kind"]), (&json!("127.0.0.1"), &json!("ssh")));
    granted(&max.post(OWN, &house.pc("Mein PC")).unwrap());
    let id = pc["id"].as_str().unwrap();
    assert_eq!((names(&erika), names(&max).len()), (vec!["Mein PC".to_owned()], 1));
    let open = format!("/api/v1/me/targets/{id}/open");
    assert_eq!(granted(&erika.post(&open, &json!({})).unwrap())["kind"], "tunnel");
    assert_eq!(refusal(&max.post(&open, &json!({})).unwrap()).1, "not_allowed");
    assert_eq!(refusal(&house.ada.post(&open, &json!({})).unwrap()).1, "not_allowed", "nor an administrator");
    let path = format!("{OWN}/{id}");
    assert_eq!(refusal(&max.delete(&path).unwrap()).0, 404);

    let with = |host: &str, port: u16| json!({ "name": "Anderer PC", "kind": "rdp", "host": host, "port": port });
    for (wanted, code) in [
        (with("198.51.100.7", 3389), "outside_networks"),
        (with("127.0.0.1", 1), "outside_networks"),
        (with("a b", 3389), "invalid"),
        (with("192.0.2.7", 0), "invalid"),
        (house.pc("Mein PC"), "taken"),
    ] {
        let refused = refusal(&erika.post(OWN, &wanted).unwrap());
        assert_eq!((refused.0, refused.2.as_str()), (422, code), "{wanted}");
    }
    for number in 2..=5 {
        granted(
            &erika.post(OWN, &json!({ "name": format!("PC {number}"), "kind": "rdp", "host": "192.0.2.7" })).unwrap(),
        );
    }
    assert_eq!(refusal(&erika.post(OWN, &house.pc("PC 6")).unwrap()).1, "too_many_own_targets");

    let mut change = pc.clone();
    change["name"] = json!("Büro");
    let changed = granted(&erika.put(&path, &change).unwrap());
    assert_eq!(changed["name"], "Büro");
    assert_eq!(refusal(&erika.put(&path, &change).unwrap()).1, "outdated");

    house.decide(false, &[]);
    assert!(names(&erika).is_empty(), "what was decided back cannot be opened");
    assert_eq!(granted(&erika.get(OWN).unwrap())["targets"].as_array().unwrap().len(), 5);
    assert_eq!(refusal(&erika.post(&open, &json!({})).unwrap()).1, "not_allowed");
    granted(&erika.delete(&path).unwrap());
    let actions: Vec<_> = house.server.audited().into_iter().map(|entry| entry["action"].clone()).collect();
    for action in ["own_targets_allowed", "own_target_created", "own_target_changed", "own_target_removed"] {
        assert!(actions.contains(&json!(action)), "{action}");
    }
}
