//! The mail of the demo's people, and a mailbox that two of them share.

use std::fmt::Write as _;

use data_encoding::BASE64;
use fernamt_domain::{
    PersonId,
    mail::{MailRight, MailRights},
};
use fernamt_mail::{Incoming, Mail};
use fernamt_store::TenantStore;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc2822};

use super::HOST;
use crate::office::Office;

/// The name of the shared mailbox.
const FUNCTIONAL: &str = "Bürgerbüro";
/// What its address begins with.
const FUNCTIONAL_ADDRESS: &str = "buergerbuero";
/// Who shares it, and how.
const DELEGATES: [(&str, &[MailRight]); 2] = [
    ("erika", &[MailRight::Write, MailRight::SendOnBehalf, MailRight::SendAs, MailRight::Manage]),
    ("max", &[MailRight::Write, MailRight::SendOnBehalf]),
];

/// A message that has come.
struct DemoMessage {
    /// What tells it from the others.
    id: &'static str,
    from: (&'static str, &'static str),
    to: &'static str,
    subject: &'static str,
    text: &'static str,
    /// A file's name and content.
    file: Option<(&'static str, &'static str)>,
    answers: Option<&'static str>,
    hours_ago: i64,
    seen: bool,
}

const MESSAGES: [DemoMessage; 8] = [
    DemoMessage {
        id: "hund",
        from: ("Petra Sommer", "petra.sommer@post.example"),
        to: FUNCTIONAL_ADDRESS,
        subject: "Hund anmelden: was brauche ich?",
        text: "Guten Tag,\n\nwir haben seit gestern einen Hund aus dem Tierheim. Welche Unterlagen brauchen Sie für die\n\
               Anmeldung, und kann ich das ohne Termin erledigen?\n\nVielen Dank\nPetra Sommer\n",
        file: None,
        answers: None,
        hours_ago: 3,
        seen: false,
    },
    DemoMessage {
        id: "ausweis",
        from: ("Jonas Winter", "jonas.winter@post.example"),
        to: FUNCTIONAL_ADDRESS,
        subject: "Personalausweis abgelaufen, Reise am Freitag",
        text: "Guten Morgen,\n\nmein Ausweis ist abgelaufen und ich fliege am Freitag. Bekomme ich bis dahin einen\n\
               vorläufigen?\n\nJonas Winter\n",
        file: None,
        answers: None,
        hours_ago: 26,
        seen: true,
    },
    DemoMessage {
        id: "ausweis-2",
        from: ("Jonas Winter", "jonas.winter@post.example"),
        to: FUNCTIONAL_ADDRESS,
        subject: "Re: Personalausweis abgelaufen, Reise am Freitag",
        text: "Guten Tag noch einmal,\n\nder Flug geht schon um 6 Uhr. Donnerstag vormittags könnte ich kommen.\n\nJonas Winter\n",
        file: None,
        answers: Some("ausweis"),
        hours_ago: 2,
        seen: false,
    },
    DemoMessage {
        id: "baustelle",
        from: ("Max Beispiel", "max@fernamt.localhost"),
        to: "erika",
        subject: "Sperrung der Lindenstraße",
        text: "Hallo Erika,\n\nab Montag ist die Lindenstraße für zwei Wochen gesperrt. Sagt Ihr den Leuten am Telefon, dass\n\
               die Zufahrt zum Rathaus über den Markt geht? Der Plan hängt an.\n\nViele Grüße\nMax\n",
        file: Some((
            "Sperrung.csv",
            "Straße;von;bis;Umleitung\nLindenstraße;30.11.2026;11.12.2026;Markt\nAm Bach;7.12.2026;8.12.2026;keine\n",
        )),
        answers: None,
        hours_ago: 20,
        seen: false,
    },
    DemoMessage {
        id: "dienst",
        from: ("Karl Leitstelle", "karl@fernamt.localhost"),
        to: "erika",
        subject: "Dienstplan Dezember",
        text: "Liebe Kolleginnen und Kollegen,\n\nder Dienstplan für Dezember steht. Wer tauschen möchte, sagt es bitte bis\n\
               Ende der Woche.\n\nKarl\n",
        file: None,
        answers: None,
        hours_ago: 50,
        seen: true,
    },
    DemoMessage {
        id: "datenschutz",
        from: ("Dora Datenschutz", "dora@fernamt.localhost"),
        to: "max",
        subject: "Bauakten in der Ablage",
        text: "Guten Tag Herr Beispiel,\n\nin der Ablage liegen noch Bauakten von 2009. Bitte prüfen Sie, welche davon gelöscht\n\
               werden können, und geben Sie mir bis zum Monatsende Bescheid.\n\nMit freundlichen Grüßen\nDora Datenschutz\n",
        file: None,
        answers: None,
        hours_ago: 5,
        seen: false,
    },
    DemoMessage {
        id: "rueckfrage",
        from: ("Erika Mustermann", "erika@fernamt.localhost"),
        to: "max",
        subject: "Bauanfrage Gartenweg 4",
        text: "Hallo Max,\n\nam Schalter stand Frau Krause vom Gartenweg 4. Sie möchte wissen, ob für die Gartenhütte eine\n\
               Genehmigung nötig ist. Rufst Du sie an?\n\nErika\n",
        file: None,
        answers: None,
        hours_ago: 28,
        seen: true,
    },
    DemoMessage {
        id: "update",
        from: ("Karl Leitstelle", "karl@fernamt.localhost"),
        to: "ada",
        subject: "Neue Geräte warten auf Freigabe",
        text: "Hallo Ada,\n\nim Bürgeramt sind drei neue Notebooks angekommen. Die Freigaben kommen morgen früh, ich bin ab 7 Uhr da.\n\n\
               Karl\n",
        file: None,
        answers: None,
        hours_ago: 7,
        seen: false,
    },
];

