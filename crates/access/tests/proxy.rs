//! The web application proxy against a careless and a hostile application.

use std::time::Duration;

use fernamt_domain::EndReason;
use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

use crate::support::{
    apps::{Browser, Careless, Front, MAIN, hostile, location},
    house::facts,
};

/// How long the end of access may take to reach the application.
const REVOCATION: Duration = Duration::from_secs(5);

const AKTEN: &str = "akten.fernamt.test";

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reaches_the_application_before_sign_in() {
    let (_, door) = Careless::start().await;
    let front = Front::start(&[("akten", door.address().port(), false)]).await;
    let browser = Browser::new(front.address);
    let origin = front.origin("akten");

    let to_main = location(&browser.open(&format!("{origin}/akten?id=1")).await);
    assert!(to_main.starts_with(&format!("http://{MAIN}:")) && to_main.contains("path=%2Fakten%3Fid%3D1"), "{to_main}");
    for (method, path, headers) in [
        ("GET", "/", &[("sec-fetch-mode", "cors"), ("sec-fetch-site", "same-origin")][..]),
        ("GET", "/socket", &[("connection", "upgrade"), ("upgrade", "websocket"), ("origin", origin.as_str())]),
        ("POST", "/transfer", &[("origin", origin.as_str())]),
        ("PUT", "/transfer", &[]),
        ("GET", "/", &[("cookie", "__Host-fernamt-app=guessed")]),
        ("GET", "/", &[("x-fernamt-user", "boss")]),
        ("GET", "//transfer", &[]),
        ("GET", "/.fernamt/enter?code=guessed", &[]),
        ("GET", "/.fernamt/../transfer", &[]),
        ("TRACE", "/", &[]),
        ("OPTIONS", "/transfer", &[]),
    ] {
        let status = browser.send(method, &format!("{origin}{path}"), headers).await.status().as_u16();
        assert!([303, 400, 401, 403, 404].contains(&status), "{method} {path} {headers:?}: {status}");
    }
    assert_eq!(browser.open(&format!("{}/", front.origin("unknown"))).await.status().as_u16(), 404);
    assert_eq!(door.accepted_connections(), 0, "the application saw a connection");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_in_person_gets_in_and_the_application_knows_who() {
    let (app, door) = Careless::start().await;
    let front = Front::start(&[("akten", door.address().port(), false)]).await;
    let browser = Browser::new(front.address);
    browser.enter(&front, "akten", &facts()).await;
    assert_eq!(browser.cookie_names(AKTEN), ["__Host-fernamt-app"]);

    let forged = [("x-fernamt-user", "boss"), ("x-forwarded-for", "127.0.0.1"), ("sec-fetch-site", "same-origin")];
    let response = browser.send("GET", &format!("{}/?q=1", front.origin("akten")), &forged).await;
    assert_eq!(response.text().await.unwrap(), "Akten");
    let (path, headers) = app.last();
    assert_eq!(path, "/?q=1");
    assert_eq!(headers["x-fernamt-user"], "anna");
    assert_eq!(headers["x-forwarded-for"], "192.0.2.7");
    assert!(!headers.contains_key("cookie"), "our cookie stays here");

    let moved = browser.open(&format!("{}/moved", front.origin("akten"))).await;
    assert_eq!(moved.headers()["location"], format!("{}/elsewhere", front.origin("akten")).as_str());
    let unsound = browser.send("GET", &format!("{}/", front.origin("akten")), &[("x_fernamt_user", "boss")]).await;
    assert_eq!(unsound.status().as_u16(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once_in_one_browser_for_one_application() {
    let (_, door) = Careless::start().await;
    let evil = hostile().await;
    let front = Front::start(&[("akten", door.address().port(), false), ("evil", evil.address().port(), false)]).await;
    let (attacker, victim) = (Browser::new(front.address), Browser::new(front.address));
    let begin = format!("{}/", front.origin("akten"));

    // The attacker begins in their own browser and sends the victim the link with the code.
    let code = front.enter("akten", &facts(), &location(&attacker.open(&begin).await));
    assert_eq!(victim.open(&code).await.status().as_u16(), 403, "without any state");
    location(&victim.open(&begin).await);
    assert_eq!(victim.open(&code).await.status().as_u16(), 403, "with a state of their own");
    assert_eq!(attacker.open(&code).await.status().as_u16(), 403, "the code burnt");

    let code = front.enter("akten", &facts(), &location(&attacker.open(&begin).await));
    let elsewhere = code.replace("akten", "evil");
    location(&attacker.open(&format!("{}/", front.origin("evil"))).await);
    assert_eq!(attacker.open(&elsewhere).await.status().as_u16(), 403, "another application");

    let code = front.enter("akten", &facts(), &location(&attacker.open(&begin).await));
    assert_eq!(location(&attacker.open(&code).await), "/");
    assert_eq!(attacker.open(&code).await.status().as_u16(), 403, "twice");

    let session = attacker.cookie_line(AKTEN);
    let stolen = [("cookie", session.as_str()), ("sec-fetch-mode", "cors"), ("sec-fetch-site", "same-origin")];
    let response = victim.send("GET", &format!("{}/", front.origin("evil")), &stolen).await;
    assert_eq!(response.status().as_u16(), 401, "a session for one application opens no other");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_is_told_so() {
    let (_, door) = Careless::start().await;
    let front = Front::start(&[("akten", door.address().port(), false)]).await;
    let browser = Browser::new(front.address);
    let to_main = location(&browser.open(&format!("{}/", front.origin("akten"))).await);
    let id = front.house.targets.lock().unwrap()[0].id;
    front.house.closed.lock().unwrap().push(id);
    let refused = browser.open(&front.enter("akten", &facts(), &to_main)).await;
    assert_eq!(refused.status().as_u16(), 403);
    assert!(refused.text().await.unwrap().contains("Diese Anwendung ist für Sie nicht freigegeben"));
    assert_eq!(door.accepted_connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn neighbours_cannot_read_or_set_cookies() {
    let (app, door) = Careless::start().await;
    let evil = hostile().await;
    let front = Front::start(&[("akten", door.address().port(), false), ("evil", evil.address().port(), false)]).await;
    let browser = Browser::new(front.address);
    let person = facts();
    browser.enter(&front, "akten", &person).await;
    browser.enter(&front, "evil", &person).await;
    let own = [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")];

    let login = browser.send("GET", &format!("{}/login", front.origin("akten")), &own).await;
    assert!(!login.headers().contains_key("set-cookie"), "a hidden cookie does not even reach the browser");
    let response = browser.send("GET", &format!("{}/", front.origin("evil")), &own).await;
    let lines: Vec<_> = response.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
    assert_eq!(lines, ["sid=untergeschoben; Path=/", "theme=dark; Path=/"]);
    assert_eq!(response.headers()["x-frame-options"], "SAMEORIGIN");
    assert!(!response.headers().contains_key("strict-transport-security"));

    // What a script of the hostile application can do: set a cookie for the parent domain.
    browser.plant(AKTEN, "sid", "untergeschoben");
    browser.plant(AKTEN, "other", "1");
    browser.send("GET", &format!("{}/", front.origin("akten")), &own).await;
    assert_eq!(app.last().1["cookie"], "sid=geheim");
}

#[tokio::test(flavor = "multi_thread")]
async fn neighbours_cannot_forge_requests() {
    let (app, door) = Careless::start().await;
    let front = Front::start(&[("akten", door.address().port(), false)]).await;
    let browser = Browser::new(front.address);
    browser.enter(&front, "akten", &facts()).await;
    let (origin, evil) = (front.origin("akten"), front.origin("evil"));
    let before = app.requests.lock().unwrap().len();
    for (method, path, headers) in [
        (
            "POST",
            "/transfer",
            &[("origin", evil.as_str()), ("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors")][..],
        ),
        (
            "POST",
            "/transfer",
            &[
                ("origin", evil.as_str()),
                ("sec-fetch-site", "same-site"),
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "document"),
            ],
        ),
        ("POST", "/transfer", &[("origin", "null"), ("sec-fetch-site", "cross-site")]),
        ("POST", "/transfer", &[]),
        (
            "GET",
            "/transfer",
            &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")],
        ),
        (
            "GET",
            "/transfer",
            &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
        ),
        ("GET", "/socket", &[("connection", "upgrade"), ("upgrade", "websocket"), ("origin", evil.as_str())]),
        ("OPTIONS", "/transfer", &[("origin", evil.as_str()), ("access-control-request-method", "PUT")]),
    ] {
        let response = browser.send(method, &format!("{origin}{path}"), headers).await;
        assert_eq!(response.status().as_u16(), 403, "{method} {path} {headers:?}");
    }
    assert_eq!(app.requests.lock().unwrap().len(), before, "nothing got through");
    let own = browser.send("POST", &format!("{origin}/transfer"), &[("origin", origin.as_str())]).await;
    assert_eq!(own.text().await.unwrap(), "transferred");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_grant_ends_requests_and_web_sockets() {
    let (_, door) = Careless::start().await;
    let front = Front::start(&[("akten", door.address().port(), false)]).await;
    let browser = Browser::new(front.address);
    browser.enter(&front, "akten", &facts()).await;
    let origin = front.origin("akten");
    let own = [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")];

    let mut download = browser.send("GET", &format!("{origin}/endless"), &own).await;
    assert_eq!(download.chunk().await.unwrap().unwrap(), "drop");
    let mut socket = web_socket(&front, &browser).await;
    socket.send(Message::text("Grüße")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("Grüße"));
    assert!(tokio::task::block_in_place(|| door.wait_for_connections(2, REVOCATION)));

    assert_eq!(front.house.grants.end_where(EndReason::NotAllowed, |_| true), 1);
    assert!(tokio::task::block_in_place(|| door.wait_for_connections(0, REVOCATION)), "the application saw no end");
    let rest = timeout(REVOCATION, async { while let Ok(Some(_)) = download.chunk().await {} }).await;
    assert!(rest.is_ok(), "the download ends");
    let closed = timeout(REVOCATION, async { while let Some(Ok(_)) = socket.next().await {} }).await;
    assert!(closed.is_ok(), "the WebSocket ends");
    assert_eq!(browser.send("GET", &format!("{origin}/"), &own).await.status().as_u16(), 401);
    assert!(front.house.grants.is_empty(), "the grant is given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_stream_both_ways() {
    let (_, door) = Careless::start().await;
    let front = Front::start(&[("akten", door.address().port(), false)]).await;
    let browser = Browser::new(front.address);
    browser.enter(&front, "akten", &facts()).await;
    let origin = front.origin("akten");
    let body: Vec<u8> = (0..3_000_000_u32).map(|number| u8::try_from(number % 251).unwrap()).collect();
    let echoed =
        browser.send_body("POST", &format!("{origin}/echo"), &[("origin", origin.as_str())], body.clone()).await;
    assert_eq!(echoed.bytes().await.unwrap(), body);
}

#[tokio::test(flavor = "multi_thread")]
async fn ambiguous_requests_do_not_pass() {
    let (app, door) = Careless::start().await;
    let front = Front::start(&[("akten", door.address().port(), false)]).await;
    let browser = Browser::new(front.address);
    browser.enter(&front, "akten", &facts()).await;
    let before = app.requests.lock().unwrap().len();
    let host = format!("{AKTEN}:{}", front.address.port());
    let head = format!(
        "POST /echo HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {}\r\n",
        browser.cookie_line(AKTEN)
    );
    for rest in [
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Host: other\r\nContent-Length: 0\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(front.address).await.unwrap();
        stream.write_all(format!("{head}{rest}").as_bytes()).await.unwrap();
        let mut answer = vec![0; 12];
        timeout(REVOCATION, stream.read_exact(&mut answer)).await.unwrap().unwrap();
        assert_eq!(answer, b"HTTP/1.1 400", "{rest:?}");
    }
    assert_eq!(app.requests.lock().unwrap().len(), before);

    // Here the server reads `chunked`, as it must, and the application gets what the server read: one empty body.
    let mut stream = TcpStream::connect(front.address).await.unwrap();
    let both =
        "Content-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nPOST /transfer HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(format!("{head}{both}").as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answers = Vec::new();
    timeout(REVOCATION, stream.read_to_end(&mut answers)).await.unwrap().unwrap();
    let requests = app.requests.lock().unwrap();
    assert_eq!(requests.len(), before + 1);
    assert_eq!(requests.last().unwrap().0, "/echo");
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_application_are_pages_in_words() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (_, plain) = Careless::start().await;
    let front = Front::start(&[("akten", closed, false), ("evil", plain.address().port(), true)]).await;
    let browser = Browser::new(front.address);
    for (label, status, words) in
        [("akten", 502, "Die Anwendung antwortet nicht"), ("evil", 502, "Die Anwendung antwortet unverständlich")]
    {
        browser.enter(&front, label, &facts()).await;
        let response = browser.open(&format!("{}/", front.origin(label))).await;
        assert_eq!(response.status().as_u16(), status);
        let page = response.text().await.unwrap();
        assert!(page.contains(words) && page.contains(&format!("„Anwendung {label}“")), "{page}");
    }
}

async fn web_socket(front: &Front, browser: &Browser) -> tokio_tungstenite::WebSocketStream<TcpStream> {
    let mut request = format!("ws://{AKTEN}:{}/socket", front.address.port()).into_client_request().unwrap();
    request.headers_mut().insert("origin", front.origin("akten").parse().unwrap());
    request.headers_mut().insert("cookie", browser.cookie_line(AKTEN).parse().unwrap());
    let stream = TcpStream::connect(front.address).await.unwrap();
    tokio_tungstenite::client_async(request, stream).await.unwrap().0
}
