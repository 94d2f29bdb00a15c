//! Pictures that messages show and do not hold.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use fernamt_api::admin::settings::{PictureSettings, Settings};
use fernamt_domain::{DomainEvent, MailAccountId, feature::Feature, mail::MailRight};
use fernamt_http::{egress::EgressGuard, site::SETTINGS_KEY};
use fernamt_mail::Pictures;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
    sync::watch,
};

use crate::house::{Client, House, Reply};

pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01";

/// How a server answers, by the path: these bytes, and then an end; without any it says nothing for ever.
pub(crate) type Answers = HashMap<String, Vec<u8>>;

/// What a server answers, and what it was asked.
#[derive(Clone)]
pub(crate) struct Desk {
    answers: Arc<Answers>,
    asked: Arc<Mutex<Vec<String>>>,
    count: watch::Sender<usize>,
}

impl Desk {
    pub(crate) fn new(answers: Answers) -> Self {
        Self { answers: Arc::new(answers), asked: Arc::default(), count: watch::Sender::new(0) }
    }

    /// Takes one request, and answers it.
    pub(crate) async fn serve(self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let path = head.split(' ').nth(1).unwrap().to_owned();
        self.asked.lock().unwrap().push(head);
        self.count.send_modify(|count| *count += 1);
        match self.answers.get(&path) {
            Some(answer) if answer.is_empty() => drop(stream.read_u8().await),
            // The client may have heard enough before all is said.
            Some(answer) => {
                drop(stream.write_all(answer).await);
                drop(stream.shutdown().await);
            }
            None => stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await.unwrap(),
        }
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// A server elsewhere that shows pictures, and writes down what it is asked.
pub(crate) struct Gallery {
    address: SocketAddr,
    desk: Desk,
}

impl Gallery {
    pub(crate) async fn start(answers: impl FnOnce(SocketAddr) -> Answers) -> Self {
        Self::start_at("127.0.0.1", answers).await
    }

    async fn start_at(host: &str, answers: impl FnOnce(SocketAddr) -> Answers) -> Self {
        let listener = TcpListener::bind((host, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let desk = Desk::new(answers(address));
        let serving = desk.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        Self { address, desk }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.desk.asked()
    }

    /// Waits until so many requests came.
    async fn has_been_asked(&self, times: usize) {
        self.desk.count.subscribe().wait_for(|count| *count == times).await.unwrap();
    }

    /// Where this server counts as one of the internet.
    pub(crate) fn guard(&self) -> EgressGuard {
        EgressGuard::default().public_only().allow_loopback([self.address.port()])
    }

    pub(crate) async fn house(&self) -> House {
        let house = House::with_pictures(Pictures::new(self.guard())).await;
        allow(&house, PictureSettings { enabled: true, unencrypted: true }).await;
        house
    }
}

pub(crate) fn ok(kind: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n", bytes.len());
    [head.as_bytes(), bytes].concat()
}

fn elsewhere(place: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 Found\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n").into_bytes()
}

pub(crate) async fn allow(house: &House, pictures: PictureSettings) {
    let mut work = house.tenant.begin().await.unwrap();
    work.settings().set(SETTINGS_KEY, &Settings { pictures, ..Settings::default() }).await.unwrap();
    work.publish(DomainEvent::SettingsChanged);
    work.commit().await.unwrap();
}

/// A message that shows these pictures, in somebody's inbox.
pub(crate) async fn message(client: &Client, urls: &[&str]) -> String {
    let shown: Vec<_> = urls.iter().map(|url| format!("<img src=\"{}\">", url.replace('&', "&amp;"))).collect();
    let shown = shown.concat();
    let raw = format!(
        "From: x@elsewhere.example\r\nSubject: Angebot\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; \
         boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhttp://im-text.example/x.png\r\n--b\r\n\
         Content-Type: text/html; charset=utf-8\r\n\r\n<p>Neu!</p>{shown}\r\n--b--\r\n"
    );
    client.import(&client.mailbox("inbox").await, &raw).await
}

async fn load_from(client: &Client, account: &str, email: &str, url: &str) -> Reply {
    let path = format!("/api/v1/mail/accounts/{account}/pictures");
    let body = json!({ "email": email, "url": url }).to_string();
    client.request("POST", &path, "application/json", body.into_bytes()).await
}

pub(crate) async fn load(client: &Client, email: &str, url: &str) -> Reply {
    load_from(client, &client.account, email, url).await
}

pub(crate) fn refusal(reply: &Reply) -> (u16, &str) {
    (reply.status, reply.json["code"].as_str().unwrap_or_default())
}

/// What the session says of pictures that are fetched, null where none are, and its state.
pub(crate) async fn told(client: &Client) -> (Value, String) {
    let session = client.request("GET", "/jmap/session", "", Vec::new()).await.json;
    let pictures = session["capabilities"]["urn:fernamt:params:jmap:pictures"].clone();
    (pictures, session["state"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_picture_comes_without_a_word_of_who_asked() {
    let gallery = Gallery::start(|_| {
        HashMap::from([
            ("/wappen.png?a=1&b=2".to_owned(), ok("text/html", PNG)),
            ("/b.gif".to_owned(), ok("image/gif", b"GIF89a\x01\0\x01\0")),
        ])
    })
    .await;
    let house = gallery.house().await;
    let ada = house.person("ada").await;
    let url = gallery.url("/wappen.png?a=1&b=2");
    let email = message(&ada, &[&url, &gallery.url("/b.gif")]).await;
    let before = house.audited().await.len();

    let reply = load(&ada, &email, &url).await;
    assert_eq!((reply.status, &reply.bytes[..]), (200, PNG));
    let header = |name: &str| reply.headers[name].to_str().unwrap();
    assert_eq!(header("content-type"), "image/png", "by its content, whatever its server says");
    assert_eq!(header("cache-control"), "private, no-store");
    assert_eq!(header("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("cross-origin-resource-policy"), "same-origin");
    assert_eq!(load(&ada, &email, &gallery.url("/b.gif")).await.headers["content-type"], "image/gif");

    let head = gallery.asked().remove(0);
    assert!(head.starts_with("GET /wappen.png?a=1&b=2 HTTP/1.1\r\n"), "{head}");
    let mut lines: Vec<_> = head.trim_end().lines().skip(1).map(str::to_lowercase).collect();
    lines.sort();
    let host = format!("host: {}", gallery.address);
    assert_eq!(lines, ["accept: image/webp,image/png,image/jpeg,image/gif", &host, "user-agent: fernamt"]);
    assert_eq!(house.audited().await.len(), before, "what people look at is not written down");
}

#[tokio::test]
async fn nothing_is_asked_while_the_flow_is_off() {
    let gallery = Gallery::start(|_| HashMap::from([("/a.png".to_owned(), ok("image/png", PNG))])).await;
    let house = House::with_pictures(Pictures::new(gallery.guard())).await;
    let ada = house.person("ada").await;
    let url = gallery.url("/a.png");
    let email = message(&ada, &[&url]).await;
    let (pictures, off) = told(&ada).await;
    assert_eq!(pictures, Value::Null, "it is off until somebody switches it on");
    assert_eq!(refusal(&load(&ada, &email, &url).await), (403, "pictures_off"));

    allow(&house, PictureSettings { enabled: true, unencrypted: false }).await;
    let (pictures, on) = told(&ada).await;
    assert_eq!(pictures, json!({ "unencrypted": false }));
    assert_ne!(on, off, "the page hears that the session is another one");
    assert_eq!(refusal(&load(&ada, &email, &url).await), (422, "picture_unencrypted"));
    assert_eq!(gallery.asked().len(), 0);

    allow(&house, PictureSettings { enabled: true, unencrypted: true }).await;
    let (pictures, all) = told(&ada).await;
    assert_eq!((pictures, all == on), (json!({ "unencrypted": true }), false));
    assert_eq!(load(&ada, &email, &url).await.status, 200);
    allow(&house, PictureSettings { enabled: false, unencrypted: true }).await;
    assert_eq!(refusal(&load(&ada, &email, &url).await), (403, "pictures_off"));
    assert_eq!((gallery.asked().len(), told(&ada).await), (1, (Value::Null, off)));
}

#[tokio::test]
async fn nothing_is_asked_for_whoever_does_not_have_pictures() {
    let gallery = Gallery::start(|_| HashMap::from([("/a.png".to_owned(), ok("image/png", PNG))])).await;
    let house = gallery.house().await;
    let ada = house.person("ada").await;
    let url = gallery.url("/a.png");
    let email = message(&ada, &[&url]).await;
    assert_eq!(told(&ada).await.0, json!({ "unencrypted": true }));
    house.without(Feature::Pictures).await;
    assert_eq!(told(&ada).await.0, Value::Null);
    assert_eq!(refusal(&load(&ada, &email, &url).await), (403, "feature_off"));
    assert_eq!(gallery.asked().len(), 0);
}

#[tokio::test]
async fn only_what_stands_in_a_message_that_somebody_may_read_is_asked() {
    let gallery = Gallery::start(|_| HashMap::from([("/a.png".to_owned(), ok("image/png", PNG))])).await;
    let house = gallery.house().await;
    let (ada, ben, stranger) = (house.person("ada").await, house.person("ben").await, house.stranger("eve").await);
    let url = gallery.url("/a.png");
    let email = message(&ada, &[&url]).await;
    for other in [
        gallery.url("/b.png"),
        gallery.url("/a.png?x"),
        "http://im-text.example/x.png".into(),
        "https://a.example/".into(),
    ] {
        assert_eq!(refusal(&load(&ada, &email, &other).await), (422, "picture_not_in_message"), "{other}");
    }
    for no_address in ["a.png", "", "//x/y", &format!("https://a.example/{}", "x".repeat(8_000))] {
        assert_eq!(refusal(&load(&ada, &email, no_address).await), (422, "picture_address"), "{no_address}");
    }
    let own = message(&ben, &["https://a.example/"]).await;
    assert_eq!(load(&ben, &email, &url).await.status, 404, "it lies in another account");
    assert_eq!(load_from(&ben, &ada.account, &email, &url).await.status, 404, "which is not open to ben");
    let refused = load_from(&stranger, &ada.account, &email, &url).await;
    assert_eq!(refusal(&refused), (403, "pictures_off"), "next door it is off");
    assert_eq!(refusal(&load(&ben, &own, &url).await), (422, "picture_not_in_message"));
    let nothing = MailAccountId(uuid::Uuid::nil()).to_string();
    assert_eq!(load(&ada, &nothing, &url).await.status, 404);
    let waits = house.on_device(&ada, fernamt_domain::DeviceState::Pending).await;
    assert_eq!(refusal(&load_from(&waits, &ada.account, &email, &url).await), (403, "device_pending"));
    assert_eq!(gallery.asked().len(), 0);

    let account: MailAccountId = ada.account.parse().unwrap();
    house.grant(account, &ben, &[MailRight::Read]).await;
    assert_eq!(load_from(&ben, &ada.account, &email, &url).await.status, 200, "who may read may look");
    house.revoke(account, &ben).await;
    assert_eq!(load_from(&ben, &ada.account, &email, &url).await.status, 404);
    assert_eq!(gallery.asked().len(), 1);
}

#[tokio::test]
async fn no_address_and_no_redirect_leads_into_the_house() {
    let inside = Gallery::start(|_| HashMap::from([("/a.png".to_owned(), ok("image/png", PNG))])).await;
    let port = inside.address.port();
    let places = [
        format!("http://127.0.0.1:{port}/a.png"),
        format!("http://localhost:{port}/a.png"),
        format!("http://[::1]:{port}/a.png"),
        format!("http://[::ffff:127.0.0.1]:{port}/a.png"),
        "http://[::ffff:10.0.0.1]/a.png".to_owned(),
        "http://10.0.0.1/a.png".to_owned(),
        "https://192.168.0.1/a.png".to_owned(),
        "http://0x7f.1/a.png".to_owned(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "http://[fd00::1]/a.png".to_owned(),
    ];
    let gallery = Gallery::start(|_| {
        let lead = |(number, place): (usize, &String)| (format!("/{number}"), elsewhere(place));
        places.iter().enumerate().map(lead).collect()
    })
    .await;
    let house = gallery.house().await;
    let ada = house.person("ada").await;
    let leading: Vec<_> = (0..places.len()).map(|number| gallery.url(&format!("/{number}"))).collect();
    let all: Vec<_> = places.iter().chain(&leading).map(String::as_str).collect();
    let email = message(&ada, &all).await;
    for url in &all {
        assert_eq!(refusal(&load(&ada, &email, url).await), (422, "picture_unavailable"), "{url}");
    }
    assert_eq!((inside.asked().len(), gallery.asked().len()), (0, leading.len()));
}

#[tokio::test]
async fn so_many_redirects_are_followed_and_no_more() {
    let gallery = Gallery::start(|address| {
        let mut answers: Answers =
            (1..=4).map(|step| (format!("/{step}"), elsewhere(&(step - 1).to_string()))).collect();
        answers.insert("/0".to_owned(), ok("image/png", PNG));
        answers.insert("/mail".to_owned(), elsewhere(&format!("ftp://{address}/0")));
        answers.insert("/named".to_owned(), elsewhere(&format!("http://ada:secret@{address}/0")));
        answers.insert("/nowhere".to_owned(), b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n".to_vec());
        answers
    })
    .await;
    let house = gallery.house().await;
    let ada = house.person("ada").await;
    let [three, four, mail, named, nowhere] = ["/3", "/4", "/mail", "/named", "/nowhere"].map(|path| gallery.url(path));
    let email = message(&ada, &[&three, &four, &mail, &named, &nowhere]).await;
    assert_eq!(load(&ada, &email, &three).await.bytes, PNG);
    for url in [&four, &mail, &named, &nowhere] {
        assert_eq!(refusal(&load(&ada, &email, url).await), (422, "picture_unavailable"), "{url}");
    }
}

#[tokio::test]
async fn what_is_no_picture_or_too_much_is_refused_without_a_word_of_why() {
    const MOST: usize = 5_000_000;
    let gallery = Gallery::start(|_| {
        let large = [PNG, &vec![0; MOST]].concat();
        let endless = |kind: &str| [format!("HTTP/1.1 200 OK\r\n{kind}\r\n\r\n").as_bytes(), &large].concat();
        let said = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", large.len());
        let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n\x89PNG\r\n\x1a\n".to_vec();
        HashMap::from([
            ("/svg".to_owned(), ok("image/png", b"<svg xmlns='http://www.w3.org/2000/svg'/>")),
            ("/page".to_owned(), ok("image/png", b"<!doctype html><script>x()</script>")),
            ("/empty".to_owned(), ok("image/png", b"")),
            ("/large".to_owned(), ok("image/png", &large)),
            ("/said".to_owned(), said.into_bytes()),
            ("/endless".to_owned(), endless("connection: close")),
            ("/just".to_owned(), ok("image/png", &large[..MOST])),
            ("/cut".to_owned(), cut),
            ("/noise".to_owned(), b"\x16\x03\x01\0".to_vec()),
            ("/head".to_owned(), [b"HTTP/1.1 200 OK\r\nx: ".as_slice(), &vec![b'x'; 200_000]].concat()),
            ("/slow".to_owned(), Vec::new()),
        ])
    })
    .await;
    let pictures = Pictures::new(gallery.guard()).patience(Duration::from_secs(2));
    let house = House::with_pictures(pictures).await;
    allow(&house, PictureSettings { enabled: true, unencrypted: true }).await;
    let ada = house.person("ada").await;
    let paths =
        ["/svg", "/page", "/empty", "/large", "/said", "/endless", "/cut", "/noise", "/head", "/nowhere", "/slow"];
    let urls = paths.map(|path| gallery.url(path));
    let just = gallery.url("/just");
    let all: Vec<_> = urls.iter().chain([&just]).map(String::as_str).collect();
    let email = message(&ada, &all).await;
    let mut said = Vec::new();
    for url in &urls {
        let reply = load(&ada, &email, url).await;
        assert_eq!(refusal(&reply), (422, "picture_unavailable"), "{url}");
        said.push(reply.bytes);
    }
    said.dedup();
    assert_eq!((said.len(), gallery.asked().len()), (1, urls.len()), "all are asked, and all answers are the same");
    assert_eq!(load(&ada, &email, &just).await.bytes.len(), MOST);
}

#[tokio::test]
async fn one_person_has_so_many_pictures_at_once_and_others_have_theirs() {
    const MOST: usize = 6;
    /// How many are fetched at once from one host.
    const OF_A_HOST: usize = 4;
    let answers =
        |_: SocketAddr| HashMap::from([("/slow".to_owned(), Vec::new()), ("/a.png".to_owned(), ok("image/png", PNG))]);
    let galleries = [Gallery::start(answers).await, Gallery::start_at("127.0.0.2", answers).await];
    let guard = EgressGuard::default().public_only().allow_loopback(galleries.each_ref().map(|one| one.address.port()));
    let house = House::with_pictures(Pictures::new(guard)).await;
    allow(&house, PictureSettings { enabled: true, unencrypted: true }).await;
    let (ada, ben) = (Arc::new(house.person("ada").await), house.person("ben").await);
    let [first, second] = galleries.each_ref().map(|one| one.url("/slow"));
    let quick = galleries[1].url("/a.png");
    let email = message(&ada, &[&first, &second, &quick]).await;
    let waiting: Vec<_> = (0..MOST)
        .map(|number| {
            let slow = if number < OF_A_HOST { &first } else { &second };
            let (ada, email, slow) = (Arc::clone(&ada), email.clone(), slow.clone());
            tokio::spawn(async move { load(&ada, &email, &slow).await })
        })
        .collect();
    galleries[0].has_been_asked(OF_A_HOST).await;
    galleries[1].has_been_asked(MOST - OF_A_HOST).await;
    assert_eq!(refusal(&load(&ada, &email, &quick).await), (429, "pictures_busy"));
    let own = message(&ben, &[&quick]).await;
    assert_eq!(load(&ben, &own, &quick).await.status, 200);
    for one in waiting {
        one.abort();
        assert!(one.await.unwrap_err().is_cancelled());
    }
    assert_eq!(load(&ada, &email, &quick).await.status, 200, "who goes away leaves the place");
}
