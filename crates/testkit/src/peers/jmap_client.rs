//! JMAP clients that nobody here wrote, driven line by line: PyPI's `jmapc`, npm's `jmap-jam`, and any other that
//! speaks as their drivers do.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::{node, venv};

/// The client and what it needs, by version and hash.
const REQUIREMENTS: &str = include_str!("jmap_client.txt");
const DRIVER: &str = include_str!("jmap_client.py");
/// The other client, its lock file, and its driver.
const JAM: [&str; 3] =
    [include_str!("jmap_jam.package.json"), include_str!("jmap_jam.lock.json"), include_str!("jmap_jam.mjs")];

/// A mail program in a process of its own.
#[derive(Debug)]
pub struct JmapClient {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl JmapClient {
    /// Opens the accounts of whoever the session's cookies belong to.
    pub fn open(server: SocketAddr, host: &str, cookie: &str) -> Result<Self> {
        Self::jmapc(&json!({ "host": host, "address": server.to_string(), "cookie": cookie }))
    }

    /// `jmapc` as the program that holds a token.
    pub fn jmapc_with(server: SocketAddr, host: &str, token: &str) -> Result<Self> {
        Self::jmapc(&json!({ "host": host, "address": server.to_string(), "token": token }))
    }

    fn jmapc(opening: &Value) -> Result<Self> {
        let mut command = Command::new(venv::python("jmap-client", REQUIREMENTS)?);
        command.args(["-u", "-c", DRIVER]);
        Self::driven(command, opening)
    }

    /// `jmap-jam` as the program that holds a token. The server stands on the loopback, whatever its name.
    pub fn jam_with(host: &str, token: &str) -> Result<Self> {
        let [package, lock, driver] = JAM;
        let mut command = Command::new("node");
        command.args(["--input-type=module", "--eval", driver]);
        command.current_dir(node::packages("jmap-jam", package, lock)?);
        Self::driven(command, &json!({ "host": host, "token": token }))
    }

    /// A client that a command runs, opened with these words. What it prints besides answers is passed over.
    pub fn driven(mut command: Command, opening: &Value) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().with_context(|| format!("run {command:?}"))?;
        let input = child.stdin.take().context("the driver has an input")?;
        let output = BufReader::new(child.stdout.take().context("the driver has an output")?);
        let mut client = Self { child, input, output };
        let mut open = opening.clone();
        open["do"] = "open".into();
        client.ask(&open)?;
        Ok(client)
    }

    /// Tells the client what to do, and waits for its answer.
    pub fn ask(&mut self, command: &Value) -> Result<Value> {
        writeln!(self.input, "{command}")?;
        let mut said: Value = loop {
            let mut line = String::new();
            ensure!(self.output.read_line(&mut line)? > 0, "the client ended at {command}");
            if line.starts_with('{') {
                break serde_json::from_str(&line).with_context(|| format!("the client says {line:?}"))?;
            }
        };
        match said.get("fault") {
            Some(fault) => bail!("{command}: {fault}"),
            None => Ok(said["answer"].take()),
        }
    }
}

impl Drop for JmapClient {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