/// Makes the shared mailbox, and lets mail come.
pub(super) async fn seed(office: &Office, mail: &Mail) -> anyhow::Result<()> {
    let store = office.store.tenant(office.tenant(None).await?.id);
    let address = format!("{FUNCTIONAL_ADDRESS}@{HOST}");
    // A folder that was kept has its mail already.
    if store.mail_accounts().by_address(&address).await?.is_some() {
        return Ok(());
    }
    share(&store, &address).await?;
    let now = office.clock.now();
    for message in &MESSAGES {
        let received_at = now - Duration::hours(message.hours_ago);
        let (to, raw) = (format!("{}@{HOST}", message.to), raw(message, received_at)?);
        let from = message.from.1;
        mail.receive(&store, Incoming { from, to: &to, raw: raw.as_bytes(), received_at, seen: message.seen }).await?;
    }
    Ok(())
}

async fn share(store: &TenantStore, address: &str) -> anyhow::Result<()> {
    let mut people: Vec<(PersonId, MailRights)> = Vec::new();
    for (name, rights) in DELEGATES {
        if let Some(person) = store.people().by_name(name).await? {
            people.push((person.id, rights.iter().copied().collect()));
        }
    }
    let work = store.begin().await?;
    let account = work.mail_accounts().begin(None, FUNCTIONAL, address).await?;
    for (person, rights) in people {
        work.mail_grants().put(account.id, person, rights).await?;
    }
    Ok(work.commit().await?)
}

/// The message as it travels (RFC 5322).
fn raw(message: &DemoMessage, at: OffsetDateTime) -> anyhow::Result<String> {
    let word = |text: &str| format!("=?utf-8?B?{}?=", BASE64.encode(text.as_bytes()));
    let body = |text: &str| {
        let lines = BASE64.encode(text.as_bytes());
        let lines = lines.as_bytes().chunks(76).map(String::from_utf8_lossy);
        lines.fold(String::new(), |all, line| all + &line + "\r\n")
    };
    let mut raw = String::new();
    write!(raw, "From: {} <{}>\r\n", word(message.from.0), message.from.1)?;
    write!(raw, "To: <{}@{HOST}>\r\nSubject: {}\r\n", message.to, word(message.subject))?;
    write!(raw, "Date: {}\r\nMessage-ID: <{}@demo.example>\r\n", at.format(&Rfc2822)?, message.id)?;
    if let Some(answers) = message.answers {
        write!(raw, "In-Reply-To: <{answers}@demo.example>\r\n")?;
    }
    raw += "MIME-Version: 1.0\r\n";
    let text = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n";
    match message.file {
        None => write!(raw, "{text}\r\n{}", body(message.text))?,
        Some((name, content)) => write!(
            raw,
            "Content-Type: multipart/mixed; boundary=\"demo\"\r\n\r\n--demo\r\n{text}\r\n{}--demo\r\n\
             Content-Type: text/csv; charset=utf-8; name=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment; filename=\"{name}\"\r\n\r\n{}--demo--\r\n",
            body(message.text),
            body(content)
        )?,
    }
    Ok(raw)
}
