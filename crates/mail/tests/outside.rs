//! Mail that leaves the house, by Debian's Exim as the smarthost.

use fernamt_domain::EmailSubmissionId;
use fernamt_mail::{Smarthost, SmarthostAddress};
use fernamt_testkit::peers::Exim;
use serde_json::{Value, json};
use time::Duration;

use crate::house::{Client, House};

/// A house whose mail leaves by this server.
async fn house(exim: &Exim) -> House {
    House::with_smarthost(smarthost(exim)).await
}

fn smarthost(exim: &Exim) -> Smarthost {
    let address = SmarthostAddress {
        host: "localhost",
        port: exim.door.address().port(),
        tls_at_once: false,
        login: Some((exim.user.to_owned(), exim.password.into())),
        authority_pem: Some(std::fs::read(exim.authority_file()).unwrap()),
    };
    Smarthost::new(address).unwrap()
}

/// Hands a message in, to these in secret. Returns what came of it.
async fn hand_in(client: &Client, subject: &str, to: &[&str], text: &str) -> Value {
    let drafts = client.mailbox("drafts").await;
    let identity = client.call("Identity/get", json!({})).await["list"][0].clone();
    let bcc: Vec<_> = to.iter().map(|one| json!({ "email": one })).collect();
    let draft = json!({
        "mailboxIds": { &drafts: true }, "from": [{ "email": identity["email"] }], "bcc": bcc, "subject": subject,
        "textBody": [{ "partId": "t" }], "bodyValues": { "t": { "value": text } },
    });
    let answers = client
        .calls(json!([
            ["Email/set", { "accountId": client.account, "create": { "d": draft } }, "a"],
            ["EmailSubmission/set", { "accountId": client.account,
                "create": { "s": { "identityId": identity["id"], "emailId": "#d" } } }, "b"],
        ]))
        .await;
    answers[1].1.clone()
}

/// What became of the newest message at a receiver: the word, and the reply.
async fn fate(client: &Client, to: &str) -> (String, String) {
    let newest = client.call("EmailSubmission/get", json!({})).await["list"][0].clone();
    let status = newest["deliveryStatus"][to].clone();
    let text = |name: &str| status[name].as_str().unwrap_or_else(|| panic!("{to}: {newest}")).to_owned();
    (text("delivered"), text("smtpReply"))
}

async fn reports(client: &Client) -> Vec<String> {
    let inbox = client.mailbox("inbox").await;
    let found = client.call("Email/query", json!({ "filter": { "inMailbox": inbox, "from": "mailer-daemon" } })).await;
    let got = client.call("Email/get", json!({ "ids": found["ids"], "properties": ["blobId"] })).await;
    let mut reports = Vec::new();
    for one in got["list"].as_array().unwrap() {
        let path = format!("/jmap/download/{}/{}/m", client.account, one["blobId"].as_str().unwrap());
        reports.push(String::from_utf8(client.request("GET", &path, "", Vec::new()).await.bytes).unwrap());
    }
    reports
}

#[tokio::test]
async fn a_message_leaves_the_house_once_and_names_nobody_in_secret() {
    let exim = fernamt_testkit::peer!(Exim::start());
    let house = house(&exim).await;
    let (ada, ben) = (house.person("ada").await, house.person("ben").await);
    let session = ada.request("GET", "/jmap/session", "", Vec::new()).await.json;
    let capability = &session["accounts"][&ada.account]["accountCapabilities"]["urn:fernamt:params:jmap:delivery"];
    assert_eq!(capability, &json!({ "outside": true }));

    let to = ["Cleo@Elsewhere.test", "dora@elsewhere.test", "ben@amt.example"];
    assert!(hand_in(&ada, "Grüße", &to, "Guten Tag").await["created"]["s"].is_object());
    house.deliver().await;
    house.deliver().await;
    let letters = exim.letters().unwrap();
    // It keeps one for each receiver, of one message.
    assert!(letters.len() == 2 && letters[0] == letters[1], "{letters:?}");
    let lower = letters[0].to_lowercase();
    assert!(lower.contains("(envelope-from <ada@amt.example>)") && lower.contains("guten tag"), "{lower}");
    assert!(!lower.contains("cleo") && !lower.contains("dora") && !lower.contains("bcc"), "{lower}");
    assert_eq!(ben.counts(&ben.mailbox("inbox").await).await[0], 1, "within the house as ever");
    for address in &to[..2] {
        let (word, reply) = fate(&ada, address).await;
        assert!(word == "unknown" && reply.starts_with("250 "), "{word} {reply}");
    }
    assert_eq!(fate(&ada, "ben@amt.example").await.0, "yes");
    let own = hand_in(&ada, "x", &["nobody@amt.example", "out@elsewhere.test"], "x").await;
    assert_eq!(
        own["notCreated"]["s"]["invalidRecipients"],
        json!(["nobody@amt.example"]),
        "the house knows its people"
    );
}

