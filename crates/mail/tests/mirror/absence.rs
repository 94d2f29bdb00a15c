//! Who is away is answered for by the mail server, as far as mail arrives there.

use std::{fs, sync::Arc, time::Duration};

use fernamt_mail::{
    Lmtp, LmtpAddress, LmtpSettings,
    host::{
        Login, Security, Server, Trust,
        sieve::{Absence, Sieve},
    },
};
use fernamt_store::MirrorAbsenceRecord;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

use super::house::Mirrored;

const PATIENCE: Duration = Duration::from_secs(60);
const OURS: (&str, bool) = ("fernamt-absence", true);

impl Mirrored {
    /// Changes the absence, as a JMAP client does.
    async fn away(&self, patch: Value) {
        self.set("VacationResponse", json!({ "update": { "singleton": patch } })).await;
    }

    /// Whether the page shows the absence as switched on.
    async fn is_away(&self) -> bool {
        let got = self.ada.call("VacationResponse/get", json!({})).await;
        got["list"][0]["isEnabled"].as_bool().unwrap()
    }

    /// What ada does with another program for scripts.
    async fn sieve(&self) -> Sieve {
        let server = Server {
            host: "localhost".to_owned(),
            port: self.cyrus.sieve.address().port(),
            security: Security::StartTls,
            trust: Trust::only(&fs::read(self.cyrus.authority_file()).unwrap()).unwrap(),
        };
        let login = Login {
            user: self.cyrus.operator.to_owned(),
            password: self.cyrus.operator_password.into(),
            on_behalf_of: Some("ada".to_owned()),
        };
        Sieve::connect(&server, &login).await.unwrap()
    }

    /// The scripts on the server, and which of them counts.
    async fn scripts(&self) -> Vec<(String, bool)> {
        let scripts = self.sieve().await.scripts().await.unwrap();
        let mut scripts: Vec<_> = scripts.into_iter().map(|script| (script.name, script.active)).collect();
        scripts.sort();
        scripts
    }

    async fn has_scripts(&self, expected: &[(&str, bool)]) {
        let expected: Vec<_> = expected.iter().map(|(name, active)| ((*name).to_owned(), *active)).collect();
        assert_eq!(self.scripts().await, expected);
    }

    /// Somebody outside writes: Exim hands the letter to Cyrus.
    fn comes(&self, from: &str, to: &str, subject: &str) {
        let letter = format!(
            "From: {from}@elsewhere.test\\nTo: {to}@amt.test\\nSubject: {subject}\\n\
             Message-ID: <{subject}@elsewhere.test>\\n\\nHallo\\n"
        );
        self.program(&format!("send('{from}@elsewhere.test', '{to}@amt.test', '{letter}')"));
    }

    /// Waits until a letter lies in a folder of somebody on the server.
    fn lands(&self, person: &str, folder: &str, subject: &str) {
        self.program_of(
            person,
            &format!("q(m.select('{folder}'))\nwhile not q(m.uid('SEARCH', 'SUBJECT', '{subject}'))[0]: q(m.noop())"),
        );
    }

    /// Who outside was answered, once there are as many answers as wanted, and the last answer.
    fn answered(&self, wanted: usize) -> (Vec<String>, String) {
        let letters = self.answers(wanted);
        let to = |letter: &String| receiver(letter).trim_end_matches("@elsewhere.test").to_owned();
        (letters.iter().map(to).collect(), letters.last().cloned().unwrap_or_default())
    }

    /// The answers to those outside, once there are as many as wanted.
    fn answers(&self, wanted: usize) -> Vec<String> {
        let begin = Instant::now();
        loop {
            let letters = self.cyrus.letters_outside().unwrap();
            if letters.len() >= wanted {
                return letters;
            }
            assert!(begin.elapsed() < PATIENCE, "{wanted} answers are wanted: {letters:?}");
        }
    }
}

fn receiver(letter: &str) -> &str {
    let line = letter.lines().find_map(|line| line.strip_prefix("To: ")).unwrap_or_default();
    line.trim_matches(['<', '>'])
}

