//! Where secrets come from: the terminal, without echo; or standard input and open files, for scripts.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    thread,
};

use fernamt_domain::Secret;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::passphrase::MAX_BYTES;

/// A secret that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wanted {
    Passphrase,
    NewPassphrase,
    Code,
    ActivationCode,
    ProxyUser,
    ProxyPassword,
}

/// Why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoSecret {
    /// There is no terminal.
    NoTerminal,
    /// There was no line, or not one that can be a secret.
    NoLine,
    /// Ctrl+C.
    Wish,
}

/// Where secrets come from.
#[derive(Debug)]
pub(super) struct Secrets {
    stdin: bool,
    passphrase_fd: Option<u32>,
    asked: BTreeMap<Wanted, u32>,
}

impl Secrets {
    pub(super) fn new(stdin: bool, passphrase_fd: Option<u32>) -> Self {
        Self { stdin, passphrase_fd, asked: BTreeMap::new() }
    }

    /// Whether somebody sits there who can try again.
    pub(super) fn is_somebody_there(&self, wanted: Wanted) -> bool {
        !self.stdin && (self.passphrase_fd.is_none() || !is_passphrase(wanted))
    }

    /// How often a secret has been asked for.
    pub(super) fn times_asked(&self, wanted: Wanted) -> u32 {
        self.asked.get(&wanted).copied().unwrap_or(0)
    }

    pub(super) async fn ask(&mut self, wanted: Wanted, prompt: &str) -> Result<Secret<String>, NoSecret> {
        *self.asked.entry(wanted).or_default() += 1;
        match self.passphrase_fd.filter(|_| is_passphrase(wanted)) {
            #[cfg(unix)]
            Some(number) => on_a_thread(move || line(std::fs::File::open(format!("/dev/fd/{number}")).ok()?)).await,
            #[cfg(not(unix))]
            Some(_) => Err(NoSecret::NoLine),
            None if self.stdin => on_a_thread(|| line(Input)).await,
            None => on_the_terminal(prompt).await,
        }
    }
}

fn is_passphrase(wanted: Wanted) -> bool {
    matches!(wanted, Wanted::Passphrase | Wanted::NewPassphrase)
}

/// Reading blocks, perhaps for ever, so it has a thread of its own that nobody waits for.
async fn on_a_thread(
    read: impl FnOnce() -> Option<Secret<String>> + Send + 'static,
) -> Result<Secret<String>, NoSecret> {
    let (send, receive) = oneshot::channel();
    thread::spawn(move || send.send(read()));
    receive.await.ok().flatten().ok_or(NoSecret::NoLine)
}

async fn on_the_terminal(prompt: &str) -> Result<Secret<String>, NoSecret> {
    #[cfg(unix)]
    let _echo = Echo::remember().ok_or(NoSecret::NoTerminal)?;
    let (prompt, (send, receive)) = (prompt.to_owned(), oneshot::channel());
    thread::spawn(move || send.send(rpassword::prompt_password(prompt).map(Secret::new)));
    match receive.await {
        Ok(Ok(secret)) if secret.expose().len() <= MAX_BYTES => Ok(secret),
        Ok(Ok(_)) => Err(NoSecret::NoLine),
        Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => Err(NoSecret::Wish),
        Ok(Err(_)) | Err(_) => Err(NoSecret::NoTerminal),
    }
}

/// Reads one line, byte by byte: what comes after it belongs to others.
fn line(mut from: impl Read) -> Option<Secret<String>> {
    // Room from the start: growing would leave a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES + 2));
    let mut byte = [0];
    loop {
        match from.read(&mut byte) {
            Ok(1) if byte == *b"\n" => break,
            Ok(1) if bytes.len() <= MAX_BYTES => bytes.extend_from_slice(&byte),
            Ok(0) if !bytes.is_empty() => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            _ => return None,
        }
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    let text = std::str::from_utf8(&bytes).ok()?;
    (bytes.len() <= MAX_BYTES).then(|| Secret::from(text))
}

/// Standard input, without a buffer that would take too much and keep it.
struct Input;

impl Read for Input {
    #[cfg(unix)]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(rustix::stdio::stdin(), buffer)?)
    }

    #[cfg(not(unix))]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        io::stdin().lock().read(buffer)
    }
}

/// Gives the terminal its echo back, even where the asking is given up.
#[cfg(unix)]
struct Echo {
    terminal: std::fs::File,
    before: rustix::termios::Termios,
}

#[cfg(unix)]
impl Echo {
    fn remember() -> Option<Self> {
        let terminal = std::fs::File::open("/dev/tty").ok()?;
        let before = rustix::termios::tcgetattr(&terminal).ok()?;
        Some(Self { terminal, before })
    }
}

#[cfg(unix)]
impl Drop for Echo {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        // A terminal that has gone needs no echo.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> (Vec<Option<String>>, usize) {
        let mut rest = text;
        let found = [line(&mut rest), line(&mut rest)].map(|found| found.map(|secret| secret.expose().clone()));
        (found.to_vec(), rest.len())
    }

    #[test]
    fn a_secret_is_a_line_and_no_byte_more() {
        let both = |first: &str, second: &str| vec![Some(first.to_owned()), Some(second.to_owned())];
        assert_eq!(lines(b"Kastanie Regen\n123456\nrest"), (both("Kastanie Regen", "123456"), 4));
        assert_eq!(lines(b" a b \r\n123456"), (both(" a b ", "123456"), 0));
        assert_eq!(lines(b"one"), (vec![Some("one".to_owned()), None], 0));
        assert_eq!(lines(b""), (vec![None, None], 0));
        assert_eq!(lines(b"\xff\n"), (vec![None, None], 0));
    }

    #[test]
    fn a_line_has_an_end() {
        let text = |length: usize| "x".repeat(length) + "\n";
        assert!(line(text(MAX_BYTES).as_bytes()).is_some());
        assert!(line(text(MAX_BYTES + 1).as_bytes()).is_none());
        assert!(line(io::repeat(b'x')).is_none());
    }
}