#[tokio::test]
async fn who_is_refused_is_told_alone_and_who_has_to_wait_is_tried_again() {
    let exim = fernamt_testkit::peer!(Exim::start());
    let house = house(&exim).await;
    let ada = house.person("ada").await;
    hand_in(&ada, "Plan", &["nobody@elsewhere.test", "later@elsewhere.test", "eva@elsewhere.test"], "x").await;
    house.deliver().await;
    assert_eq!(exim.letters().unwrap().len(), 1);
    let refused = fate(&ada, "nobody@elsewhere.test").await;
    assert!(refused.0 == "no" && refused.1.starts_with("550 ") && refused.1.contains("no such person"), "{refused:?}");
    let waits = fate(&ada, "later@elsewhere.test").await;
    assert!(waits.0 == "queued" && waits.1.starts_with("451 "), "{waits:?}");
    assert!(fate(&ada, "eva@elsewhere.test").await.1.starts_with("250 "));
    let report = reports(&ada).await.remove(0);
    for part in ["Final-Recipient: rfc822; nobody@elsewhere.test", "Status: 5.0.0", "Return-Path: <>", "Subject: Plan"]
    {
        assert!(report.contains(part), "{part} in {report}");
    }
    assert!(!report.contains("later@") && !report.contains("eva@"), "{report}");

    house.deliver().await;
    assert_eq!(exim.letters().unwrap().len(), 1, "not before its time");
    house.clock.advance(Duration::MINUTE);
    house.deliver().await;
    exim.take_later().unwrap();
    house.clock.advance(Duration::minutes(2));
    house.deliver().await;
    assert_eq!(exim.letters().unwrap().len(), 2, "for the one who waited, and for nobody twice");
    assert!(fate(&ada, "later@elsewhere.test").await.1.starts_with("250 "));
    assert_eq!(reports(&ada).await.len(), 1);
}

#[tokio::test]
async fn what_is_not_taken_for_five_days_is_given_up() {
    let exim = fernamt_testkit::peer!(Exim::start());
    let house = house(&exim).await;
    let ada = house.person("ada").await;
    exim.door.shut();
    hand_in(&ada, "Plan", &["eva@elsewhere.test"], "x").await;
    house.deliver().await;
    let waits = fate(&ada, "eva@elsewhere.test").await;
    assert!(waits.0 == "queued" && waits.1.starts_with("451 4.4.1"), "{waits:?}");
    exim.door.open();
    hand_in(&ada, "Plan", &["later@elsewhere.test"], "x").await;
    house.deliver().await;
    house.clock.advance(Duration::days(5));
    let ada = house.again(&ada).await;
    house.deliver().await;
    let over = fate(&ada, "later@elsewhere.test").await;
    assert!(over.0 == "no" && over.1.contains("5.4.7") && over.1.contains("come again later"), "{over:?}");
    assert_eq!(reports(&ada).await.len(), 2, "of both");
    house.clock.advance(Duration::days(1));
    house.deliver().await;
    assert_eq!(exim.letters().unwrap().len(), 0);
}

#[tokio::test]
async fn what_is_too_large_for_the_smarthost_is_told_at_once() {
    let exim = fernamt_testkit::peer!(Exim::start());
    let house = house(&exim).await;
    let ada = house.person("ada").await;
    hand_in(&ada, "Plan", &["eva@elsewhere.test"], &"Zeile\n".repeat(200_000)).await;
    house.deliver().await;
    let refused = fate(&ada, "eva@elsewhere.test").await;
    assert!(refused.0 == "no" && refused.1.starts_with("552 5.3.4 "), "{refused:?}");
    assert_eq!((exim.letters().unwrap().len(), reports(&ada).await.len()), (0, 1));
}

