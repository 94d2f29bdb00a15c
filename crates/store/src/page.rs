//! Pages of lists.

/// The most rows of one page.
pub const MAX_PAGE_ROWS: u64 = 200;

/// The most characters of a search text that are used.
pub const MAX_SEARCH_CHARS: usize = 100;

/// Which part of a list is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Words that must all occur, in any case.
    pub search: Option<String>,
    /// How many rows to leave out at the start.
    pub offset: u64,
    /// How many rows to return: at most [`MAX_PAGE_ROWS`], which 0 stands for too.
    pub limit: u64,
}

impl Page {
    /// The first page of the rows in which all words of `text` occur.
    pub fn search(text: &str) -> Self {
        Self { search: Some(text.to_owned()), ..Self::default() }
    }

    pub(crate) fn limit(&self) -> u64 {
        match self.limit {
            0 => MAX_PAGE_ROWS,
            limit => limit.min(MAX_PAGE_ROWS),
        }
    }

    pub(crate) fn search_words(&self) -> Option<Vec<String>> {
        let text: String = self.search.as_ref()?.chars().take(MAX_SEARCH_CHARS).collect();
        Some(text.to_lowercase().split_whitespace().map(str::to_owned).collect())
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Paged<T> {
    /// The rows.
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: u64,
}

impl<T> Paged<T> {
    /// The same page with each row turned into something else.
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Paged<U> {
        Paged { items: self.items.into_iter().map(each).collect(), total: self.total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_bounded() {
        assert_eq!(Page { limit: 1_000_000, ..Page::default() }.limit(), MAX_PAGE_ROWS);
        let words = Page::search(&"ä".repeat(1000)).search_words().unwrap();
        assert_eq!(words[0].chars().count(), MAX_SEARCH_CHARS);
    }
}
