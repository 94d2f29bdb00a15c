//! How many tests passed, read off what their runners print.

use std::ops::AddAssign;

/// Tests by outcome.
#[derive(Default, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
    pub(crate) skip_reasons: Vec<String>,
}

impl Counts {
    /// Something without a runner of its own went right.
    pub(crate) fn one_success() -> Self {
        Self { passed: 1, ..Self::default() }
    }

    /// Something went wrong outside every counted test.
    pub(crate) fn one_failure() -> Self {
        Self { failed: 1, ..Self::default() }
    }

    /// Something without a runner of its own cannot be done here; the reason.
    pub(crate) fn one_skip(reason: String) -> Self {
        Self { skipped: 1, skip_reasons: vec![reason], ..Self::default() }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.skip_reasons.extend(other.skip_reasons);
    }
}

/// Counts Rust's own runner. A test that printed `SKIPPED: reason` returned early and counts as skipped.
pub(crate) fn of_libtest(log: &str) -> Counts {
    let mut counts = Counts::default();
    for result in log.lines().filter_map(|line| line.strip_prefix("test result: ")) {
        counts.passed += number_before(result, "passed");
        counts.failed += number_before(result, "failed");
        counts.skipped += number_before(result, "ignored");
    }
    counts.skip_reasons = log.lines().filter_map(|line| line.strip_prefix("SKIPPED: ")).map(str::to_owned).collect();
    let returned_early = u64::try_from(counts.skip_reasons.len()).unwrap_or(u64::MAX);
    counts.passed = counts.passed.saturating_sub(returned_early);
    counts.skipped += returned_early;
    counts
}

/// Counts Vitest, Playwright's runner and Node's own runner.
pub(crate) fn of_web_runner(log: &str) -> Counts {
    let mut counts = Counts::default();
    for line in log.lines() {
        let line = without_colours(line);
        let line = line.trim();
        let words: Vec<_> = line.split_whitespace().collect();
        match words.as_slice() {
            // Vitest: "Tests  1 failed | 12 passed | 1 skipped (14)".
            ["Tests", ..] => {
                counts.passed += number_before(line, "passed");
                counts.failed += number_before(line, "failed");
                counts.skipped += number_before(line, "skipped") + number_before(line, "todo");
            }
            // Node: "# pass 12" or "ℹ pass 12"; Playwright: "12 passed (3.1s)".
            ["#" | "ℹ", "pass", count] | [count, "passed", ..] => counts.passed += number(count),
            ["#" | "ℹ", "fail", count] | [count, "failed", ..] => counts.failed += number(count),
            ["#" | "ℹ", "skipped" | "todo", count] | [count, "skipped", ..] => counts.skipped += number(count),
            ["SKIPPED:", reason @ ..] => counts.skip_reasons.push(reason.join(" ")),
            _ => {}
        }
    }
    counts
}

/// The part of a log that says what failed: the names first, since whoever reads a shortened log sees no more.
pub(crate) fn failures(log: &str) -> String {
    const MOST_NAMES: usize = 20;
    const LONGEST_LINES: usize = 120;
    /// Where the runners begin to explain: Vitest, Rust's own, and a panic outside both.
    const EXPLAINED_FROM: [&str; 4] = ["Failed Suites", "Failed Tests", "failures:", "panicked at"];
    let log = without_colours(log);
    let lines: Vec<_> = log.lines().collect();
    let names = lines.iter().filter(|line| names_a_failure(line.trim())).take(MOST_NAMES);
    let start = EXPLAINED_FROM.iter().find_map(|mark| lines.iter().position(|line| line.contains(mark)));
    let start = start.unwrap_or_else(|| lines.len().saturating_sub(60));
    names.chain(lines.iter().skip(start).take(LONGEST_LINES)).copied().collect::<Vec<_>>().join("\n")
}

fn names_a_failure(line: &str) -> bool {
    line.starts_with("FAIL ") || (line.starts_with("test ") && line.ends_with("... FAILED"))
}

fn number_before(line: &str, word: &str) -> u64 {
    let words: Vec<_> = line.split_whitespace().collect();
    words.windows(2).find(|pair| pair[1].trim_end_matches([';', ',']) == word).map_or(0, |pair| number(pair[0]))
}

fn number(word: &str) -> u64 {
    word.parse().unwrap_or(0)
}

fn without_colours(line: &str) -> String {
    let mut plain = String::new();
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libtest_is_counted_with_its_skipped_tests() {
        let log = "---- a stdout ----\nSKIPPED: no root\n\ntest result: ok. 3 passed; 0 failed; 1 ignored; 0 measured\n\
                   test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured\n";
        let reasons = vec!["no root".to_owned()];
        assert_eq!(of_libtest(log), Counts { passed: 4, failed: 1, skipped: 2, skip_reasons: reasons });
    }

    #[test]
    fn the_web_runners_are_counted() {
        let counts = |passed, failed, skipped| Counts { passed, failed, skipped, skip_reasons: Vec::new() };
        assert_eq!(
            of_web_runner("\u{1b}[2m      Tests \u{1b}[22m 1 failed | 12 passed | 2 skipped (15)"),
            counts(12, 1, 2)
        );
        assert_eq!(of_web_runner("  1 failed\n    a.spec.ts:3 x\n  2 skipped\n  9 passed (3.1s)"), counts(9, 1, 2));
        assert_eq!(of_web_runner("# tests 3\n# pass 2\n# fail 0\n# skipped 1\n"), counts(2, 0, 1));
    }

    #[test]
    fn what_failed_is_named_before_it_is_explained() {
        let log = "\u{1b}[32m ✓ a\u{1b}[39m\n ✓ b\n⎯⎯⎯ Failed Tests 1 ⎯⎯⎯\n\n\u{1b}[31m FAIL \u{1b}[39m c.test.ts > c\nError: no\n";
        let said = failures(log);
        assert!(said.starts_with(" FAIL  c.test.ts > c\n⎯⎯⎯ Failed Tests 1 ⎯⎯⎯\n"), "{said}");
        assert!(said.contains("Error: no") && !said.contains('✓') && !said.contains('\u{1b}'), "{said}");

        let log = "running 2 tests\ntest a ... ok\ntest b ... FAILED\n\nfailures:\n\n---- b stdout ----\nwhy\n";
        assert!(failures(log).starts_with("test b ... FAILED\nfailures:\n"), "{}", failures(log));
    }
}
