//! The application's cookies, kept here instead of in the browser.
//!
//! Under one parent domain a hostile application's script can set a cookie *for the parent* and so plant it in front of
//! its neighbours, which no header of ours can forbid. So an application gets back the cookies that it set itself, with
//! the values it gave them, whatever the browser sends. Cookies that no script may read (`HttpOnly`) do not even reach
//! the browser; the others do, as host-only cookies, because the application's own script may want to read them.
//!
//! They live as long as the person's session at the application. Matching follows RFC 6265, sections 5.1.4 and 5.2.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use fernamt_http::cookie::PREFIX;
use time::{Duration, OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

/// The most cookies of one application in one session.
const MAX_COOKIES: usize = 64;

/// The longest name and value of one cookie together, in bytes.
const MAX_COOKIE_BYTES: usize = 4_096;

/// The most bytes of all of them.
const MAX_JAR_BYTES: usize = 32 * 1024;

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// The kinds of data that a browser clears for one origin when asked to.
const CLEARED_BY_ORIGIN: [&str; 3] = ["cache", "executionContexts", "storage"];

#[derive(Debug, Clone, PartialEq, Eq)]
struct Cookie {
    name: String,
    value: String,
    path: String,
    until: Option<OffsetDateTime>,
}

/// The cookies of one application in one session.
#[derive(Debug, Default)]
pub(super) struct Jar {
    cookies: Vec<Cookie>,
}

impl Jar {
    /// The `Cookie` line for a request to a path.
    pub(super) fn line(&mut self, path: &str, now: OffsetDateTime) -> Option<HeaderValue> {
        self.cookies.retain(|cookie| cookie.until.is_none_or(|until| until > now));
        let mut fitting: Vec<_> = self.cookies.iter().filter(|cookie| path_matches(path, &cookie.path)).collect();
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<_> = fitting.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        (!pairs.is_empty()).then(|| HeaderValue::from_str(&pairs.join("; ")).ok()).flatten()
    }

    /// Takes the cookies out of a response to a request for `path` and leaves only what the browser may have.
    pub(super) fn take(&mut self, headers: &mut HeaderMap, path: &str, now: OffsetDateTime) {
        if ends_cookies(headers) {
            self.cookies.clear();
        }
        let lines: Vec<_> = headers.get_all(header::SET_COOKIE).iter().cloned().collect();
        headers.remove(header::SET_COOKIE);
        for line in lines {
            if let Some(visible) = line.to_str().ok().and_then(|line| self.set(line, path, now)) {
                headers.append(header::SET_COOKIE, visible);
            }
        }
    }

    /// Sets one cookie. Returns the line that the browser may have.
    fn set(&mut self, line: &str, request_path: &str, now: OffsetDateTime) -> Option<HeaderValue> {
        let mut parts = line.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        let ours = name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
        if name.is_empty() || ours || name.len() + value.len() > MAX_COOKIE_BYTES {
            return None;
        }
        let mut cookie = Cookie {
            name: name.to_owned(),
            value: value.to_owned(),
            path: default_path(request_path).to_owned(),
            until: None,
        };
        let (mut hidden, mut max_age) = (false, false);
        let mut visible = format!("{name}={value}");
        for part in parts {
            let (key, value) =
                part.split_once('=').map_or((part.trim(), ""), |(key, value)| (key.trim(), value.trim()));
            match key.to_ascii_lowercase().as_str() {
                "domain" => continue,
                "httponly" => hidden = true,
                "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
                "max-age" => {
                    if let Ok(seconds) = value.parse::<i64>() {
                        max_age = true;
                        cookie.until = Some(now.saturating_add(Duration::seconds(seconds)));
                    }
                }
                "expires" if !max_age => cookie.until = date(value).or(cookie.until),
                _ => {}
            }
            visible.push(';');
            visible.push_str(part);
        }
        self.cookies.retain(|other| (&other.name, &other.path) != (&cookie.name, &cookie.path));
        if cookie.until.is_none_or(|until| until > now) {
            self.cookies.push(cookie);
            let bytes =
                |cookies: &[Cookie]| cookies.iter().map(|cookie| cookie.name.len() + cookie.value.len()).sum::<usize>();
            while self.cookies.len() > MAX_COOKIES || bytes(&self.cookies) > MAX_JAR_BYTES {
                self.cookies.remove(0);
            }
        }
        if hidden { None } else { HeaderValue::from_str(&visible).ok() }
    }
}

/// Leaves of `Clear-Site-Data` what concerns the application's origin alone. Whoever clears "cookies" clears them for
/// every host of the parent domain, and so would sign people out everywhere. Returns whether cookies were to go.
fn ends_cookies(headers: &mut HeaderMap) -> bool {
    let lines = headers.get_all(CLEAR_SITE_DATA).iter().filter_map(|line| line.to_str().ok());
    let kinds: Vec<_> = lines.flat_map(|line| line.split(',')).map(|kind| kind.trim().trim_matches('"')).collect();
    let everything = kinds.contains(&"*");
    let kept: Vec<_> = CLEARED_BY_ORIGIN.iter().filter(|kind| everything || kinds.contains(kind)).collect();
    let ends = everything || kinds.contains(&"cookies");
    let line = kept.iter().map(|kind| format!("\"{kind}\"")).collect::<Vec<_>>().join(", ");
    headers.remove(CLEAR_SITE_DATA);
    if let Some(line) = HeaderValue::from_str(&line).ok().filter(|line| !line.is_empty()) {
        headers.insert(CLEAR_SITE_DATA, line);
    }
    ends
}

fn default_path(request_path: &str) -> &str {
    match request_path.rfind('/') {
        Some(at) if at > 0 => request_path.get(..at).unwrap_or("/"),
        _ => "/",
    }
}

fn path_matches(request: &str, cookie: &str) -> bool {
    request.strip_prefix(cookie).is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

/// The three forms of dates that servers send (RFC 9110, section 5.6.7); a form we cannot read makes a session cookie.
fn date(text: &str) -> Option<OffsetDateTime> {
    const FORMS: [&[BorrowedFormatItem<'_>]; 2] = [
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"),
        format_description!("[weekday repr:short], [day]-[month repr:short]-[year] [hour]:[minute]:[second] GMT"),
    ];
    let parse = |form| time::PrimitiveDateTime::parse(text, form).ok();
    FORMS.into_iter().find_map(parse).map(time::PrimitiveDateTime::assume_utc)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-02 08:00 UTC);

    fn take(jar: &mut Jar, path: &str, lines: &[&str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::SET_COOKIE, line.parse().unwrap());
        }
        jar.take(&mut headers, path, NOW);
        headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    fn line(jar: &mut Jar, path: &str) -> String {
        jar.line(path, NOW).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    #[test]
    fn hidden_cookies_stay_here_and_others_lose_their_domain() {
        let mut jar = Jar::default();
        let visible = take(
            &mut jar,
            "/",
            &[
                "sid=1; Path=/; HttpOnly; Domain=.example.org",
                "theme=dark; Path=/; Domain=fernamt.example.org; SameSite=None",
            ],
        );
        assert_eq!(visible, ["theme=dark; Path=/; SameSite=None"]);
        assert_eq!(line(&mut jar, "/a"), "sid=1; theme=dark");
    }

    #[test]
    fn an_application_cannot_touch_our_cookies() {
        let mut jar = Jar::default();
        let lines = ["__Host-fernamt=x; Path=/; Secure", "__host-Fernamt-app=y; Path=/", "__Host-fernamt-handover=z"];
        assert!(take(&mut jar, "/", &lines).is_empty());
        assert_eq!(line(&mut jar, "/"), "");
    }

    #[test]
    fn paths_and_ends_are_kept_to() {
        let mut jar = Jar::default();
        take(&mut jar, "/shop/cart", &["a=1", "b=2; Path=/", "c=3; Path=/shop/", "d=4; Max-Age=60", "e=5; Max-Age=0"]);
        take(
            &mut jar,
            "/",
            &["f=6; Expires=Mon, 02 Nov 2026 08:00:01 GMT", "g=7; Expires=Sun, 01-Nov-2026 08:00:00 GMT"],
        );
        assert_eq!(line(&mut jar, "/shop/cart"), "c=3; a=1; d=4; b=2; f=6");
        assert_eq!(line(&mut jar, "/shopping"), "b=2; f=6");
        take(&mut jar, "/", &["b=; Path=/; Max-Age=0"]);
        assert_eq!(line(&mut jar, "/"), "f=6");
        let later = jar.line("/shop/cart", NOW + Duration::minutes(2)).unwrap();
        assert_eq!(later, "c=3; a=1", "f and d are over");
    }

    #[test]
    fn an_application_clears_what_is_its_own() {
        for (wish, left, ends) in [
            ("\"cookies\"", None, true),
            ("\"cache\", \"cookies\" , \"storage\"", Some("\"cache\", \"storage\""), true),
            ("\"*\"", Some("\"cache\", \"executionContexts\", \"storage\""), true),
            ("\"storage\"", Some("\"storage\""), false),
            ("\"clientHints\"", None, false),
        ] {
            let mut jar = Jar::default();
            take(&mut jar, "/", &["sid=1; HttpOnly"]);
            let mut headers = HeaderMap::from_iter([(CLEAR_SITE_DATA, HeaderValue::from_static(wish))]);
            jar.take(&mut headers, "/", NOW);
            let passed = headers.get(CLEAR_SITE_DATA).map(|line| line.to_str().unwrap());
            assert_eq!((passed, line(&mut jar, "/").is_empty()), (left, ends), "{wish}");
        }
    }

    #[test]
    fn the_jar_is_bounded() {
        let mut jar = Jar::default();
        for number in 0..1000 {
            take(&mut jar, "/", &[&format!("c{number}={}", "x".repeat(1000))]);
        }
        assert!(line(&mut jar, "/").len() <= MAX_JAR_BYTES + 4 * MAX_COOKIES);
        assert!(take(&mut jar, "/", &[&format!("big={}", "x".repeat(MAX_COOKIE_BYTES))]).is_empty());
    }

    proptest! {
        #[test]
        fn any_line_is_survived(text in "[ -~]{0,200}") {
            let mut jar = Jar::default();
            let visible = take(&mut jar, "/a/b", &[&text]);
            for line in visible {
                prop_assert!(!line.to_ascii_lowercase().split(';').skip(1).any(|part| part.trim().starts_with("domain")));
            }
            let _ = jar.line("/a/b", NOW);
        }
    }
}
