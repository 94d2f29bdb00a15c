//! The command line against a whole server: from the package to the target and to every end.

mod container;
mod copied;
mod desk;
mod whole_way;

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use fernamt_testkit::office::start_written;
use serde_json::Value;

/// Runs a program to its end with these lines on its standard input.
fn finish(mut command: Command, lines: &[&str]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = start_written(&mut command).unwrap();
    write_lines(&mut child, lines);
    child.wait_with_output().unwrap()
}

fn write_lines(child: &mut Child, lines: &[&str]) {
    let mut stdin = child.stdin.take().unwrap();
    // A program that ends early takes no more; how it ended tells why.
    let _ = stdin.write_all((lines.join("\n") + "\n").as_bytes());
}

/// The objects on standard output.
fn events(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn assert_code(output: &Output, code: i32) {
    let [said, told] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert_eq!(output.status.code(), Some(code), "{said}{told}");
}

/// A `connect` that runs.
struct Connected {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Connected {
    fn start(mut command: Command, lines: &[&str]) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = start_written(&mut command).unwrap();
        write_lines(&mut child, lines);
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    /// The next line of its standard output.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The next event of this kind.
    fn event(&mut self, kind: &str) -> Value {
        loop {
            let line = self.line();
            assert!(!line.is_empty(), "it ended before any {kind}");
            let event: Value = serde_json::from_str(&line).unwrap();
            if event["event"] == kind {
                return event;
            }
        }
    }

    fn code(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
