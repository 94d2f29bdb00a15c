//! Sticks from the command line and from the web, with programs from the configuration.

use std::fs;

use fernamt_testkit::peers::free_port;
use serde_json::{Value, json};

use crate::support::{Server, granted};

/// What stands for the program; long enough that a web server would compress it.
const PROGRAM: &[u8] = &[7; 300_000];

struct Shop {
    server: Server,
    folder: tempfile::TempDir,
    port: u16,
}

impl Shop {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port().unwrap();
        let programs = folder.path().join("programs");
        let sections = format!(
            "[ssh]\nzone = \"internet\"\naddress = \"127.0.0.1:{port}\"\n\n[stick]\nprograms = \"{}\"\n",
            programs.display()
        );
        Self { server: Server::start(&sections), folder, port }
    }

    fn stock(&self) {
        let programs = self.folder.path().join("programs");
        fs::create_dir(&programs).unwrap();
        fs::write(programs.join("fernamt-stick"), PROGRAM).unwrap();
    }

    fn run(&self, words: &[&str]) -> Result<String, String> {
        let words: Vec<_> = ["stick"].iter().chain(words).copied().collect();
        self.server.office.run(&words, "").map_err(|error| error.to_string())
    }
}

#[test]
fn a_stick_is_made_on_the_command_line_and_taken_back() {
    let shop = Shop::open();
    let ada = shop.server.ada();
    let out = shop.folder.path().join("out");
    let out_word = out.to_str().unwrap();
    let missing = shop.run(&["create", "--person", "ada", "--out", out_word]).unwrap_err();
    assert!(missing.contains("programs") && missing.contains("fernamt-stick.exe"), "{missing}");
    shop.stock();
    let unknown = shop.run(&["create", "--person", "bert", "--out", out_word]).unwrap_err();
    assert!(unknown.contains("fernamt user list"), "{unknown}");
    assert!(shop.run(&["create", "--out", out_word]).is_err(), "for whom?");

    let said = shop.run(&["create", "--person", "ada", "--out", out_word]).unwrap();
    let line = said.lines().next().unwrap();
    let id = line.split('\t').nth(1).unwrap();
    assert!(line.starts_with("ada\t") && line.contains("activation code "), "{said}");
    assert!(fs::read(out.join("stick-ada.zip")).unwrap().len() > PROGRAM.len());
    let again = shop.run(&["create", "--person", "ada", "--out", out_word]).unwrap_err();
    assert!(again.contains("stick-ada.zip"), "nothing is written over: {again}");
    let elsewhere = shop.folder.path().join("elsewhere");
    let none = shop.run(&["create", "--person", "ada", "--out", elsewhere.to_str().unwrap()]).unwrap();
    assert!(none.contains("has one already") && !elsewhere.join("stick-ada.zip").exists(), "{none}");

    assert!(shop.run(&["list"]).unwrap().contains(&format!("{id}\tada\tStick\tordered\tnever used")));
    let shown = granted(&ada.get(&format!("/api/v1/admin/sticks/{id}")).unwrap());
    assert_eq!(shown["state"], "ordered");
    let code =
        |said: &str| said.split("activation code ").nth(1).and_then(|rest| rest.split(',').next()).map(str::to_owned);
    let (by_name, by_id) = (shop.run(&["code", "--person", "ada"]).unwrap(), shop.run(&["code", id]).unwrap());
    assert!(by_name.starts_with(id) && by_id.starts_with(id), "{by_name}{by_id}");
    let codes = std::collections::BTreeSet::from([code(&said), code(&by_name), code(&by_id)]);
    assert!(codes.len() == 3 && !codes.contains(&None), "each is a new one");
    assert!(shop.run(&["code"]).is_err(), "for which?");
    let unknown = shop.run(&["code", "--person", "bert"]).unwrap_err();
    assert!(unknown.contains("fernamt user list"), "{unknown}");
    shop.run(&["create", "--person", "ada", "--additional", "--out", elsewhere.to_str().unwrap()]).unwrap();
    let which = shop.run(&["code", "--person", "ada"]).unwrap_err();
    assert!(which.contains(id) && which.contains(" or "), "{which}");

    shop.run(&["lost", id]).unwrap();
    assert!(shop.run(&["code", id]).unwrap_err().contains("blocked for good"));
    assert!(shop.run(&["list"]).unwrap().contains("\tlost\t"));
    assert_eq!(granted(&ada.get(&format!("/api/v1/admin/sticks/{id}")).unwrap())["revoked_as"], "lost");
    let nobodys = shop.run(&["end", "00000000-0000-7000-8000-000000000000"]).unwrap_err();
    assert!(nobodys.contains("fernamt stick list"), "{nobodys}");
    let actions: Vec<_> = shop.server.audited().into_iter().map(|entry| entry["action"].clone()).collect();
    assert!(
        actions.contains(&json!("stick_ordered"))
            && actions.contains(&json!("stick_code_made"))
            && actions.contains(&json!("stick_lost"))
    );
}

#[test]
fn a_package_comes_over_the_web_as_it_lies_on_the_disk() {
    let shop = Shop::open();
    let ada = shop.server.ada();
    let me = granted(&ada.get("/api/v1/session").unwrap())["person"]["id"].clone();
    let made = granted(&ada.post("/api/v1/admin/sticks", &json!({ "people": [me] })).unwrap());
    let id = made["sticks"][0]["stick"]["id"].as_str().unwrap();
    let package = format!("/api/v1/admin/sticks/{id}/package");
    let refused: Value = ada.get(&package).unwrap().json().unwrap();
    assert_eq!(refused["code"], "stick_programs_missing");
    shop.stock();
    let delivery = granted(&ada.get("/api/v1/admin/sticks/delivery").unwrap());
    let host = shop.server.office.host();
    let name = host.split(':').next().unwrap();
    assert_eq!(delivery["ssh"], json!(format!("{name}:{}", shop.port)));
    assert_eq!(delivery["websocket"], json!(format!("ws://{host}")));
    let answer = ada.get(&package).unwrap();
    assert_eq!((answer.status, answer.headers["content-type"].as_str()), (200, "application/zip"));
    assert_eq!(answer.headers["content-length"], answer.body.len().to_string());
    assert!(!answer.headers.contains_key("content-encoding"));
    assert!(answer.body.windows(PROGRAM.len()).any(|window| window == PROGRAM), "the program, byte for byte");
    assert!(answer.body.starts_with(b"PK"));
    let twice = granted(&ada.post("/api/v1/admin/sticks", &json!({ "people": [me] })).unwrap());
    assert_eq!(twice["left_out"][0]["reason"], "has_stick");
}
