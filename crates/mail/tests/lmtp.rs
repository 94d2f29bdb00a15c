//! Mail that comes from outside: by LMTP, from Debian's Exim and from whoever says what they like.

use std::{
    fs::{Permissions, set_permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use fernamt_mail::{Lmtp, LmtpAddress, LmtpSettings, Smarthost, SmarthostAddress};
use fernamt_mailhost::{Login, Security, Server, Trust, submission::Submission};
use fernamt_testkit::peers::Exim;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::house::{Client, House};

const PATIENCE: Duration = Duration::from_secs(20);

/// A house with a way in.
struct Door {
    house: House,
    path: PathBuf,
    stop: CancellationToken,
    running: JoinHandle<()>,
    _folder: TempDir,
}

impl Door {
    async fn open(change: impl FnOnce(&mut LmtpSettings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lmtp");
        let (stop, house) = (CancellationToken::new(), House::new().await);
        let running = serve(&house, &path, change, &stop).await;
        Self { house, path, stop, running, _folder: folder }
    }

    async fn line(&self) -> Line {
        let mut line = Line(UnixStream::connect(&self.path).await.unwrap());
        assert!(line.hears(1).await.starts_with("220 "));
        line
    }
}

async fn serve(
    house: &House,
    path: &Path,
    change: impl FnOnce(&mut LmtpSettings),
    stop: &CancellationToken,
) -> JoinHandle<()> {
    let mut settings = LmtpSettings::at(LmtpAddress::Socket(path.to_owned()));
    change(&mut settings);
    let lmtp = Lmtp::bind(settings).await.unwrap();
    tokio::spawn(lmtp.run(Arc::clone(&house.mail), stop.clone()))
}

/// A connection of somebody who hands over.
struct Line(UnixStream);

impl Line {
    /// Reads until so many replies have come, or the end.
    async fn hears(&mut self, replies: usize) -> String {
        let mut heard = String::new();
        let is_last = |line: &str| line.as_bytes().get(3) == Some(&b' ');
        while heard.matches('\n').count() == 0 || heard.lines().filter(|line| is_last(line)).count() < replies {
            let mut part = [0; 4096];
            let count = timeout(PATIENCE, self.0.read(&mut part)).await.expect("a reply").unwrap_or(0);
            if count == 0 {
                break;
            }
            heard.push_str(std::str::from_utf8(&part[..count]).unwrap());
        }
        heard
    }

    /// Says this, and returns so many replies' codes.
    async fn says(&mut self, words: &str, replies: usize) -> Vec<String> {
        self.0.write_all(words.as_bytes()).await.unwrap();
        codes(&self.hears(replies).await)
    }
}

fn codes(heard: &str) -> Vec<String> {
    let last = heard.lines().filter(|line| line.as_bytes().get(3) == Some(&b' '));
    last.map(|line| line[..3].to_owned()).collect()
}

/// The texts of an inbox.
async fn inbox(client: &Client) -> Vec<String> {
    let inbox = client.mailbox("inbox").await;
    let found = client.call("Email/query", json!({ "filter": { "inMailbox": inbox } })).await;
    let got = client.call("Email/get", json!({ "ids": found["ids"], "properties": ["blobId"] })).await;
    let mut letters = Vec::new();
    for one in got["list"].as_array().unwrap() {
        let path = format!("/jmap/download/{}/{}/m", client.account, one["blobId"].as_str().unwrap());
        letters.push(String::from_utf8(client.request("GET", &path, "", Vec::new()).await.bytes).unwrap());
    }
    letters
}

const LETTER: &str = "Received: by mail.amt.test id q1\r\nMessage-ID: <1@x>\r\nTo: ben@amt.example\r\nSubject: Plan\r\n\r\n..\r\nHallo\r\n";

#[tokio::test]
async fn each_receiver_is_answered_for_alone_and_finds_what_came() {
    let door = Door::open(|_| {}).await;
    let (ada, ben) = (door.house.person("ada").await, door.house.person("ben").await);
    let office = door.house.functional("Bürgerbüro", "buergerbuero@amt.example").await;
    door.house.grant(office, &ada, &[fernamt_domain::mail::MailRight::Write]).await;
    let mut line = door.line().await;
    // All at once, as a server that pipelines does.
    let head = "LHLO mail.amt.test\r\nMAIL FROM:<eva@elsewhere.test> SIZE=100 BODY=8BITMIME\r\n\
                RCPT TO:<ben+plan@amt.example>\r\nRCPT TO:<nobody@amt.example>\r\nRCPT TO:<x@elsewhere.test>\r\n\
                RCPT TO:<Buergerbuero@AMT.example>\r\nDATA\r\n";
    assert_eq!(line.says(head, 7).await, ["250", "250", "250", "550", "550", "250", "354"]);
    assert_eq!(line.says(&format!("{LETTER}.\r\n"), 2).await, ["250", "250"]);
    let letter = inbox(&ben).await.remove(0);
    let begin = "Return-Path: <eva@elsewhere.test>\r\nReceived: from mail.amt.test\r\n by fernamt with LMTP\r\n for <ben+plan@amt.example>; ";
    assert!(letter.starts_with(begin) && letter.ends_with("\r\n\r\n.\r\nHallo\r\n"), "{letter}");
    let shared = ada.mailbox_in(&office.to_string(), "inbox").await;
    let there = ada.call("Email/query", json!({ "accountId": office, "filter": { "inMailbox": shared } })).await;
    assert_eq!(there["ids"].as_array().unwrap().len(), 1);
    assert_eq!(line.says("QUIT\r\n", 1).await, ["221"]);
    assert_eq!(line.hears(1).await, "", "and it is over");
}

#[tokio::test]
async fn what_comes_again_because_an_answer_was_lost_is_there_once() {
    let door = Door::open(|_| {}).await;
    let ben = door.house.person("ben").await;
    let say = async |letter: &str| {
        let mut line = door.line().await;
        line.says("LHLO x\r\nMAIL FROM:<eva@x>\r\nRCPT TO:<ben@amt.example>\r\nDATA\r\n", 4).await;
        line.0.write_all(format!("{letter}.\r\n").as_bytes()).await.unwrap();
        line
    };
    // Gone before the answer; it is delivered nevertheless, and the answer to the second attempt says so.
    drop(say(LETTER).await);
    assert_eq!(codes(&say(LETTER).await.hears(1).await), ["250"]);
    assert_eq!(inbox(&ben).await.len(), 1);
    let again = LETTER.replace("id q1", "id q2");
    assert_eq!(codes(&say(&again).await.hears(1).await), ["250"]);
    assert_eq!(inbox(&ben).await.len(), 2, "somebody sent it once more");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_in_order() {
    let door = Door::open(|_| {}).await;
    let ben = door.house.person("ben").await;
    let mut line = door.line().await;
    for (words, code) in [
        ("EHLO x\r\n", "500"),
        ("MAIL FROM:<a@x>\r\n", "503"),
        ("LHLO x\r\n", "250"),
        ("RCPT TO:<ben@amt.example>\r\n", "503"),
        ("DATA\r\n", "503"),
        ("MAIL FROM:<a@x> SIZE=50000001\r\n", "552"),
        ("MAIL FROM:<>\r\n", "250"),
        ("MAIL FROM:<>\r\n", "503"),
        ("DATA\r\n", "503"),
        ("RSET\r\n", "250"),
        ("RCPT TO:<ben@amt.example>\r\n", "503"),
        ("\u{0}\u{1}\r\n", "500"),
        ("NOOP\r\n", "250"),
        ("VRFY ben\r\n", "252"),
    ] {
        assert_eq!(line.says(words, 1).await, [code], "{words}");
    }
    // Only CR LF dot CR LF ends a message, so nobody slips commands into one.
    assert_eq!(line.says("MAIL FROM:<>\r\nRCPT TO:<ben@amt.example>\r\nDATA\r\n", 3).await, ["250", "250", "354"]);
    let smuggled = "Subject: x\n.\nMAIL FROM:<b@x>\r\n.\nRCPT TO:<ada@amt.example>\n.\r\n\r\n.\r\n";
    assert_eq!(line.says(smuggled, 1).await, ["250"]);
    assert!(inbox(&ben).await[0].contains("RCPT TO"));
    let faults = line.says(&"WHAT\r\n".repeat(20), 21).await;
    assert_eq!((faults.len(), faults.last().map(String::as_str)), (21, Some("421")));
    let mut line = door.line().await;
    assert_eq!(line.says(&"x".repeat(2_048), 1).await, ["500"]);
    assert_eq!(line.hears(1).await, "", "and it is over");
}

#[tokio::test]
async fn size_receivers_connections_and_silence_have_limits() {
    let door = Door::open(|settings| {
        settings.max_message_bytes = 100;
        settings.max_silence = Duration::from_millis(300);
        settings.max_transfer = Duration::from_millis(600);
    })
    .await;
    let ben = door.house.person("ben").await;
    let mut line = door.line().await;
    let head = "LHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<ben@amt.example>\r\n";
    line.says(head, 3).await;
    assert_eq!(line.says("RCPT TO:<ben@amt.example>\r\nDATA\r\n", 2).await, ["250", "354"]);
    let large = format!("{}\r\n.\r\n", "x".repeat(101));
    assert_eq!(line.says(&large, 2).await, ["552", "552"], "for each receiver, and it goes on");
    line.says("MAIL FROM:<a@x>\r\n", 1).await;
    let many = line.says(&"RCPT TO:<ben@amt.example>\r\n".repeat(501), 501).await;
    assert_eq!((many[499].as_str(), many[500].as_str()), ("250", "452"));
    assert_eq!(line.hears(1).await.get(..3), Some("421"), "silence");

    let mut line = door.line().await;
    line.says(&format!("{head}DATA\r\n"), 4).await;
    assert_eq!(line.hears(1).await.get(..3), Some("421"), "the message does not come");
    assert_eq!(inbox(&ben).await.len(), 0);

    let door = Door::open(|_| {}).await;
    let mut lines = Vec::new();
    for _ in 0..20 {
        lines.push(door.line().await);
    }
    let mut late = Line(UnixStream::connect(&door.path).await.unwrap());
    assert_eq!(late.hears(1).await.get(..3), Some("421"), "too many");
}

#[tokio::test]
async fn who_goes_meanwhile_is_not_there_and_a_server_that_stops_says_so() {
    let door = Door::open(|_| {}).await;
    let ben = door.house.person("ben").await;
    let mut line = door.line().await;
    line.says("LHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<ben@amt.example>\r\nDATA\r\n", 4).await;
    let work = door.house.tenant.begin().await.unwrap();
    work.people().remove(ben.person).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(line.says(&format!("{LETTER}.\r\n"), 1).await, ["550"]);
    door.stop.cancel();
    assert_eq!(line.hears(1).await.get(..3), Some("421"));
    timeout(PATIENCE, door.running).await.expect("it ends").unwrap();
}

/// What a mailbox answered by the way out, by who gets it.
async fn answers(house: &House, client: &Client) -> Vec<(String, String)> {
    let got = client.call("EmailSubmission/get", json!({})).await;
    let mut answers = Vec::new();
    for one in got["list"].as_array().unwrap() {
        let id: fernamt_domain::EmailSubmissionId = one["id"].as_str().unwrap().parse().unwrap();
        let raw = house.tenant.mail_blobs().of_submission(id).await.unwrap().unwrap();
        let to = one["deliveryStatus"].as_object().unwrap().keys().next().unwrap().clone();
        answers.push((to, String::from_utf8(raw).unwrap()));
    }
    answers.sort();
    answers
}

#[tokio::test]
async fn where_an_answer_goes_decides_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let (path, stop) = (folder.path().join("lmtp"), CancellationToken::new());
    // Nothing is handed over to it here.
    let address = SmarthostAddress { host: "localhost", port: 1, tls_at_once: true, login: None, authority_pem: None };
    let house = House::with_smarthost(Smarthost::new(address).unwrap()).await;
    serve(&house, &path, |_| {}, &stop).await;
    let ben = house.person("ben").await;
    let away = async |patch: Value| {
        ben.call("VacationResponse/set", json!({ "update": { "singleton": patch } })).await;
    };
    let comes = async |from: &str, header: &str| {
        let mut line = Line(UnixStream::connect(&path).await.unwrap());
        line.hears(1).await;
        let head = format!("LHLO x\r\nMAIL FROM:<{from}>\r\nRCPT TO:<ben@amt.example>\r\nDATA\r\n");
        assert_eq!(line.says(&head, 4).await, ["250", "250", "250", "354"]);
        let letter = format!("Message-ID: <{from}@x>\r\nFrom: {header}\r\nTo: ben@amt.example\r\n\r\nx\r\n.\r\n");
        assert_eq!(line.says(&letter, 1).await, ["250"]);
    };
    away(json!({ "isEnabled": true, "textBody": "Durchwahl 4711", "htmlBody": "<b>Durchwahl</b>",
        "textBodyOutside": "Bin verreist" }))
    .await;
    // Who is not known here may have an address of the house; and what stands in From is anybody's word.
    comes("a-colleague@AMT.example", "a-colleague@amt.example").await;
    comes("b-school@schule.amt.example", "b-school@schule.amt.example").await;
    comes("c-forger@elsewhere.test", "Amt <chef@amt.example>").await;
    comes("d-citizen@notamt.example", "d-citizen@notamt.example").await;
    let told: Vec<_> = answers(&house, &ben)
        .await
        .into_iter()
        .map(|(to, raw)| (to[..1].to_owned(), raw.contains("Durchwahl"), raw.contains("Bin verreist")))
        .collect();
    let expected = [("a", true, false), ("b", true, false), ("c", false, true), ("d", false, true)];
    assert_eq!(told, expected.map(|(to, inside, outside)| (to.to_owned(), inside, outside)));

    away(json!({ "isEnabledOutside": false })).await;
    comes("c-forger@elsewhere.test", "Amt <chefin@amt.example>").await;
    comes("e-archive@amt.example", "e-archive@amt.example").await;
    let to: String = answers(&house, &ben).await.iter().map(|(to, _)| &to[..1]).collect();
    assert_eq!((to.as_str(), inbox(&ben).await.len()), ("abcde", 6), "nobody outside is answered any more");
    stop.cancel();
}

/// An Exim that hands over to a house, which sends through it too.
async fn with_exim(exim: &Exim, stop: &CancellationToken) -> House {
    let authority_pem = std::fs::read(exim.authority_file()).unwrap();
    let address = SmarthostAddress {
        host: "localhost",
        port: exim.tls_door.address().port(),
        tls_at_once: true,
        login: Some((exim.user.to_owned(), exim.password.into())),
        authority_pem: Some(authority_pem),
    };
    let house = House::with_smarthost(Smarthost::new(address).unwrap()).await;
    serve(&house, &exim.house(), |_| {}, stop).await;
    set_permissions(exim.house(), Permissions::from_mode(0o666)).unwrap();
    house
}

/// Gives Exim a letter from outside.
async fn post(exim: &Exim, from: &str, to: &[&str], raw: &str) {
    let trust = Trust::only(&std::fs::read(exim.authority_file()).unwrap()).unwrap();
    let port = exim.tls_door.address().port();
    let server = Server { host: "localhost".to_owned(), port, security: Security::Tls, trust };
    let login = Login { user: exim.user.to_owned(), password: exim.password.into(), on_behalf_of: None };
    let mut submission = Submission::connect(&server, &login).await.unwrap();
    let to: Vec<_> = to.iter().map(|one| (*one).to_owned()).collect();
    assert_eq!(submission.submit(from, &to, raw.as_bytes()).await.unwrap().taken, to);
}

#[tokio::test(flavor = "multi_thread")]
async fn exim_hands_over_and_whoever_is_away_answers_once_to_outside() {
    let exim = Arc::new(fernamt_testkit::peer!(Exim::start()));
    let stop = CancellationToken::new();
    let house = with_exim(&exim, &stop).await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    let away = json!({ "singleton": { "isEnabled": true, "textBody": "Im Urlaub bis Montag" } });
    ben.call("VacationResponse/set", json!({ "update": away })).await;
    let letters = async || {
        let exim = Arc::clone(&exim);
        spawn_blocking(move || exim.letters().unwrap()).await.unwrap()
    };
    let raw = "From: Eva <eva@elsewhere.test>\r\nTo: ben@amt.example\r\nMessage-ID: <7@elsewhere.test>\r\nSubject: Frage\r\n\r\n.Punkt\r\n";
    post(&exim, "eva@elsewhere.test", &["ben@amt.example", "ada+x@amt.example", "gone@amt.example"], raw).await;
    // What Exim tells the sender waits for the next round.
    letters().await;
    let bounced = letters().await;
    let bounce = bounced.iter().find(|letter| letter.contains("Nobody here has that address"));
    assert!(bounce.is_some_and(|letter| letter.contains("gone@amt.example")), "{bounced:?}");
    let (at_ben, at_ada) = (inbox(&ben).await, inbox(&ada).await);
    assert_eq!((at_ben.len(), at_ada.len()), (1, 1));
    assert!(
        at_ben[0].starts_with("Return-Path: <eva@elsewhere.test>\r\nReceived: from localhost\r\n by fernamt with LMTP")
    );
    assert!(at_ben[0].ends_with("\r\n\r\n.Punkt\r\n"), "{}", at_ben[0]);

    post(&exim, "eva@elsewhere.test", &["ben@amt.example"], &raw.replace("<7@", "<8@")).await;
    letters().await;
    assert_eq!(inbox(&ben).await.len(), 2);
    house.deliver().await;
    let all = letters().await;
    let answers: Vec<_> = all.iter().filter(|letter| letter.contains("Im Urlaub bis Montag")).collect();
    assert_eq!(answers.len(), 1, "once: {all:?}");
    for part in ["Auto-Submitted: auto-replied", "Subject: Auto: Frage", "In-Reply-To: <7@elsewhere.test>"] {
        assert!(answers[0].contains(part), "{part} in {}", answers[0]);
    }
    // Exim names a sender of the envelope where there is one.
    assert!(!answers[0].contains("envelope-from"), "{}", answers[0]);
    let machine = raw.replace("Subject", "Auto-Submitted: auto-generated\r\nSubject").replace("eva@", "bot@");
    post(&exim, "bot@elsewhere.test", &["ben@amt.example"], &machine).await;
    letters().await;
    house.deliver().await;
    let sent = ben.call("EmailSubmission/get", json!({})).await["list"].as_array().map(Vec::len);
    assert_eq!((inbox(&ben).await.len(), sent), (3, Some(1)), "no machine is answered");
    assert_ne!(ada.call("EmailSubmission/get", json!({})).await["list"], Value::Null);
    stop.cancel();
}
