//! The session on the origin of mail: how somebody gets it, and when it ends.

use axum::{
    http::{StatusCode, header},
    response::Response,
};
use fernamt_domain::DeviceState;
use time::Duration;

use crate::support::{Browser, Office};

const MAIN: &str = "amt.test";
const POST: &str = "post.amt.test";

fn address(response: &Response) -> &str {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers()[header::LOCATION].to_str().unwrap()
}

/// The cookies that a response sets, as the next request carries them.
fn cookies(response: &Response) -> String {
    let set = response.headers().get_all(header::SET_COOKIE).iter();
    set.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap()).collect::<Vec<_>>().join("; ")
}

/// The path of an address on this host.
fn path<'a>(address: &'a str, host: &str) -> &'a str {
    address.strip_prefix(&format!("https://{host}")).unwrap()
}

fn at_main(browser: &Browser<'_>) -> String {
    browser.cookie.as_ref().map(|cookie| format!("__Host-fernamt={cookie}")).unwrap_or_default()
}

/// Goes from the origin of mail to the main site and back; returns what the arrival says.
async fn arrive(office: &Office, browser: &Browser<'_>, first: &str) -> Response {
    let begun = office.open_page(POST, first, "").await;
    let led = office.open_page(MAIN, path(address(&begun), MAIN), &at_main(browser)).await;
    office.open_page(POST, path(address(&led), POST), &cookies(&begun)).await
}

async fn standing(office: &Office, cookies: &str) -> StatusCode {
    office.open_page(POST, "/api/v1/session", cookies).await.status()
}

