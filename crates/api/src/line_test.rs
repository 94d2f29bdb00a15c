//! The line test between a stick and its gateway: two subsystems on `session` channels of their own.
//!
//! On [`Mode::Down`] the gateway sends zeros until the stick closes the channel, [`MAX_LINE_TEST_BYTES`] have gone or
//! [`MAX_LINE_TEST_S`] are over. On [`Mode::Up`] the stick sends and ends; the gateway answers with the number of bytes that
//! came, as eight bytes, the highest first. Then it ends, and the stick closes. Nothing is compressed on the way, so zeros
//! measure as well as anything.

/// The most bytes of one test in one direction.
pub const MAX_LINE_TEST_BYTES: usize = 256 * 1024 * 1024;
/// How long the gateway sends at most, in seconds.
pub const MAX_LINE_TEST_S: u64 = 5;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// To the stick.
    Down,
    /// From the stick.
    Up,
}

impl Mode {
    /// The SSH subsystem that measures it.
    pub fn subsystem(self) -> &'static str {
        match self {
            Self::Down => "fernamt-line-test-down",
            Self::Up => "fernamt-line-test-up",
        }
    }

    /// The mode of a subsystem, if it is one of these.
    pub fn of_subsystem(name: &str) -> Option<Self> {
        [Self::Down, Self::Up].into_iter().find(|mode| mode.subsystem() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_has_a_subsystem_of_its_own() {
        for mode in [Mode::Down, Mode::Up] {
            assert_eq!(Mode::of_subsystem(mode.subsystem()), Some(mode));
        }
        assert_eq!(Mode::of_subsystem(crate::stick::SUBSYSTEM), None);
    }
}
