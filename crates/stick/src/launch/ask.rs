//! Name and password for a program that can only ask on a terminal: asked in a small window of our own, which is this
//! program once more, and handed on through a pipe. Nothing is kept.

use std::{path::PathBuf, process::Stdio};

use fernamt_domain::Secret;
use serde::Deserialize;
use tokio::{io::AsyncReadExt, process::Command};

/// The command of this program that asks.
pub const ASK_COMMAND: &str = "ask-sign-on";
/// The longest answer.
pub(crate) const MAX_ANSWER_BYTES: u64 = 4096;

/// Whom to ask for what.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// This program.
    pub(crate) program: PathBuf,
    /// The target's name.
    pub(crate) target: String,
    /// The name to begin with.
    pub(crate) person: String,
    /// `de` or `en`.
    pub(crate) language: String,
}

/// Name and password, as the small window writes them.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    /// The name.
    pub(crate) name: String,
    /// The password.
    pub(crate) password: Secret<String>,
}

impl Question {
    /// Asks. `None` when the person thought better of it.
    pub(crate) async fn put(&self) -> Option<Answer> {
        let mut child = Command::new(&self.program)
            .arg(ASK_COMMAND)
            .args(["--target", &self.target, "--person", &self.person, "--language", &self.language])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .ok()?;
        let mut text = zeroize::Zeroizing::new(String::new());
        child.stdout.take()?.take(MAX_ANSWER_BYTES).read_to_string(&mut text).await.ok()?;
        let done = child.wait().await.ok()?.success();
        let answer: Answer = serde_json::from_str(&text).ok()?;
        let one_line = |text: &str| !text.contains(char::is_control);
        (done && one_line(&answer.name) && one_line(answer.password.expose())).then_some(answer)
    }
}
