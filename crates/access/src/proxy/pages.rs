//! Pages in words, for people whose way to an application ends here: self-contained, in German or English, with a way
//! on. They load nothing and run no script.

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

/// What a page tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page<'a> {
    /// There is no application under this name.
    UnknownApp,
    /// The rules do not allow the application.
    NotAllowed,
    /// The request does not come from the application's own pages.
    Foreign,
    /// The request is malformed.
    Malformed,
    /// The one-time code ran out or belongs elsewhere.
    EntryExpired,
    /// Nobody is signed in here.
    SignedOut,
    /// Access ended while the request ran.
    Ended,
    /// Too many requests or connections at once.
    TooMany,
    /// The application does not answer.
    Unreachable(&'a str),
    /// The application takes too long.
    TooSlow(&'a str),
    /// The application shows another certificate.
    CertificateChanged(&'a str),
    /// The application's answer is not HTTP.
    BadAnswer(&'a str),
    /// Our own fault.
    Internal,
}

/// The person's language, as far as the browser tells: German unless English comes first.
pub(crate) fn wants_english(headers: &HeaderMap) -> bool {
    let languages = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let known =
        languages.split(',').map(str::trim).find(|language| language.starts_with("de") || language.starts_with("en"));
    known.is_some_and(|language| language.starts_with("en"))
}

/// A page as a response. `main` is the origin of the start page.
pub(crate) fn respond(page: Page<'_>, headers: &HeaderMap, main: &str) -> Response<Body> {
    let english = wants_english(headers);
    let (status, code, german, in_english) = words(page);
    let (title, text, link) = if english { in_english } else { german };
    let (language, again, open, start) = if english {
        ("en", "Try again", "Open the application", "To the start page")
    } else {
        ("de", "Noch einmal versuchen", "Anwendung öffnen", "Zur Startseite")
    };
    let (href, label) = match link {
        Link::Again => ("/", again),
        Link::Open => ("/", open),
        Link::Start => (main, start),
    };
    let name = match page {
        Page::Unreachable(name) | Page::TooSlow(name) | Page::CertificateChanged(name) | Page::BadAnswer(name) => name,
        _ => "",
    };
    let text = escape(text).replace("{name}", &escape(name));
    let html = format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\"><title>{title} – Fernamt</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body><main><h1>{title}</h1>\
         <p>{text}</p><a href=\"{href}\">{label}</a><small>Fernamt · {code}</small></main></body></html>",
        title = escape(title),
        href = escape(href),
    );
    html_response(status, html)
}

/// A page that at once loads an address of its own origin: a navigation that another site began goes on as one of
/// ours, so that the session cookie (`SameSite=Strict`) comes along.
pub(crate) fn hop(address: &str) -> Response<Body> {
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

#[derive(Clone, Copy)]
enum Link {
    Again,
    Open,
    Start,
}

type Words = (&'static str, &'static str, Link);

#[expect(clippy::too_many_lines, reason = "a table of sentences, a row a page")]
fn words(page: Page<'_>) -> (StatusCode, &'static str, Words, Words) {
    use Link::{Again, Open, Start};
    match page {
        Page::UnknownApp => (
            StatusCode::NOT_FOUND,
            "unknown_app",
            (
                "Diese Anwendung gibt es nicht",
                "Unter dieser Adresse ist keine Anwendung eingerichtet. Auf der Startseite sehen Sie, was Sie benutzen können.",
                Start,
            ),
            (
                "There is no such application",
                "No application is set up under this address. The start page shows what you may use.",
                Start,
            ),
        ),
        Page::NotAllowed => (
            StatusCode::FORBIDDEN,
            "not_allowed",
            (
                "Diese Anwendung ist für Sie nicht freigegeben",
                "Nach den Regeln Ihrer Verwaltung dürfen Sie diese Anwendung von diesem Gerät, Netz oder zu dieser Zeit nicht öffnen. Wenn Sie sie brauchen, wenden Sie sich an Ihre Leitstelle.",
                Start,
            ),
            (
                "You may not use this application",
                "Your administration's rules do not allow this application from this device or network, or at this time. If you need it, ask your control desk.",
                Start,
            ),
        ),
        Page::Foreign => (
            StatusCode::FORBIDDEN,
            "foreign_page",
            (
                "Diese Anfrage kam von einer fremden Seite",
                "Eine andere Seite wollte in Ihrem Namen etwas an diese Anwendung senden. Das ist nicht erlaubt; es wurde nichts ausgeführt. Öffnen Sie die Anwendung selbst, wenn Sie mit ihr arbeiten möchten.",
                Open,
            ),
            (
                "This request came from another page",
                "Another page wanted to send something to this application in your name. That is not allowed; nothing was done. Open the application yourself to work with it.",
                Open,
            ),
        ),
        Page::Malformed => (
            StatusCode::BAD_REQUEST,
            "malformed",
            (
                "Diese Anfrage ist nicht eindeutig",
                "Ihr Browser hat eine Anfrage gesendet, die sich verschieden lesen lässt. Sie wurde nicht weitergegeben.",
                Again,
            ),
            (
                "This request is ambiguous",
                "Your browser sent a request that can be read in different ways. It was not passed on.",
                Again,
            ),
        ),
        Page::EntryExpired => (
            StatusCode::FORBIDDEN,
            "entry_expired",
            (
                "Die Anmeldung an der Anwendung ist abgelaufen",
                "Zwischen dem Öffnen und der Ankunft verging zu viel Zeit, oder der Link gehört zu einem anderen Browser. Öffnen Sie die Anwendung noch einmal.",
                Open,
            ),
            (
                "The entry to the application has expired",
                "Too much time passed between opening and arriving, or the link belongs to another browser. Open the application again.",
                Open,
            ),
        ),
        Page::SignedOut => (
            StatusCode::UNAUTHORIZED,
            "signed_out",
            ("Sie sind nicht angemeldet", "Melden Sie sich an, um diese Anwendung zu benutzen.", Again),
            ("You are not signed in", "Sign in to use this application.", Again),
        ),
        Page::Ended => (
            StatusCode::FORBIDDEN,
            "ended",
            (
                "Der Zugang wurde beendet",
                "Während der Anfrage endete Ihr Zugang zu dieser Anwendung, zum Beispiel durch eine Abmeldung oder eine geänderte Regel.",
                Start,
            ),
            (
                "Access has ended",
                "Your access to this application ended during the request, by a sign-out or a changed rule, for example.",
                Start,
            ),
        ),
        Page::TooMany => (
            StatusCode::SERVICE_UNAVAILABLE,
            "too_many",
            ("Zu viele Anfragen auf einmal", "Bitte warten Sie einen Augenblick.", Again),
            ("Too many requests at once", "Please wait a moment.", Again),
        ),
        Page::Unreachable(_) => (
            StatusCode::BAD_GATEWAY,
            "unreachable",
            (
                "Die Anwendung antwortet nicht",
                "„{name}“ ist zurzeit nicht zu erreichen. Versuchen Sie es in einigen Minuten noch einmal. Hält es an, sagen Sie der Leitstelle Bescheid.",
                Again,
            ),
            (
                "The application does not answer",
                "“{name}” cannot be reached at present. Try again in a few minutes. If it lasts, tell the control desk.",
                Again,
            ),
        ),
        Page::TooSlow(_) => (
            StatusCode::GATEWAY_TIMEOUT,
            "too_slow",
            (
                "Die Anwendung braucht zu lange",
                "„{name}“ hat nicht rechtzeitig geantwortet. Ob Ihre Eingabe angekommen ist, wissen wir nicht: Sehen Sie nach, bevor Sie sie wiederholen.",
                Again,
            ),
            (
                "The application takes too long",
                "“{name}” did not answer in time. We cannot tell whether your input arrived: look before you repeat it.",
                Again,
            ),
        ),
        Page::CertificateChanged(_) => (
            StatusCode::BAD_GATEWAY,
            "certificate_changed",
            (
                "Die Anwendung weist sich anders aus als bisher",
                "„{name}“ zeigt ein anderes Zertifikat als das hinterlegte. Zu Ihrem Schutz wurde keine Verbindung aufgebaut. Die Leitstelle kann prüfen, ob das Zertifikat erneuert wurde.",
                Again,
            ),
            (
                "The application shows another identity than before",
                "“{name}” shows another certificate than the one on record. To protect you, no connection was made. The control desk can check whether the certificate was renewed.",
                Again,
            ),
        ),
        Page::BadAnswer(_) => (
            StatusCode::BAD_GATEWAY,
            "bad_answer",
            (
                "Die Anwendung antwortet unverständlich",
                "Mit der Antwort von „{name}“ konnten wir nichts anfangen. Hält es an, sagen Sie der Leitstelle Bescheid.",
                Again,
            ),
            (
                "The application's answer makes no sense",
                "We could not make anything of the answer of “{name}”. If it lasts, tell the control desk.",
                Again,
            ),
        ),
        Page::Internal => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            ("Etwas ist bei uns schiefgegangen", "Der Fehler ist vermerkt. Versuchen Sie es noch einmal.", Again),
            ("Something went wrong on our side", "The fault has been noted. Try again.", Again),
        ),
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn html(page: Page<'_>, language: &str) -> String {
        let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, language.parse().unwrap())]);
        let response = respond(page, &headers, "https://fernamt.example.org");
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn the_browsers_language_decides() {
        assert!(html(Page::UnknownApp, "de-DE,de;q=0.9,en;q=0.8").await.contains("Diese Anwendung gibt es nicht"));
        assert!(html(Page::UnknownApp, "en-GB,de;q=0.5").await.contains("There is no such application"));
        assert!(html(Page::UnknownApp, "fr").await.contains("lang=\"de\""));
    }

    #[tokio::test]
    async fn names_cannot_bring_markup() {
        let html = html(Page::Unreachable("<script>alert('1')</script>"), "en").await;
        assert!(html.contains("&lt;script&gt;alert(&#39;1&#39;)") && !html.contains("<script"));
    }
}
