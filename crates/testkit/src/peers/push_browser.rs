//! A browser's side of Web Push that nobody here wrote: npm's `http_ece` reads what came (RFC 8291), Node's own crypto checks
//! who sent it (RFC 8292).

use std::process::Command;

use anyhow::{Context as _, Result};
use data_encoding::BASE64;
use serde_json::{Value, json};

use super::{JmapClient, node};

/// The library, its lock file, and its driver.
const PARTS: [&str; 3] = [
    include_str!("push_browser.package.json"),
    include_str!("push_browser.lock.json"),
    include_str!("push_browser.mjs"),
];

/// A browser with keys of its own.
#[derive(Debug)]
pub struct PushBrowser(JmapClient);

impl PushBrowser {
    /// A browser that was just opened.
    pub fn start() -> Result<Self> {
        let [package, lock, driver] = PARTS;
        let mut command = Command::new("node");
        command.args(["--input-type=module", "--eval", driver]);
        command.current_dir(node::packages("push-browser", package, lock)?);
        Ok(Self(JmapClient::driven(command, &json!({}))?))
    }

    /// Its public key and its secret, as it tells them to servers.
    pub fn keys(&mut self) -> Result<[String; 2]> {
        let said = self.0.ask(&json!({ "do": "keys" }))?;
        let key = |name: &str| said[name].as_str().map(str::to_owned).context("the browser tells its keys");
        Ok([key("p256dh")?, key("auth")?])
    }

    /// What a message says.
    pub fn read(&mut self, body: &[u8]) -> Result<Value> {
        let said = self.0.ask(&json!({ "do": "read", "body": BASE64.encode(body) }))?;
        serde_json::from_str(said.as_str().context("a message is a text")?).context("a message is JSON")
    }

    /// Who sent a message by its field `Authorization`: whether it `isSigned`, its `head`, `claims` and `key`.
    pub fn sender(&mut self, authorization: &str) -> Result<Value> {
        self.0.ask(&json!({ "do": "sender", "authorization": authorization }))
    }
}
