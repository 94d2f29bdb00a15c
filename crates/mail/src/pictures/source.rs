//! The addresses of pictures in a message's HTML. The server fetches no other.
//!
//! The page reads the same text with the browser's own reader. Where the two differ, an address that the page asks for is not
//! found here, and nothing is fetched.

use url::Url;

/// The most bytes of a text that are looked at. The page asks for no more of it.
const MAX_HTML_BYTES: usize = 256 << 10;
/// The most pictures of a message that are looked at, in all of its texts together.
const MAX_SOURCES: usize = 5_000;
/// The most bytes of an address.
const MAX_ADDRESS_BYTES: usize = 8_000;
/// The most bytes of a host with its port. No name is longer, and reading one takes a time that grows with its square.
const MAX_HOST_BYTES: usize = 253 + 6;

/// Whether one of a message's HTML texts shows a picture from this address.
pub(crate) fn show<'h>(htmls: impl IntoIterator<Item = &'h str>, address: &Url) -> bool {
    let mut all = htmls.into_iter().flat_map(sources).take(MAX_SOURCES);
    all.any(|source| address_of(&source).as_ref() == Some(address))
}

/// An address as browsers understand it, without its fragment, which nobody is asked for.
pub(crate) fn address_of(text: &str) -> Option<Url> {
    if text.len() > MAX_ADDRESS_BYTES || host_in(text).len() > MAX_HOST_BYTES {
        return None;
    }
    Url::parse(text).ok().map(without_fragment)
}

/// Where an address leads to from another one.
pub(crate) fn address_from(base: &Url, place: &str) -> Option<Url> {
    if place.len() > MAX_ADDRESS_BYTES {
        return None;
    }
    base.join(place).ok().map(without_fragment)
}

fn without_fragment(mut address: Url) -> Url {
    address.set_fragment(None);
    address
}

/// Where a reader of addresses looks for host and port, or more than that.
fn host_in(text: &str) -> &str {
    let after = text.split_once(':').map_or(text, |(_, after)| after);
    let after = after.trim_start_matches(|letter| is_space(letter) || matches!(letter, '/' | '\\'));
    after.split(['/', '\\', '?', '#']).next().unwrap_or_default()
}

/// What stands as the source of each `<img>`, with its character references read.
pub(crate) fn sources(html: &str) -> impl Iterator<Item = String> {
    let mut rest = beginning(html);
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

/// What is looked at of a text.
fn beginning(html: &str) -> &str {
    &html[..html.floor_char_boundary(MAX_HTML_BYTES)]
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

    fn shows(html: &str, address: &Url) -> bool {
        show([html], address)
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
        let (most, last) = ("<img src=x>".repeat(MAX_SOURCES - 1), html(0));
        assert!(show([&most[..], &last[..]], &address), "the last of them stands in another text");
        assert!(!show([&most[..], "<img src=x>", &last[..]], &address), "all texts have so many together");
        let long = |bytes: usize| format!("https://a.example/{}", "x".repeat(bytes - 18));
        assert!(address_of(&long(MAX_ADDRESS_BYTES)).is_some() && address_of(&long(MAX_ADDRESS_BYTES + 1)).is_none());
        let lead = |bytes: usize| address_from(&address, &"x".repeat(bytes));
        assert!(lead(MAX_ADDRESS_BYTES).is_some() && lead(MAX_ADDRESS_BYTES + 1).is_none());
    }

    #[test]
    fn so_much_of_a_text_is_looked_at_and_no_more() {
        let (address, picture) = (address_of("https://a.example/").unwrap(), "<img src='https://a.example/'>");
        let behind = |letters: usize| format!("{}{picture}", "x".repeat(letters));
        let most = MAX_HTML_BYTES - picture.len();
        assert!(shows(&behind(most), &address) && !shows(&behind(most + 1), &address));
        assert_eq!(beginning(&"ä".repeat(MAX_HTML_BYTES)).len(), MAX_HTML_BYTES);
        assert_eq!(beginning(&format!("x{}", "ä".repeat(MAX_HTML_BYTES))).len(), MAX_HTML_BYTES - 1);
    }

    #[test]
    fn a_host_that_is_none_for_its_length_is_not_read() {
        let host = |letters: usize| address_of(&format!("https://{}/x.png", "a".repeat(letters)));
        assert!(host(MAX_HOST_BYTES).is_some() && host(MAX_HOST_BYTES + 1).is_none());
        let long = "\u{6f22}".repeat(1_000);
        for hidden in [
            format!("https://{long}/"),
            format!("\t ht\ntps:\\\t/\n{long}?x"),
            format!("https:{long}#x"),
            format!("https://a:b@{long}\\x"),
            format!("https://a.example:{long}"),
        ] {
            assert!(host_in(&hidden).len() >= long.len() && address_of(&hidden).is_none(), "{hidden}");
        }
        for short in [format!("https://a.example/{}", "x".repeat(1_000)), format!("https://a.example?{long}")] {
            assert!(host_in(&short) == "a.example" && address_of(&short).is_some(), "{short}");
        }
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
