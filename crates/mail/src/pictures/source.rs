//! The addresses of pictures in a message's HTML. The server fetches no other, so that it is no way to anywhere else.
//!
//! The page reads the same text with the browser's own reader. Where the two differ, an address that the page asks for is not
//! found here, and nothing is fetched.

use url::Url;

/// The most pictures of a message that are looked at.
const MAX_SOURCES: usize = 5_000;
/// The most bytes of an address.
const MAX_ADDRESS_BYTES: usize = 8_000;

/// Whether an HTML text shows a picture from this address.
pub(crate) fn shows(html: &str, address: &Url) -> bool {
    sources(html).take(MAX_SOURCES).any(|source| address_of(&source).as_ref() == Some(address))
}

/// An address as browsers understand it, without its fragment, which nobody is asked for.
pub(crate) fn address_of(text: &str) -> Option<Url> {
    if text.len() > MAX_ADDRESS_BYTES {
        return None;
    }
    let mut address = Url::parse(text).ok()?;
    address.set_fragment(None);
    Some(address)
}

/// What stands as the source of each `<img>`, with its character references read.
pub(crate) fn sources(html: &str) -> impl Iterator<Item = String> {
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            let tag = next_picture(rest)?;
            // A tag that does not end is none, and nothing comes after it.
            let (source, after) = source_in(tag).unwrap_or((None, ""));
            rest = after;
            if let Some(source) = source {
                return Some(decoded(source));
            }
        }
    })
}

/// What stands behind the name of the next `<img>`.
fn next_picture(html: &str) -> Option<&str> {
    html.match_indices('<').find_map(|(at, _)| {
        let (name, rest) = html.get(at + 1..)?.split_at_checked(3)?;
        let is_picture = name.eq_ignore_ascii_case("img");
        (is_picture && rest.starts_with(|letter| is_space(letter) || letter == '/')).then_some(rest)
    })
}

/// The first `src` among the attributes of a tag, and what stands behind the tag; nothing if it does not end.
fn source_in(tag: &str) -> Option<(Option<&str>, &str)> {
    let (mut rest, mut source) = (tag, None);
    loop {
        rest = rest.trim_start_matches(|letter| is_space(letter) || letter == '/');
        if let Some(after) = rest.strip_prefix('>') {
            return Some((source, after));
        }
        let ends = |letter: char| is_space(letter) || matches!(letter, '/' | '>' | '=');
        // Even an equals sign may begin a name.
        let (end, _) = rest.char_indices().skip(1).find(|(_, letter)| ends(*letter))?;
        let (name, after) = rest.split_at(end);
        let after = after.trim_start_matches(is_space);
        let (value, after) = match after.strip_prefix('=') {
            Some(value) => value_of(value.trim_start_matches(is_space))?,
            None => ("", after),
        };
        if source.is_none() && name.eq_ignore_ascii_case("src") {
            source = Some(value);
        }
        rest = after;
    }
}

/// The value that a text begins with, and what stands behind it; nothing if it does not end.
fn value_of(text: &str) -> Option<(&str, &str)> {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote);
        }
    }
    let end = text.find(|letter| is_space(letter) || letter == '>')?;
    Some(text.split_at(end))
}

fn is_space(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\x0c' | '\r' | ' ')
}

/// A value with those character references read that addresses are written with.
fn decoded(value: &str) -> String {
    let mut pieces = value.split('&');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once(';').and_then(|(name, after)| Some((referred(name)?, after))) {
            Some((letter, after)) => {
                text.push(letter);
                text.push_str(after);
            }
            None => {
                text.push('&');
                text.push_str(piece);
            }
        }
    }
    text
}

