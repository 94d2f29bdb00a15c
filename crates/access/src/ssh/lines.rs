//! What a stick says on its control channel, from bytes: plain functions, so that a fuzzer can call them.

use fernamt_api::stick::{FromStick, Hello, MAX_FROM_STICK_BYTES};

/// Puts lines together from what comes.
#[derive(Debug, Default)]
pub struct Lines {
    waiting: Vec<u8>,
    greeted: bool,
}

/// One line of a stick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Its first.
    Hello(Hello),
    /// Any after that.
    More(FromStick),
}

/// What can be wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Longer than [`MAX_FROM_STICK_BYTES`].
    #[error("the line is too long")]
    TooLong,
    /// Not what a stick says.
    #[error("the line does not read")]
    Unreadable(#[from] serde_json::Error),
}

impl Lines {
    /// Takes more bytes, and yields the lines that are complete now. After an error nothing more is worth reading.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<Vec<Said>, LineError> {
        let mut said = Vec::new();
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = bytes.split_at(end);
            self.keep(line)?;
            bytes = rest.get(1..).unwrap_or_default();
            let line = std::mem::take(&mut self.waiting);
            said.push(self.read(&line)?);
        }
        self.keep(bytes)?;
        Ok(said)
    }

    /// Bytes that wait for the end of their line.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting.len()
    }

    fn keep(&mut self, part: &[u8]) -> Result<(), LineError> {
        if self.waiting.len() + part.len() > MAX_FROM_STICK_BYTES {
            return Err(LineError::TooLong);
        }
        self.waiting.extend_from_slice(part);
        Ok(())
    }

    fn read(&mut self, line: &[u8]) -> Result<Said, LineError> {
        if std::mem::replace(&mut self.greeted, true) {
            Ok(Said::More(serde_json::from_slice(line)?))
        } else {
            Ok(Said::Hello(serde_json::from_slice(line)?))
        }
    }
}

#[cfg(test)]
mod tests {
    use fernamt_api::stick::{LineQuality, Transport, VERSION};

    use super::*;

    fn hello() -> Hello {
        Hello { version: VERSION, generation: 7, program: "1.0".into(), system: "linux".into() }
    }

    fn quality() -> FromStick {
        FromStick::Line(LineQuality { round_trip_ms: 48, loss_permille: 3, outages: 1, transport: Transport::Ssh })
    }

    #[test]
    fn lines_come_out_however_they_are_cut() {
        let text =
            format!("{}\n{}\n", serde_json::to_string(&hello()).unwrap(), serde_json::to_string(&quality()).unwrap());
        for cut in [1, 7, 10_000] {
            let mut lines = Lines::default();
            let said: Vec<_> = text.as_bytes().chunks(cut).flat_map(|part| lines.push(part).unwrap()).collect();
            assert_eq!(said, [Said::Hello(hello()), Said::More(quality())]);
            assert_eq!(lines.waiting_bytes(), 0);
        }
    }

    #[test]
    fn a_line_without_end_is_not_kept() {
        let mut lines = Lines::default();
        assert!(lines.push(&vec![b' '; MAX_FROM_STICK_BYTES]).unwrap().is_empty());
        assert!(matches!(lines.push(b" "), Err(LineError::TooLong)));
        assert!(lines.waiting_bytes() <= MAX_FROM_STICK_BYTES);
    }

    #[test]
    fn what_no_stick_says_is_refused() {
        for text in ["\n", "{}\n", "{\"kind\":\"line\"}\n", "SSH-2.0-x\r\n"] {
            assert!(matches!(Lines::default().push(text.as_bytes()), Err(LineError::Unreadable(_))), "{text}");
        }
        let mut lines = Lines::default();
        lines.push(format!("{}\n", serde_json::to_string(&hello()).unwrap()).as_bytes()).unwrap();
        assert!(lines.push(b"{\"kind\":\"root\"}\n").is_err());
    }
}