#[tokio::test]
async fn who_writes_from_outside_is_answered_once_and_only_while_somebody_is_away() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.round().await;
    let text = "Grüße – ab \"Montag\" wieder da.\n.\n\\Ada; stop;";
    let away = json!({
        "isEnabled": true, "fromDate": "2020-01-01T00:00:00Z", "toDate": "2099-01-01T00:00:00Z",
        "subject": "Bin \"verreist\"", "textBody": text,
    });
    one.away(away).await;
    one.round().await;
    one.has_scripts(&[OURS]).await;
    one.comes("cleo", "ada", "Antrag");
    let (to, answer) = one.answered(1);
    assert_eq!(to, ["cleo"]);
    assert!(
        answer.contains("Subject: Bin \"verreist\"") && answer.contains("Auto-Submitted: auto-replied"),
        "{answer}"
    );
    assert!(answer.replace("\r\n", "\n").contains(text), "{answer}");
    assert!(answer.contains("ada@amt.test"), "{answer}");
    one.comes("cleo", "ada", "Nachfrage");
    one.lands("ada", "INBOX", "Nachfrage");
    // Off: nothing of ours is left there.
    one.away(json!({ "isEnabled": false })).await;
    one.round().await;
    one.has_scripts(&[]).await;
    one.comes("dora", "ada", "Bitte");
    one.lands("ada", "INBOX", "Bitte");
    // It lies there before it begins, and answers nobody yet.
    one.away(json!({ "isEnabled": true, "fromDate": "2098-01-01T00:00:00Z" })).await;
    one.round().await;
    one.has_scripts(&[OURS]).await;
    one.comes("max", "ada", "Vorher");
    one.lands("ada", "INBOX", "Vorher");
    one.away(json!({ "fromDate": null, "textBody": "Wieder weg" })).await;
    one.round().await;
    one.comes("eva", "ada", "Zuletzt");
    let (to, answer) = one.answered(2);
    assert_eq!(to, ["cleo", "eva"], "nobody else was answered, and nobody twice");
    assert!(answer.contains("Wieder weg"), "{answer}");
    one.lands("ada", "INBOX", "Zuletzt");
    // What the mirror finds is answered no second time from here.
    one.round().await;
    one.house.deliver().await;
    let same = one.same().await;
    assert_eq!((same["INBOX"].len(), same["Sent"].len(), one.answered(2).0.len()), (5, 0, 2));
}

#[tokio::test]
async fn who_writes_from_outside_is_told_something_else_or_nothing() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.round().await;
    let (inside, outside) = ("Durchwahl 4711; stop;", "Ab \"Montag\";\n} discard;\n\\");
    one.away(json!({
        "isEnabled": true, "toDate": "2099-01-01T00:00:00Z", "subject": "Weg", "textBody": inside,
        "textBodyOutside": outside,
    }))
    .await;
    one.round().await;
    one.has_scripts(&[OURS]).await;
    // A colleague with another mail program; and somebody who only says so in From, where no answer goes.
    let send = |from: &str, header: &str, subject: &str| {
        let letter =
            format!("From: {header}\\nTo: ada@amt.test\\nSubject: {subject}\\nMessage-ID: <{subject}@x>\\n\\nHallo\\n");
        one.program(&format!("send('{from}', 'ada@amt.test', '{letter}')"));
        one.lands("ada", "INBOX", subject);
    };
    send("bob@amt.test", "bob@AMT.test", "Drinnen");
    send("cleo@elsewhere.test", "Chef <bob@amt.test>", "Draussen");
    send("dora@notamt.test", "dora@notamt.test", "Daneben");
    send("eva@schule.amt.test", "eva@schule.amt.test", "Darunter");
    let letters = one.answers(3);
    let mut told: Vec<_> = letters
        .iter()
        .map(|letter| {
            let text = letter.replace("\r\n", "\n");
            (receiver(letter), text.contains(inside), text.contains(outside))
        })
        .collect();
    told.sort_unstable();
    let expected =
        [("cleo@elsewhere.test", false, true), ("dora@notamt.test", false, true), ("eva@schule.amt.test", true, false)];
    assert_eq!(told, expected, "{letters:?}");
    one.lands("bob", "INBOX", "Weg");
    let at_bob = one.program_of("bob", "q(m.select())\nprint(q(m.fetch('1:*', '(BODY.PEEK[TEXT])')))");
    assert!(at_bob.contains(inside) && !at_bob.contains("Montag"), "{at_bob}");
    // Nothing at all for those outside. It is another absence, so a colleague is answered again.
    one.away(json!({ "isEnabledOutside": false, "subject": "Fort", "textBody": "Immer noch weg" })).await;
    one.round().await;
    send("cleo@elsewhere.test", "cleo@elsewhere.test", "Wieder");
    send("bob@amt.test", "bob@amt.test", "Auch");
    one.lands("bob", "INBOX", "Fort");
    assert_eq!(one.answers(3).len(), 3, "nobody outside was answered again");
}

