//! A peer that is one plain process on the machine's own loopback: no root, no namespace, and yet it ends with the test.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

/// Ends the program when its own input does, which also happens when the test is killed.
const WATCH: &str = r#"
"$@" </dev/null >&2 &
program=$!
echo "$program"
cat >/dev/null
kill -9 "$program"
wait "$program"
"#;

/// How long a program may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// A running program. Dropping it ends the program.
#[derive(Debug)]
pub struct Supervised {
    watch: Child,
    input: Option<ChildStdin>,
    pid: u32,
}

impl Supervised {
    /// Starts `program`; what it says goes to `log`.
    pub fn start<W: AsRef<OsStr>>(program: &Path, words: &[W], log: &Path) -> Result<Self> {
        Self::start_on(None, program, words, log)
    }

    /// Starts `program` on one processor alone, so that benches know what it had.
    pub fn start_on<W: AsRef<OsStr>>(
        processor: Option<usize>,
        program: &Path,
        words: &[W],
        log: &Path,
    ) -> Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", WATCH, "watch"]);
        if let Some(processor) = processor {
            command.args(["taskset", "-c", &processor.to_string()]);
        }
        command.arg(program).args(words);
        let errors = File::create(log).with_context(|| format!("create {}", log.display()))?;
        let mut watch =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors).spawn().context("run sh")?;
        let input = watch.stdin.take();
        let mut line = String::new();
        BufReader::new(watch.stdout.take().context("the watch has an output")?).read_line(&mut line)?;
        let pid = line.trim().parse().context("the watch tells the program's id")?;
        Ok(Self { watch, input, pid })
    }

    /// The program's process id, to count its CPU and memory.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether the program still runs.
    pub fn runs(&self) -> bool {
        // A program that ended stays in the table as a zombie until the watch waits for it.
        let state = fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        state.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
    }

    /// Waits until `GET path` on the loopback port is answered by status 200.
    pub fn await_http(&self, port: u16, path: &str, log: &Path) -> Result<()> {
        let start = Instant::now();
        while !answers(port, path) {
            let said = || fs::read_to_string(log).unwrap_or_default();
            ensure!(self.runs(), "the program ended: {}", said());
            if start.elapsed() > START_LIMIT {
                bail!("the program does not answer: {}", said());
            }
            pause();
        }
        Ok(())
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.watch.wait();
    }
}

fn answers(port: u16, path: &str) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(START_LIMIT))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

#[expect(clippy::disallowed_methods, reason = "a foreign program tells nobody that it listens")]
fn pause() {
    std::thread::sleep(PAUSE);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_ends_with_its_value() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = Supervised::start(Path::new("sleep"), &["1000"], &folder.path().join("log")).expect("it starts");
        let pid = program.pid();
        assert!(program.runs());
        drop(program);
        assert!(!Path::new(&format!("/proc/{pid}")).exists());
    }
}