#[tokio::test]
async fn a_person_comes_over_and_the_session_ends_with_the_main_one() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("a.meier").await;
    let arrived = arrive(&office, &browser, "/ordner?id=1").await;
    assert_eq!(address(&arrived), "/ordner?id=1");
    let entered = cookies(&arrived);
    assert!(entered.starts_with("__Host-fernamt-post="), "{entered}");
    assert_eq!(standing(&office, &entered).await, StatusCode::OK);
    // The cookie of one origin is worth nothing on the other.
    assert_eq!(standing(&office, &at_main(&browser)).await, StatusCode::UNAUTHORIZED);
    let swapped = entered.replace("__Host-fernamt-post", "__Host-fernamt");
    let there = office.open_page(MAIN, "/api/v1/session", &swapped).await;
    assert_eq!(there.status(), StatusCode::UNAUTHORIZED);

    assert_eq!(browser.delete("/api/v1/session").await.0, StatusCode::NO_CONTENT);
    assert_eq!(standing(&office, &entered).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn reading_mail_keeps_the_session_and_doing_nothing_ends_it() {
    let office = Office::open().await;
    let (browser, ..) = office.enrolled("a.meier").await;
    let entered = cookies(&arrive(&office, &browser, "/").await);
    for _ in 0..4 {
        office.clock.advance(Duration::minutes(20));
        assert_eq!(standing(&office, &entered).await, StatusCode::OK);
    }
    office.clock.advance(Duration::hours(24));
    assert_eq!(standing(&office, &entered).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_code_counts_once_in_time_and_in_the_browser_that_began() {
    let office = Office::open().await;
    let (browser, ..) = office.enrolled("a.meier").await;
    let begun = office.open_page(POST, "/", "").await;
    let code = async || {
        let led = office.open_page(MAIN, path(address(&begun), MAIN), &at_main(&browser)).await;
        path(address(&led), POST).to_owned()
    };
    let enter = async |code: String, cookies: String| office.open_page(POST, &code, &cookies).await.status();
    let (gone, led) = (StatusCode::GONE, StatusCode::SEE_OTHER);

    let other = cookies(&office.open_page(POST, "/", "").await);
    assert_eq!(enter(code().await, other).await, gone, "another browser's");
    assert_eq!(enter(code().await, String::new()).await, gone, "no browser's");
    let once = code().await;
    assert_eq!(enter(once.clone(), cookies(&begun)).await, led);
    assert_eq!(enter(once, cookies(&begun)).await, gone, "used");
    let late = code().await;
    office.clock.advance(fernamt_identity::challenge::LIFETIME);
    assert_eq!(enter(late, cookies(&begun)).await, gone, "late");
    assert_eq!(enter("/.fernamt/enter?code=made-up".into(), cookies(&begun)).await, gone);
}

#[tokio::test]
async fn who_is_not_signed_in_signs_in_on_the_way() {
    let office = Office::open().await;
    let begun = office.open_page(POST, "/", "").await;
    let led = office.open_page(MAIN, path(address(&begun), MAIN), "").await;
    let back: String = url::form_urlencoded::byte_serialize(path(address(&begun), MAIN).as_bytes()).collect();
    assert!(address(&led).starts_with(&format!("/anmelden?zurueck={back}")), "{}", address(&led));
}

#[tokio::test]
async fn the_service_worker_is_led_and_its_files_are_not() {
    let office = Office::open().await;
    let own = ("sec-fetch-site", "same-origin");
    let page = office.fetch(POST, "/", "", &[own, ("sec-fetch-mode", "same-origin"), ("accept", "text/html")]).await;
    assert!(address(&page).starts_with("https://amt.test/api/v1/post/enter?"));
    let kept = office.fetch(POST, "/", "", &[own, ("sec-fetch-mode", "cors"), ("accept", "*/*")]).await;
    assert_ne!(kept.status(), StatusCode::SEE_OTHER, "what is kept must be the page itself");
}

#[tokio::test]
async fn an_old_sign_in_is_renewed_where_that_is_asked_for() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("a.meier").await;
    let asked = "/.fernamt/begin?path=%2F&fresh=true";
    let arrived = arrive(&office, &browser, asked).await;
    assert_eq!(address(&arrived), "/", "just signed in");
    office.clock.advance(Duration::minutes(6));
    let begun = office.open_page(POST, asked, "").await;
    let led = office.open_page(MAIN, path(address(&begun), MAIN), &at_main(&browser)).await;
    assert!(address(&led).starts_with("/anmelden?zurueck="));
    assert!(!address(&led).contains("fresh"), "once is enough: {}", address(&led));
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn no_other_site_has_a_session_ended() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("a.meier").await;
    office.clock.advance(Duration::minutes(6));
    let link = "/api/v1/post/enter?state=x&fresh=true";
    let hop = office.fetch(MAIN, link, &at_main(&browser), &[("sec-fetch-site", "cross-site")]).await;
    let html = String::from_utf8(axum::body::to_bytes(hop.into_body(), 10_000).await.unwrap().to_vec()).unwrap();
    assert!(html.contains("/api/v1/post/enter?state=x") && !html.contains("fresh="), "{html}");
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn paths_lead_nowhere_else() {
    let office = Office::open().await;
    let (browser, ..) = office.enrolled("a.meier").await;
    for foreign in ["%2F%2Fevil.example", "https%3A%2F%2Fevil.example", "%2F%5Cevil.example"] {
        let arrived = arrive(&office, &browser, &format!("/.fernamt/begin?path={foreign}")).await;
        assert_eq!(address(&arrived), "/", "{foreign}");
    }
}

#[tokio::test]
async fn who_comes_without_a_code_reads_what_to_do() {
    let office = Office::open().await;
    for (language, words) in [("de", "Zur Post"), ("en-GB,en;q=0.9", "To the mail")] {
        let answer = office.fetch(POST, "/.fernamt/enter", "", &[("accept-language", language)]).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        let html = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
        assert!(String::from_utf8_lossy(&html).contains(words));
    }
}

#[tokio::test]
async fn a_blocked_device_is_told_so_and_not_sent_to_the_sign_in() {
    let office = Office::open().await;
    let (mut browser, ..) = office.enrolled("a.meier").await;
    let entered = cookies(&arrive(&office, &browser, "/").await);
    let devices = browser.get("/api/v1/me/devices").await.1;
    let device = devices[0]["id"].as_str().unwrap().parse().unwrap();
    for (state, code) in [(DeviceState::Suspended, "device_suspended"), (DeviceState::Revoked, "device_blocked")] {
        let work = office.tenant.begin().await.unwrap();
        work.devices().set_state(device, state, None).await.unwrap();
        if state == DeviceState::Revoked {
            work.sessions().end_of_device(device).await.unwrap();
        }
        work.commit().await.unwrap();
        let answer = office.open_page(POST, "/api/v1/session", &entered).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        let said = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
        assert!(String::from_utf8_lossy(&said).contains(code), "{said:?}");
        let page = office.open_page(POST, "/", &entered).await;
        assert_ne!(page.status(), StatusCode::SEE_OTHER, "the page itself says what happened");
    }
}
