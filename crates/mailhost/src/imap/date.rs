//! Dates as IMAP writes them: `23-Nov-2026 06:00:19 +0000`.

use time::{OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description};

const FORM: &[BorrowedFormatItem<'_>] = format_description!(
    version = 2,
    "[day padding:zero]-[month repr:short case_sensitive:false]-[year] [hour]:[minute]:[second] \
     [offset_hour sign:mandatory][offset_minute]"
);

/// Reads a date.
pub(crate) fn read(text: &str) -> Option<OffsetDateTime> {
    // A day of one digit has a space before it.
    let padded = text.strip_prefix(' ').map(|rest| format!("0{rest}"));
    let date = OffsetDateTime::parse(padded.as_deref().unwrap_or(text), FORM).ok()?;
    date.checked_to_offset(UtcOffset::UTC)
}

/// Writes a date.
pub(crate) fn write(date: OffsetDateTime) -> Option<String> {
    date.checked_to_offset(UtcOffset::UTC)?.format(FORM).ok()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn dates_are_read_and_written() {
        let date = datetime!(2026-11-03 06:00:19 UTC);
        assert_eq!(read(" 3-nov-2026 08:00:19 +0200"), Some(date));
        assert_eq!(write(date).as_deref(), Some("03-Nov-2026 06:00:19 +0000"));
        let last = "31-Dec-9999 23:59:59 -0100";
        for bad in ["", "3", "31-Feb-2026 06:00:19 +0000", "03-Nov-2026", "03-Nov-2026 06:00:19 +9900", last] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