fn referred(name: &str) -> Option<char> {
    let code = match name {
        "amp" => return Some('&'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        _ => name.strip_prefix('#')?,
    };
    let code = match code.strip_prefix(['x', 'X']) {
        Some(code) => u32::from_str_radix(code, 16),
        None => code.parse(),
    };
    char::from_u32(code.ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(html: &str) -> Vec<String> {
        sources(html).collect()
    }

    #[test]
    fn sources_of_pictures_are_found_as_browsers_find_them() {
        for (html, expected) in [
            ("<p>x</p><img src=\"https://a.example/x.png\">", &["https://a.example/x.png"][..]),
            ("<IMG\nalt='a > b' SRC = 'https://a.example/?a=1&amp;b=2'/>", &["https://a.example/?a=1&b=2"]),
            ("<img/src=https://a.example/x><img src=b/>", &["https://a.example/x", "b/"]),
            ("<img src=a src=b>", &["a"]),
            ("<img src data-src=b>", &[""]),
            ("<img src=>c", &[""]),
            ("<img =src=a src=b>", &["b"]),
            ("<img alt=x>", &[]),
            ("<imgx src=a><image src=a><video src=a><p src=a><a href=a>", &[]),
            ("<img src=\"a\"alt=x>", &["a"]),
            ("<img src=\"a", &[]),
            ("<img src=a", &[]),
            ("<img", &[]),
            ("<img srcset='a 1x' src=b>", &["b"]),
            ("<img src='&#104;ttps://a.example/&#x41;&#X42;'>", &["https://a.example/AB"]),
            ("<img src='a?b&c=d&copy=e&amp'>", &["a?b&c=d&copy=e&amp"]),
            ("<img src='&#xD800;&#;&unknown;'>", &["&#xD800;&#;&unknown;"]),
            ("ä<ä<img src=ä>", &["ä"]),
        ] {
            assert_eq!(found(html), expected, "{html}");
        }
    }

    #[test]
    fn an_address_is_the_same_however_it_is_written() {
        let address = address_of("https://bild.example/a%20b.png?x=1&y=2").unwrap();
        for html in [
            "<img src='https://bild.example/a%20b.png?x=1&amp;y=2'>",
            "<img src=' HTTPS://BILD.example:443/a b.png?x=1&y=2#oben '>",
            "<img src='https://bild.exa\nmple/x/../a b.png?x=1&#38;y=2'>",
        ] {
            assert!(shows(html, &address), "{html}");
        }
        for html in [
            "<a href='https://bild.example/a%20b.png?x=1&y=2'>x</a>",
            "https://bild.example/a%20b.png?x=1&y=2",
            "<img src='https://bild.example/a%20b.png?x=1'>",
            "<img src='https://bild.example/a%20b.png?x=1&y=2&z=3'>",
            "<img src='http://bild.example/a%20b.png?x=1&y=2'>",
            "<img alt='https://bild.example/a%20b.png?x=1&y=2'>",
        ] {
            assert!(!shows(html, &address), "{html}");
        }
    }

    #[test]
    fn so_many_pictures_and_letters_are_looked_at_and_no_more() {
        let address = address_of("https://a.example/").unwrap();
        let html = |before: usize| format!("{}<img src='https://a.example/'>", "<img src=x>".repeat(before));
        assert!(shows(&html(MAX_SOURCES - 1), &address) && !shows(&html(MAX_SOURCES), &address));
        let long = |bytes: usize| format!("https://a.example/{}", "x".repeat(bytes - 18));
        assert!(address_of(&long(MAX_ADDRESS_BYTES)).is_some() && address_of(&long(MAX_ADDRESS_BYTES + 1)).is_none());
    }

    proptest! {
        #[test]
        fn whatever_stands_in_a_source_is_found(path in "[a-zA-Z0-9/._~?&=+-]{0,40}", before in "[^<]{0,20}") {
            let address = address_of(&format!("https://bild.example/{path}")).unwrap();
            let written = address.as_str().replace('&', "&amp;");
            let html = format!("{before}<p><img alt=\"x\" src=\"{written}\"></p>");
            prop_assert!(shows(&html, &address));
        }

        #[test]
        fn any_text_is_read(html in ".*<img.*") {
            prop_assert!(sources(&html).count() <= html.len());
        }
    }
}