#[tokio::test]
async fn somebodys_own_script_goes_on_and_counts_again_when_the_absence_is_over() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.round().await;
    let mut sieve = one.sieve().await;
    let own = "require [\"fileinto\"];\r\nif header :contains \"Subject\" \"Plan\" { fileinto \"Archive\"; }\r\n";
    sieve.put("Mein Filter", own).await.unwrap();
    sieve.activate("Mein Filter").await.unwrap();
    one.away(json!({ "isEnabled": true, "textBody": "Weg" })).await;
    one.round().await;
    one.has_scripts(&[("Mein Filter", false), ("fernamt", true), ("fernamt-absence", false)]).await;
    one.comes("cleo", "ada", "Plan");
    one.lands("ada", "Archive", "Plan");
    assert_eq!(one.answered(1).0, ["cleo"]);
    // It ends by itself once its last day is over.
    let end = fernamt_domain::Clock::now(&one.house.clock) + time::Duration::HOUR;
    let end = end.format(&time::format_description::well_known::Rfc3339).unwrap();
    one.away(json!({ "toDate": end })).await;
    one.round().await;
    assert_eq!(one.scripts().await.len(), 3, "it lies there until then");
    one.house.clock.advance(time::Duration::hours(2));
    one.round().await;
    one.has_scripts(&[("Mein Filter", true)]).await;
    assert_eq!(one.sieve().await.script("Mein Filter").await.unwrap(), own);
    one.comes("dora", "ada", "Plan-B");
    one.lands("ada", "Archive", "Plan-B");
}

#[tokio::test]
async fn what_somebody_switches_off_with_another_program_is_off_here() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.round().await;
    one.away(json!({ "isEnabled": true, "textBody": "Weg" })).await;
    one.round().await;
    one.round().await;
    assert!(one.is_away().await, "nobody switched it off");
    let before = one.ada.call("VacationResponse/get", json!({})).await["state"].clone();
    let mut sieve = one.sieve().await;
    sieve.put("other", "keep;\r\n").await.unwrap();
    sieve.activate("other").await.unwrap();
    one.round().await;
    assert!(!one.is_away().await);
    assert_ne!(one.ada.call("VacationResponse/get", json!({})).await["state"], before, "who listens hears of it");
    one.has_scripts(&[("other", true)]).await;
    // Where it was switched on again here, that was later; the other script goes on beside it.
    one.away(json!({ "isEnabled": true })).await;
    one.round().await;
    one.has_scripts(&[("fernamt", true), ("fernamt-absence", false), ("other", false)]).await;
    sieve.activate("").await.unwrap();
    one.round().await;
    assert!(!one.is_away().await);
    one.has_scripts(&[("other", false)]).await;
    // Changed on both sides: what was said here holds.
    one.away(json!({ "isEnabled": true })).await;
    one.round().await;
    sieve.activate("other").await.unwrap();
    one.away(json!({ "textBody": "Immer noch weg" })).await;
    one.round().await;
    assert!(one.is_away().await);
    one.comes("cleo", "ada", "Antrag");
    assert!(one.answered(1).1.contains("Immer noch weg"), "and the server says what was said here");
}

