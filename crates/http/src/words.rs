//! Pages in words, for people whose way ends here or goes on at once: self-contained, in German or English. They load
//! nothing and run no script.

use aws_lc_rs::digest;
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use data_encoding::BASE64;

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{margin:0;padding:4rem 1rem;background:#f2f3f8;color:#131525;\
font:1.125rem/1.6 'Fira Sans','Noto Sans',system-ui,sans-serif}\
main{max-width:32rem;margin:auto;padding:2.25rem;border:1px solid #bfc2d8;border-radius:12px;background:#fff}\
h1{font-size:1.75rem;line-height:1.25;margin:0 0 1rem;hyphens:auto}\
p{margin:0 0 1.5rem}\
a{display:inline-block;padding:.6rem 1.4rem;border:1px solid #2043a8;border-radius:4px;background:#2043a8;color:#fff;\
font-weight:600;text-decoration:none}\
a:focus-visible{outline:3px solid;outline-color:#454a6e;outline-offset:2px}\
small{display:block;margin-top:2rem;color:#4b5174}\
@media(prefers-color-scheme:dark){body{background:#10121f;color:#f2f3f8}main{background:#1b1e30;border-color:#454a6e}\
a:focus-visible{outline-color:#c8cbe0}small{color:#b4b8d2}}\
@media(max-width:30rem){body{padding:1rem}main{padding:1.5rem}}";

/// The person's language, as far as the browser tells: German unless English comes first.
pub fn wants_english(headers: &HeaderMap) -> bool {
    let languages = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let known =
        languages.split(',').map(str::trim).find(|language| language.starts_with("de") || language.starts_with("en"));
    known.is_some_and(|language| language.starts_with("en"))
}

/// What a page says.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// The status that it comes with.
    pub status: StatusCode,
    /// A stable word for whoever is asked for help.
    pub code: &'a str,
    /// The heading.
    pub title: &'a str,
    /// One paragraph.
    pub text: &'a str,
    /// Where to go on, and what that is called.
    pub link: (&'a str, &'a str),
    /// Whether all of it is in English and not in German.
    pub english: bool,
}

impl Words<'_> {
    /// The page.
    pub fn respond(self) -> Response<Body> {
        let html = format!(
            "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\"><title>{title} – Fernamt</title>\
             <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body><main><h1>{title}</h1>\
             <p>{text}</p><a href=\"{href}\">{label}</a><small>Fernamt · {code}</small></main></body></html>",
            language = if self.english { "en" } else { "de" },
            title = escape(self.title),
            text = escape(self.text),
            href = escape(self.link.0),
            label = escape(self.link.1),
            code = escape(self.code),
        );
        html_response(self.status, html)
    }
}

/// A page that at once loads an address of its own origin: a navigation that another site began goes on as one of
/// ours, so that the session cookie (`SameSite=Strict`) comes along.
pub fn hop(address: &str) -> Response<Body> {
    let html = format!(
        "<!doctype html><meta charset=\"utf-8\"><title>Fernamt</title><meta http-equiv=\"refresh\" content=\"0;url={0}\">\
         <a href=\"{0}\">Weiter · Continue</a>",
        escape(address)
    );
    html_response(StatusCode::OK, html)
}

fn html_response(status: StatusCode, html: String) -> Response<Body> {
    let hash = BASE64.encode(digest::digest(&digest::SHA256, STYLE.as_bytes()).as_ref());
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Replaces what HTML would take for markup.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
