//! What tests and benches share, and the product never links: a [`TestClock`] that only moves when told, a
//! [`SeededRng`] that repeats itself, [`peers`] (real servers and browsers as values that end with their scope), a
//! whole server from outside as an [`office::Office`] with [`person::Person`]s who sign in, a [`lab::Lab`] with bad
//! [`line`]s between home and office, and the [`report`] every bench writes.

pub mod branch;
pub mod clock;
pub mod conversation;
pub mod http;
pub mod lab;
pub mod line;
pub mod office;
pub mod peers;
pub mod person;
pub mod process;
pub mod report;
pub mod rng;
pub mod screen;

pub use clock::TestClock;
pub use rng::SeededRng;

/// Whether this run is to produce the full figures (`cargo xtask test --full`): long runs, large counts.
pub fn full() -> bool {
    std::env::var_os("FERNAMT_FULL").is_some()
}

/// Starts a peer, or leaves the calling test with a `SKIPPED` line where this machine cannot run it.
///
/// With `FERNAMT_PEERS=required` in the environment (`cargo xtask test` sets it once the peers' root stands) a peer
/// that does not start fails the test instead, so that nothing is skipped by mistake; what this machine need not have
/// ([`peers::NotAtHand`]) is skipped even then.
///
/// ```no_run
/// # fn a_test() {
/// let desktop = fernamt_testkit::peer!(fernamt_testkit::peers::Xrdp::start());
/// assert_eq!(desktop.certificate_sha256.len(), 64);
/// # }
/// ```
#[macro_export]
macro_rules! peer {
    ($start:expr) => {
        match $start {
            Ok(peer) => peer,
            Err(why) if $crate::peers::must_start(&why) => panic!("a required peer did not start: {why:#}"),
            Err(why) => {
                $crate::skip!("{why:#}");
                return;
            }
        }
    };
}

/// Prints the line by which `cargo xtask test` counts a test as skipped; the test itself then returns.
#[macro_export]
macro_rules! skip {
    ($($reason:tt)+) => {
        $crate::print_skipped(&format!($($reason)+))
    };
}

/// The body of [`skip!`].
#[expect(clippy::print_stdout, reason = "the test runner's output is the channel to `cargo xtask test`")]
pub fn print_skipped(reason: &str) {
    println!("SKIPPED: {}", reason.replace('\n', " "));
}