#[tokio::test]
async fn what_the_server_refuses_is_off_again_and_told() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.round().await;
    let mut sieve = one.sieve().await;
    // It takes five of a person.
    for name in ["a", "b", "c", "d"] {
        sieve.put(name, "keep;\r\n").await.unwrap();
    }
    sieve.activate("a").await.unwrap();
    one.away(json!({ "isEnabled": true, "textBody": "Weg" })).await;
    one.round().await;
    assert!(!one.is_away().await);
    one.has_scripts(&[("a", true), ("b", false), ("c", false), ("d", false)]).await;
    let found = one.ada.call("Email/query", json!({ "filter": { "from": "mailer-daemon" } })).await;
    let got = one.ada.call("Email/get", json!({ "ids": found["ids"], "fetchTextBodyValues": true })).await;
    let told = got["list"].to_string();
    assert!(got["list"].as_array().unwrap().len() == 1 && told.contains("kein Platz"), "{told}");
    // The letter is in the mailbox like any other, and nothing is tried again by itself.
    one.round().await;
    assert_eq!(one.same().await["INBOX"].len(), 1);
    sieve.delete("d").await.unwrap();
    one.away(json!({ "isEnabled": true })).await;
    one.round().await;
    assert!(one.is_away().await);
    let full = [("a", false), ("b", false), ("c", false), ("fernamt", true), ("fernamt-absence", false)];
    one.has_scripts(&full).await;
    // There is no room for a script more, and none is needed for another text.
    one.away(json!({ "textBody": "Fort" })).await;
    one.round().await;
    assert!(one.is_away().await);
    one.has_scripts(&full).await;
    assert!(one.sieve().await.script("fernamt-absence").await.unwrap().contains("Fort"));
}

#[tokio::test]
async fn beside_a_script_that_answers_itself_none_begins_and_any_name_lets_one_end() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.round().await;
    let mut sieve = one.sieve().await;
    sieve.put("mine", "require [\"vacation\"];\r\nvacation \"Weg\";\r\n").await.unwrap();
    sieve.activate("mine").await.unwrap();
    one.away(json!({ "isEnabled": true, "textBody": "Weg" })).await;
    one.round().await;
    assert!(!one.is_away().await);
    one.has_scripts(&[("mine", true)]).await;
    let told = async |one: &Mirrored| {
        let found = one.ada.call("Email/query", json!({ "filter": { "from": "mailer-daemon" } })).await;
        let got = one.ada.call("Email/get", json!({ "ids": found["ids"], "fetchTextBodyValues": true })).await;
        got["list"].as_array().unwrap().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let letters = told(&one).await;
    assert!(letters.len() == 1 && letters[0].contains("beantwortet Nachrichten selbst"), "{letters:?}");
    assert_eq!(one.there()["INBOX"].len(), 1, "the absence comes before mail, so the letter went with it");
    // It comes to answer while the absence lies there.
    sieve.put("mine", "keep;\r\n").await.unwrap();
    one.away(json!({ "isEnabled": true })).await;
    one.round().await;
    assert!(one.is_away().await);
    sieve.put("mine", "require [\"reject\"];\r\nreject \"Nein\";\r\n").await.unwrap();
    one.house.clock.advance(time::Duration::minutes(2));
    one.round().await;
    assert!(!one.is_away().await);
    one.has_scripts(&[("mine", true)]).await;
    assert_eq!(told(&one).await.len(), 2);
    // A name that nobody can read holds up no end; what was written into our script is kept and told.
    sieve.put("mine", "keep;\r\n").await.unwrap();
    one.away(json!({ "isEnabled": true })).await;
    one.round().await;
    // A conversation that went on all the while finds no script of another one in Cyrus.
    let mut sieve = one.sieve().await;
    let ours = sieve.script("fernamt").await.unwrap();
    sieve.put("fernamt", &format!("{ours}keep;\r\n")).await.unwrap();
    sieve.put("\"x\"", "keep;\r\n").await.unwrap();
    one.away(json!({ "isEnabled": false })).await;
    one.round().await;
    one.has_scripts(&[("", false), ("fernamt-kept", false), ("mine", true)]).await;
    let letters = told(&one).await;
    assert!(letters.iter().any(|letter| letter.contains("„fernamt-kept“")), "{letters:?}");
    assert_eq!(letters.len(), 3);
}

