//! Room for Cedar's parser.
//!
//! Cedar 4.14 parses and checks by recursion and overflows a thread of 2 MiB, which ends the process, on fifty nested
//! brackets or two hundred operators in a row. So text is bounded in both ways before Cedar sees it, and Cedar sees it on
//! a thread with room for the most that passes. Its evaluator guards itself.

use std::thread;

use crate::Fault;

/// The most brackets within each other in an expert rule.
const MAX_DEPTH: usize = 24;

/// The most characters and words of operators in an expert rule, member access included; `&&` counts twice. Long lists
/// need none: `principal in [..]`.
const MAX_OPERATORS: usize = 1_000;

/// Stack for parsing the most that [`check`] lets pass, measured without optimisation at about 8 MiB.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Runs what recurses over Cedar's syntax on a thread with [`STACK_BYTES`].
pub(crate) fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Fault> {
    let fault = || Fault::new("rule", "unavailable", "the system had no room to read the rules; try again");
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("policy-compile".into()).stack_size(STACK_BYTES);
        let running = thread.spawn_scoped(scope, work).map_err(|_| fault())?;
        running.join().map_err(|_| fault())
    })
}

/// Refuses text that nests or chains deeper than Cedar can read. Strings and comments count as what they are.
pub(crate) fn check(text: &str) -> Result<(), (usize, &'static str)> {
    let (mut depth, mut operators) = (0_usize, 0_usize);
    let mut rest = text.char_indices().peekable();
    let mut word_start = None;
    while let Some((at, c)) = rest.next() {
        if c.is_alphanumeric() || c == '_' {
            word_start.get_or_insert(at);
            continue;
        }
        if let Some(start) = word_start.take() {
            operators += usize::from(is_word_operator(text.get(start..at).unwrap_or_default()));
        }
        match c {
            '"' => {
                while let Some((_, inner)) = rest.next() {
                    match inner {
                        '\\' => drop(rest.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '/' if rest.peek().is_some_and(|(_, next)| *next == '/') => {
                while rest.next_if(|(_, inner)| *inner != '\n').is_some() {}
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '.' | '!' | '&' | '|' | '+' | '-' | '*' | '<' | '>' | '=' | '%' | '/' => operators += 1,
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err((at, "too_deep"));
        }
        if operators > MAX_OPERATORS {
            return Err((at, "too_many_operators"));
        }
    }
    Ok(())
}

/// Words that join expressions.
fn is_word_operator(word: &str) -> bool {
    matches!(word, "if" | "then" | "else" | "in" | "like" | "has" | "is")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_comments_are_no_syntax() {
        let noise = format!(
            "// {}\npermit (principal, action, resource) when {{ \"{}\\\"((\" == \"\" }};",
            "(".repeat(99),
            "[".repeat(99)
        );
        assert_eq!(check(&noise), Ok(()));
        assert_eq!(check(&"(".repeat(MAX_DEPTH + 1)), Err((MAX_DEPTH, "too_deep")));
        assert_eq!(check(&"()".repeat(MAX_DEPTH + 1)), Ok(()));
    }
}
