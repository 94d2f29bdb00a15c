//! A JMAP client that nobody here wrote: PyPI's `jmapc`, driven line by line.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::venv;

/// The client and what it needs, by version and hash.
const REQUIREMENTS: &str = include_str!("jmap_client.txt");
const DRIVER: &str = include_str!("jmap_client.py");

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
        let mut command = Command::new(venv::python("jmap-client", REQUIREMENTS)?);
        command.args(["-u", "-c", DRIVER]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().context("run Python")?;
        let input = child.stdin.take().context("the driver has an input")?;
        let output = BufReader::new(child.stdout.take().context("the driver has an output")?);
        let mut client = Self { child, input, output };
        client.ask(&json!({ "do": "open", "host": host, "address": server.to_string(), "cookie": cookie }))?;
        Ok(client)
    }

    /// Tells the client what to do, and waits for its answer.
    pub fn ask(&mut self, command: &Value) -> Result<Value> {
        writeln!(self.input, "{command}")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let mut said: Value = serde_json::from_str(&line).with_context(|| format!("the client says {line:?}"))?;
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