#[tokio::test]
async fn what_the_server_is_owed_is_found_though_nobody_uses_the_account() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.round().await;
    // An end of which nobody told, as where we broke off.
    one.sieve().await.begin_absence(&Absence { text: "Halb".to_owned(), ..Absence::default() }).await.unwrap();
    let work = one.house.tenant.begin().await.unwrap();
    let begun = MirrorAbsenceRecord { account: one.account, print: None };
    work.mail_mirrors().put_absence(&begun).await.unwrap();
    work.commit().await.unwrap();
    one.house.clock.advance(time::Duration::HOUR);
    let stop = CancellationToken::new();
    let mirrors = tokio::spawn(Arc::clone(&one.house.mail).keep_mirrors(stop.clone()));
    let ended = async { while !one.scripts().await.is_empty() {} };
    timeout(PATIENCE, ended).await.expect("it is found");
    stop.cancel();
    mirrors.await.unwrap();
}

#[tokio::test]
async fn an_absence_ends_by_its_date_though_nobody_uses_the_account() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.round().await;
    let end = fernamt_domain::Clock::now(&one.house.clock) + time::Duration::HOUR + time::Duration::seconds(2);
    let end = end.format(&time::format_description::well_known::Rfc3339).unwrap();
    one.away(json!({ "isEnabled": true, "toDate": end, "textBody": "Weg" })).await;
    one.round().await;
    one.has_scripts(&[OURS]).await;
    one.house.clock.advance(time::Duration::HOUR);
    let stop = CancellationToken::new();
    let mirrors = tokio::spawn(Arc::clone(&one.house.mail).keep_mirrors(stop.clone()));
    let bob = one.house.person("bob").await;
    one.program_of("bob", "put('INBOX', 'Eins')");
    let mut bus = one.house.store.subscribe();
    let inbox = bob.mailbox("inbox").await;
    let mirrored = async {
        while bob.counts(&inbox).await[0] < 1 {
            assert!(bus.next().await.is_some());
        }
    };
    timeout(PATIENCE, mirrored).await.expect("others are mirrored, so it was looked for once");
    one.has_scripts(&[OURS]).await;
    one.house.clock.advance(time::Duration::seconds(5));
    let ended = async { while !one.scripts().await.is_empty() {} };
    timeout(PATIENCE, ended).await.expect("it is over");
    stop.cancel();
    mirrors.await.unwrap();
}

