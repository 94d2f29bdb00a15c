//! The command to start once a tunnel stands, as an administrator writes it: a program and its arguments, with `{host}`
//! and `{port}` where our end of the tunnel belongs.

/// What is wrong with a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StartCommandFault {
    /// There is no program in it.
    #[error("a command begins with a program")]
    Empty,
    /// A quotation mark is not closed.
    #[error("a quotation mark is not closed")]
    OpenQuote,
    /// Something stands in braces that nobody would fill.
    #[error("only {{host}} and {{port}} are filled in")]
    Placeholder,
}

impl StartCommandFault {
    /// The stable word of the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "required",
            Self::OpenQuote => "open_quote",
            Self::Placeholder => "unknown_placeholder",
        }
    }
}

/// The words of a command: split at spaces and tabs, with what stands between `"` or `'` kept together. A backslash is
/// only a backslash: paths on Windows are full of them.
pub fn words(command: &str) -> Result<Vec<String>, StartCommandFault> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for c in command.chars() {
        match quote {
            Some(mark) if c == mark => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c == ' ' || c == '\t' => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err(StartCommandFault::OpenQuote);
    }
    words.extend(word);
    match words.first() {
        Some(program) if !program.trim().is_empty() => Ok(words),
        _ => Err(StartCommandFault::Empty),
    }
}

/// Checks a command: a program comes first, quotation marks are closed, and no placeholder is misspelt. Braces around
/// anything but one word are the program's own.
pub fn check(command: &str) -> Result<(), StartCommandFault> {
    words(command)?;
    let braces = command.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(inside, _)| inside);
    let misspelt = |inside: &str| {
        let word = !inside.is_empty() && inside.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
        word && !matches!(inside, "host" | "port")
    };
    if braces.into_iter().any(misspelt) { Err(StartCommandFault::Placeholder) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_host_and_port() {
        for good in [
            "fibu --server {host} --port={port}",
            "\"C:\\Program Files\\Fibu\\fibu.exe\" {host}:{port}",
            "powershell -Command \"& { Start-Process fibu }\"",
            "tool {} {a b}",
            "curl http://127.0.0.1:18080/",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, fault) in [
            ("", StartCommandFault::Empty),
            (" \"\" ", StartCommandFault::Empty),
            ("'' x", StartCommandFault::Empty),
            ("\"\"'' fibu {host}", StartCommandFault::Empty),
            ("' ' fibu", StartCommandFault::Empty),
            ("fibu \"open", StartCommandFault::OpenQuote),
            ("fibu it's", StartCommandFault::OpenQuote),
            ("fibu {Host}", StartCommandFault::Placeholder),
            ("fibu {host} {server}", StartCommandFault::Placeholder),
        ] {
            assert_eq!(check(bad), Err(fault), "{bad}");
        }
    }
}
