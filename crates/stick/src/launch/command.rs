//! The command that an administrator wrote for a service, as a program with its arguments. No shell ever sees it.

use std::net::SocketAddr;

use fernamt_domain::start_command::{self, StartCommandFault};
use thiserror::Error;

/// The longest command that is looked at.
pub(crate) const MAX_COMMAND_BYTES: usize = 2048;

/// Why a command is not one.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum CommandError {
    #[error("it is longer than {MAX_COMMAND_BYTES} bytes")]
    TooLong,
    #[error("it contains a control character")]
    Control,
    #[error(transparent)]
    Form(#[from] StartCommandFault),
}

/// Splits a command at its spaces, then puts our end of the tunnel into `{host}` and `{port}`.
///
/// It is split as [`start_command::words`] does when the administrator saves it. The placeholders are filled after the split, so they never make two arguments out of one.
pub(crate) fn parse(command: &str, address: SocketAddr) -> Result<Vec<String>, CommandError> {
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    let words = split(command)?;
    Ok(words.into_iter().map(|word| word.replace("{host}", &host).replace("{port}", &port)).collect())
}

fn split(command: &str) -> Result<Vec<String>, CommandError> {
    if command.len() > MAX_COMMAND_BYTES {
        return Err(CommandError::TooLong);
    }
    if command.chars().any(|c| c.is_control() && c != '\t') {
        return Err(CommandError::Control);
    }
    Ok(start_command::words(command)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(command: &str) -> Result<Vec<String>, CommandError> {
        parse(command, "127.9.8.7:4711".parse().unwrap())
    }

    #[test]
    fn words_are_split_and_filled() {
        assert_eq!(
            parsed("fibu --server {host} --port={port}").unwrap(),
            ["fibu", "--server", "127.9.8.7", "--port=4711"]
        );
    }

    #[test]
    fn quotes_keep_words_together_and_backslashes_stay() {
        assert_eq!(
            parsed(r#""C:\Program Files\Fibu\fibu.exe" 'ein "Wort"' a"b c"d """#).unwrap(),
            [r"C:\Program Files\Fibu\fibu.exe", r#"ein "Wort""#, "ab cd", ""]
        );
    }

    #[test]
    fn nothing_in_it_means_anything_to_a_shell() {
        assert_eq!(
            parsed("fibu ; rm -rf ~ && $(id) `id` | x > y %PATH% $HOME").unwrap()[1..],
            [";", "rm", "-rf", "~", "&&", "$(id)", "`id`", "|", "x", ">", "y", "%PATH%", "$HOME"]
        );
    }

    #[test]
    fn what_is_not_a_command_is_refused() {
        assert_eq!(parsed("  "), Err(CommandError::Form(StartCommandFault::Empty)));
        assert_eq!(parsed("'' x"), Err(CommandError::Form(StartCommandFault::Empty)));
        assert_eq!(parsed("fibu 'a"), Err(CommandError::Form(StartCommandFault::OpenQuote)));
        assert_eq!(parsed("fibu a\"b"), Err(CommandError::Form(StartCommandFault::OpenQuote)));
        assert_eq!(parsed("fibu\nrm"), Err(CommandError::Control));
        assert_eq!(parsed("fibu\0"), Err(CommandError::Control));
        assert_eq!(parsed(&"x".repeat(MAX_COMMAND_BYTES + 1)), Err(CommandError::TooLong));
        assert!(parsed(&"x".repeat(MAX_COMMAND_BYTES)).is_ok());
    }
}
