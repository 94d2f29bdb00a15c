//! Pages in words, for people whose way to an application ends here: self-contained, in German or English, with a way
//! on. They load nothing and run no script.

use axum::{
    body::Body,
    http::{HeaderMap, Response, StatusCode},
};
use fernamt_http::words::{Words, wants_english};

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

/// A page as a response. `main` is the origin of the start page.
pub(crate) fn respond(page: Page<'_>, headers: &HeaderMap, main: &str) -> Response<Body> {
    let english = wants_english(headers);
    let (status, code, german, in_english) = words(page);
    let (title, text, link) = if english { in_english } else { german };
    let (again, open, start) = if english {
        ("Try again", "Open the application", "To the start page")
    } else {
        ("Noch einmal versuchen", "Anwendung öffnen", "Zur Startseite")
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
    let text = text.replace("{name}", name);
    Words { status, code, title, text: &text, link: (href, label), english }.respond()
}

#[derive(Clone, Copy)]
enum Link {
    Again,
    Open,
    Start,
}

type Sentences = (&'static str, &'static str, Link);

#[expect(clippy::too_many_lines, reason = "a table of sentences, a row a page")]
fn words(page: Page<'_>) -> (StatusCode, &'static str, Sentences, Sentences) {
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
    use axum::http::header;

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