#[tokio::test]
async fn a_line_that_breaks_after_the_message_leaves_it_uncertain_and_a_person_may_send_it_again() {
    let exim = fernamt_testkit::peer!(Exim::start());
    let house = house(&exim).await;
    let ada = house.person("ada").await;
    let created = hand_in(&ada, "Plan", &["slow@elsewhere.test"], "x").await["created"]["s"].clone();
    let id: EmailSubmissionId = created["id"].as_str().unwrap().parse().unwrap();
    let account = ada.account.parse().unwrap();
    let cut = async {
        loop {
            let now = house.tenant.email_submissions().these(account, &[id]).await.unwrap().remove(0);
            if now.recipients[0]["delivered"] == "begun" {
                break exim.door.shut();
            }
        }
    };
    tokio::join!(house.deliver(), cut);
    exim.door.open();
    let uncertain = fate(&ada, "slow@elsewhere.test").await;
    assert!(uncertain.0 == "unknown" && uncertain.1.starts_with("451 4.4.2 "), "{uncertain:?}");
    assert!(reports(&ada).await[0].contains("nicht bekannt"), "the sender is told");
    let before = exim.letters().unwrap().len();
    house.clock.advance(Duration::hours(9));
    house.deliver().await;
    assert_eq!(exim.letters().unwrap().len(), before, "it is not sent by itself");

    let ada = house.again(&ada).await;
    let email = ada.call("EmailSubmission/get", json!({ "ids": [id] })).await["list"][0].clone();
    let again = json!({ "s": { "identityId": email["identityId"], "emailId": email["emailId"] } });
    assert!(ada.call("EmailSubmission/set", json!({ "create": again })).await["created"]["s"].is_object());
    house.deliver().await;
    assert_eq!(exim.letters().unwrap().len(), before + 1);
}

#[tokio::test]
async fn what_a_process_had_begun_when_it_ended_is_uncertain_and_the_rest_goes_out() {
    let exim = fernamt_testkit::peer!(Exim::start());
    let house = house(&exim).await;
    let ada = house.person("ada").await;
    let created =
        hand_in(&ada, "Plan", &["eva@elsewhere.test", "later@elsewhere.test"], "x").await["created"]["s"].clone();
    let (account, id) = (ada.account.parse().unwrap(), created["id"].as_str().unwrap().parse().unwrap());
    let work = house.tenant.begin().await.unwrap();
    let mut current = work.email_submissions().these(account, &[id]).await.unwrap().remove(0);
    current.recipients[0]["delivered"] = json!("begun");
    work.email_submissions().replace(&current).await.unwrap();
    work.commit().await.unwrap();
    exim.take_later().unwrap();
    house.deliver().await;
    house.deliver().await;
    assert!(fate(&ada, "eva@elsewhere.test").await.1.starts_with("451 4.4.2 "));
    assert!(fate(&ada, "later@elsewhere.test").await.1.starts_with("250 "));
    let letters = exim.letters().unwrap();
    assert_eq!(letters.len(), 1, "{letters:?}");
}

#[tokio::test]
async fn without_a_smarthost_nothing_leaves_and_a_wrong_password_lets_mail_wait() {
    let house = House::new().await;
    let ada = house.person("ada").await;
    let refused = hand_in(&ada, "x", &["eva@elsewhere.test"], "x").await["notCreated"]["s"].clone();
    assert_eq!(
        (&refused["type"], &refused["invalidRecipients"]),
        (&json!("invalidRecipients"), &json!(["eva@elsewhere.test"]))
    );
    let session = ada.request("GET", "/jmap/session", "", Vec::new()).await.json;
    let capability = &session["accounts"][&ada.account]["accountCapabilities"]["urn:fernamt:params:jmap:delivery"];
    assert_eq!(capability, &json!({ "outside": false }));

    let exim = fernamt_testkit::peer!(Exim::start());
    let login = Some((exim.user.to_owned(), "Falsches-Wort-1".into()));
    let authority_pem = Some(std::fs::read(exim.authority_file()).unwrap());
    let port = exim.tls_door.address().port();
    let address = SmarthostAddress { host: "localhost", port, tls_at_once: true, login, authority_pem };
    let house = House::with_smarthost(Smarthost::new(address).unwrap()).await;
    let ada = house.person("ada").await;
    hand_in(&ada, "x", &["eva@elsewhere.test"], "x").await;
    house.deliver().await;
    let waits = fate(&ada, "eva@elsewhere.test").await;
    assert!(waits.0 == "queued" && waits.1.contains("refused the sign-in"), "{waits:?}");
}