#[tokio::test]
async fn what_was_said_while_the_server_was_down_is_carried_when_it_is_back() {
    let mut one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    one.round().await;
    one.cyrus.sieve.shut();
    one.away(json!({ "isEnabled": true, "textBody": "Weg" })).await;
    one.program("put('INBOX', 'Eins')");
    one.round().await;
    assert_eq!(one.same().await["INBOX"].len(), 1, "mail goes on being mirrored");
    assert!(one.is_away().await, "it is still to be carried");
    one.cyrus.sieve.open();
    one.has_scripts(&[]).await;
    one.cyrus.sieve.shut();
    // Nobody uses the account any more when we are started anew. It is mirrored all the same, for its absence.
    one.house.clock.advance(time::Duration::hours(1));
    one.program("put('INBOX', 'Zwei')");
    let mut bus = one.house.store.subscribe();
    let stop = CancellationToken::new();
    let mirrors = tokio::spawn(Arc::clone(&one.house.mail).keep_mirrors(stop.clone()));
    let mirrored = async {
        while one.here().await["INBOX"].len() < 2 {
            assert!(bus.next().await.is_some());
        }
    };
    timeout(PATIENCE, mirrored).await.expect("it is mirrored");
    // Now all of the server is down, for longer than an account is mirrored after its last use.
    one.cyrus.imap.shut();
    one.house.clock.advance(time::Duration::hours(2));
    one.cyrus.imap.open();
    one.cyrus.sieve.open();
    let carried = async { while one.scripts().await != [(OURS.0.to_owned(), true)] {} };
    timeout(PATIENCE, carried).await.expect("it is carried by itself");
    stop.cancel();
    mirrors.await.unwrap();
    let again = one.house.again(&one.ada).await;
    one.ada = again;
    one.away(json!({ "isEnabled": false })).await;
    one.round().await;
    one.has_scripts(&[]).await;
    // Broken off after the script was put and before that was noted; meanwhile it is switched off here.
    one.sieve().await.begin_absence(&Absence { text: "Halb".to_owned(), ..Absence::default() }).await.unwrap();
    let work = one.house.tenant.begin().await.unwrap();
    let begun = MirrorAbsenceRecord { account: one.account, print: None };
    work.mail_mirrors().put_absence(&begun).await.unwrap();
    work.commit().await.unwrap();
    one.round().await;
    one.has_scripts(&[]).await;
}

#[tokio::test]
async fn colleagues_are_answered_from_here_and_what_comes_past_the_server_is_not() {
    let one = Mirrored::new(fernamt_testkit::peer!(Mirrored::start())).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lmtp");
    let stop = CancellationToken::new();
    let lmtp = Lmtp::bind(LmtpSettings::at(LmtpAddress::Socket(path.clone()))).await.unwrap();
    let running = tokio::spawn(lmtp.run(Arc::clone(&one.house.mail), stop.clone()));
    let handed_over = async |from: &str| {
        let mut line = UnixStream::connect(&path).await.unwrap();
        let letter = format!(
            "LHLO x\r\nMAIL FROM:<{from}@elsewhere.test>\r\nRCPT TO:<ada@amt.test>\r\nDATA\r\n\
             Message-ID: <{from}@x>\r\nTo: ada@amt.test\r\nSubject: Plan\r\n\r\nHallo\r\n.\r\nQUIT\r\n"
        );
        line.write_all(letter.as_bytes()).await.unwrap();
        let mut heard = String::new();
        line.read_to_string(&mut heard).await.unwrap();
        assert!(heard.contains("\r\n354 ") && heard.contains("\r\n221 "), "{heard}");
    };
    let bob = one.house.person("bob").await;
    one.away(json!({ "isEnabled": true, "textBody": "Weg" })).await;
    // The mail server does not answer yet, so we do.
    handed_over("max").await;
    one.house.deliver().await;
    assert_eq!(one.answered(1).0, ["max"]);
    one.round().await;
    one.has_scripts(&[OURS]).await;
    handed_over("dora").await;
    one.house.deliver().await;
    // A colleague's message is never delivered by the server, which answers others meanwhile.
    let sent = bob.send("ada@amt.test", "Frage", "Hallo").await;
    assert!(sent["created"]["s"]["id"].is_string(), "{sent}");
    one.house.deliver().await;
    one.round().await;
    one.round_of(bob.account.parse().unwrap()).await;
    one.comes("eva", "ada", "Zuletzt");
    assert_eq!(one.answered(2).0, ["max", "eva"]);
    one.lands("ada", "INBOX", "Zuletzt");
    one.round().await;
    assert_eq!(one.same().await["INBOX"].len(), 4, "from max, dora, bob and eva");
    let there = one.there_of("bob");
    assert_eq!(there["INBOX"].len(), 1, "one answer: {there:?}");
    stop.cancel();
    running.await.unwrap();
}
