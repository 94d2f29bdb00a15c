//! What a mail server says, line by line (RFC 5321, section 4.1.1; RFC 2033, section 4).

use crate::message::compose::is_address;

/// The most bytes of an address.
const MAX_ADDRESS_BYTES: usize = 254;
/// The most bytes of a name that a server calls itself by.
const MAX_NAME_BYTES: usize = 255;

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// Who calls, as plain letters.
    Hello(String),
    /// A message begins: its sender, empty for none, and how large it is said to be.
    Mail { from: String, size: Option<u64> },
    /// A receiver.
    Receiver(String),
    /// The message comes.
    Data,
    /// What was said of a message does not hold any more.
    Reset,
    /// Nothing.
    Nothing,
    /// Whether an address is there; nobody is told.
    Verify,
    /// It was all.
    Quit,
}

impl Command {
    /// Reads a line without its end. What is refused is refused with the reply to give.
    pub(crate) fn read(line: &[u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(line).ok().filter(|text| text.bytes().all(|byte| matches!(byte, 0x20..=0x7e)));
        let text = text.ok_or("500 5.5.2 A command is plain ASCII")?.trim_end();
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let alone = |command: Self| if rest.is_empty() { Ok(command) } else { Err("501 5.5.4 It takes no words") };
        match word.to_ascii_uppercase().as_str() {
            "LHLO" => match rest.trim() {
                name if !name.is_empty() && name.len() <= MAX_NAME_BYTES && name.bytes().all(is_of_name) => {
                    Ok(Self::Hello(name.to_owned()))
                }
                _ => Err("501 5.5.4 Say LHLO and your own name"),
            },
            "HELO" | "EHLO" => Err("500 5.5.1 This is LMTP; say LHLO (RFC 2033)"),
            "MAIL" => {
                let (from, parameters) = path(rest, "FROM:").ok_or("501 5.5.4 Say MAIL FROM:<address>")?;
                if from.len() > MAX_ADDRESS_BYTES {
                    return Err("553 5.1.7 The sender's address is too long");
                }
                Ok(Self::Mail { size: size_of(parameters)?, from })
            }
            "RCPT" => {
                let (to, parameters) = path(rest, "TO:").ok_or("501 5.5.4 Say RCPT TO:<address>")?;
                match parameters.trim() {
                    "" if is_address(&to) => Ok(Self::Receiver(to)),
                    "" => Err("553 5.1.3 That is no address of this house"),
                    _ => Err("555 5.5.4 RCPT takes no parameters here"),
                }
            }
            "DATA" => alone(Self::Data),
            "RSET" => alone(Self::Reset),
            "QUIT" => alone(Self::Quit),
            "NOOP" => Ok(Self::Nothing),
            "VRFY" => Ok(Self::Verify),
            _ => Err("500 5.5.2 That command is not known here"),
        }
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte)
}

/// The address in angle brackets behind a keyword, without a route before it, and what stands behind.
fn path<'a>(text: &'a str, keyword: &str) -> Option<(String, &'a str)> {
    let head = text.get(..keyword.len()).filter(|head| head.eq_ignore_ascii_case(keyword))?;
    let inside = text[head.len()..].trim_start().strip_prefix('<')?;
    let (mut quoted, mut escaped, mut end) = (false, false, None);
    for (place, letter) in inside.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '>' if !quoted => {
                end = Some(place);
                break;
            }
            '<' if !quoted => return None,
            _ => {}
        }
    }
    let (address, rest) = (&inside[..end?], &inside[end? + 1..]);
    if !rest.is_empty() && !rest.starts_with(' ') {
        return None;
    }
    let address = match address.split_once(':') {
        Some((route, address)) if route.starts_with('@') => address,
        _ => address,
    };
    let is_clean = !address.contains(['<', '>']) && (address.is_empty() || address.contains('@'));
    is_clean.then(|| (address.to_owned(), rest))
}

/// How large a message is said to be (RFC 1870); what else is said of it is known or refused.
fn size_of(parameters: &str) -> Result<Option<u64>, &'static str> {
    let mut size = None;
    for parameter in parameters.split_ascii_whitespace() {
        match parameter.to_ascii_uppercase().split_once('=') {
            Some(("SIZE", value)) => size = Some(value.parse().map_err(|_| "501 5.5.4 SIZE is a number")?),
            Some(("BODY", "7BIT" | "8BITMIME")) => {}
            _ => return Err("555 5.5.4 That parameter is not known here"),
        }
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read() {
        let mail = |from: &str, size| Ok(Command::Mail { from: from.to_owned(), size });
        let to = |to: &str| Ok(Command::Receiver(to.to_owned()));
        for (line, expected) in [
            ("LHLO mail.amt.test", Ok(Command::Hello("mail.amt.test".to_owned()))),
            ("lhlo [IPv6:::1]", Ok(Command::Hello("[IPv6:::1]".to_owned()))),
            ("MAIL FROM:<>", mail("", None)),
            ("mail from: <a@x> SIZE=12 BODY=8BITMIME", mail("a@x", Some(12))),
            ("MAIL FROM:<@hop,@hop2:a@x>", mail("a@x", None)),
            ("MAIL FROM:<\"a b\\\" c\"@x>", mail("\"a b\\\" c\"@x", None)),
            ("RCPT TO:<ben+plan@amt.example>", to("ben+plan@amt.example")),
            ("DATA", Ok(Command::Data)),
            ("rset ", Ok(Command::Reset)),
            ("NOOP anything", Ok(Command::Nothing)),
            ("VRFY ben", Ok(Command::Verify)),
            ("QUIT", Ok(Command::Quit)),
        ] {
            assert_eq!(Command::read(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn what_is_no_command_is_refused_with_its_reply() {
        for (line, code) in [
            ("EHLO x", "500"),
            ("", "500"),
            ("ÄHLO", "500"),
            ("DATA\0", "500"),
            ("LHLO", "501"),
            ("LHLO a\tb", "500"),
            ("LHLO <script>", "501"),
            ("DATA now", "501"),
            ("MAIL FROM:a@x", "501"),
            ("MAIL FROM:<a@x", "501"),
            ("MAIL FROM:<a@x>SIZE=1", "501"),
            ("MAIL FROM:<\"a>@x", "501"),
            ("MAIL FROM:<\"a<b>\"@x>", "501"),
            ("MAIL FROM:<nobody>", "501"),
            ("MAIL FROM:<a@x> SIZE=-1", "501"),
            ("MAIL FROM:<a@x> SMTPUTF8", "555"),
            ("RCPT TO:<>", "553"),
            ("RCPT TO:<b@x> NOTIFY=NEVER", "555"),
            ("RCPT TO:<a b@x>", "553"),
        ] {
            let refusal = Command::read(line.as_bytes()).unwrap_err();
            assert!(refusal.starts_with(code), "{line}: {refusal}");
        }
        let long = format!("MAIL FROM:<{}@x>", "a".repeat(MAX_ADDRESS_BYTES));
        assert!(Command::read(long.as_bytes()).unwrap_err().starts_with("553"));
    }
}
