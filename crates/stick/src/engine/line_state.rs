//! When a line counts as weak.

use std::time::Duration;

use fernamt_api::stick::LineQuality;

use super::LineTest;

/// Slower than this there and back, typing on a desktop feels late.
pub const WEAK_ROUND_TRIP: Duration = Duration::from_millis(150);
/// A larger share lost, in thousandths, stalls what is drawn.
pub const WEAK_LOSS_PERMILLE: u16 = 10;
/// Less than this to us, in kilobits per second, and a full screen takes seconds.
pub const WEAK_DOWN_KBIT: u32 = 4_000;

/// Whether desktops had better be opened with fewer colours.
pub fn is_weak(quality: Option<&LineQuality>, test: Option<LineTest>) -> bool {
    let slow = |round_trip: Duration, loss: u16| round_trip >= WEAK_ROUND_TRIP || loss >= WEAK_LOSS_PERMILLE;
    let measured =
        quality.is_some_and(|quality| slow(Duration::from_millis(quality.round_trip_ms.into()), quality.loss_permille));
    let tested = match test {
        Some(LineTest::Done { round_trip, loss_permille, down_kbit, .. }) => {
            slow(round_trip, loss_permille) || down_kbit < WEAK_DOWN_KBIT
        }
        Some(LineTest::Running) | None => false,
    };
    measured || tested
}

#[cfg(test)]
mod tests {
    use fernamt_api::stick::Transport;

    use super::*;

    fn quality(round_trip_ms: u32, loss_permille: u16) -> LineQuality {
        LineQuality { round_trip_ms, loss_permille, outages: 0, transport: Transport::Ssh }
    }

    #[test]
    fn a_line_is_weak_by_any_of_its_faults() {
        let test = |down_kbit| {
            let (round_trip, jitter) = (Duration::from_millis(20), Duration::ZERO);
            Some(LineTest::Done { round_trip, jitter, loss_permille: 0, down_kbit, up_kbit: 500 })
        };
        assert!(!is_weak(None, None));
        assert!(!is_weak(Some(&quality(149, 9)), Some(LineTest::Running)));
        assert!(is_weak(Some(&quality(150, 0)), None));
        assert!(is_weak(Some(&quality(10, 10)), None));
        assert!(is_weak(Some(&quality(10, 0)), test(3_999)));
        assert!(!is_weak(Some(&quality(10, 0)), test(4_000)));
    }
}
