//! Debian's Cyrus: the mail server of a house, with IMAP and `ManageSieve`, and Exim before it as the way in and out.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context as _, Result};

use super::{Door, Namespace, Network, quoted};

/// What lies in each of somebody's folders, by the name that the server writes: of each message its Message-ID and its
/// marks, as JMAP calls them (RFC 8621, section 4.1.1), all in order.
pub type Contents = BTreeMap<String, Vec<(String, Vec<String>)>>;

/// A running mail server. It is called `localhost`, and so is its certificate; its people's addresses end in
/// `@amt.test`. Each finds the folders Drafts, Sent, Trash, Junk and Archive. Exim knows nobody called `nobody`.
#[derive(Debug)]
pub struct Cyrus {
    /// Who may act for everybody at IMAP and `ManageSieve`, and send in everybody's name.
    pub operator: &'static str,
    /// The password of [`Cyrus::operator`].
    pub operator_password: &'static str,
    /// IMAP, with TLS by `STARTTLS`.
    pub imap: Door,
    /// IMAP, with TLS from the first byte.
    pub imap_tls: Door,
    /// `ManageSieve`, with TLS by `STARTTLS`.
    pub sieve: Door,
    /// Submission, with TLS by `STARTTLS`.
    pub submission: Door,
    /// Submission, with TLS from the first byte.
    pub submission_tls: Door,
    namespace: Namespace,
}

impl Cyrus {
    /// Starts it with an authority of its own and these people, each with a password.
    pub fn start(people: &[(&str, &str)]) -> Result<Self> {
        Self::start_in(Namespace::start("cyrus", Network::Private)?, people, "")
    }

    /// Starts it beside something else; `settings` are words of the shell that go before its script.
    pub(super) fn start_in(namespace: Namespace, people: &[(&str, &str)], settings: &str) -> Result<Self> {
        let (operator, operator_password) = ("fernamt", "Post-Kutsche-7");
        let people: Vec<_> = people.iter().map(|(name, password)| format!("{name} {password}")).collect();
        namespace.run(&format!(
            "people={}\noperator={operator}\noperator_password={operator_password}\n{settings}\n{}",
            quoted(&people.join("\n")),
            include_str!("cyrus.sh"),
        ))?;
        Ok(Self {
            operator,
            operator_password,
            imap: namespace.door(143)?,
            imap_tls: namespace.door(993)?,
            sieve: namespace.door(4190)?,
            submission: namespace.door(587)?,
            submission_tls: namespace.door(465)?,
            namespace,
        })
    }

    /// The authority that its certificate is trusted by, as a file (PEM).
    pub fn authority_file(&self) -> PathBuf {
        self.namespace.share().join("authority.pem")
    }

    /// Where it runs, for what stands beside it.
    pub(super) fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// Every message to an address outside the house that was handed over so far, the oldest first.
    pub fn letters_outside(&self) -> Result<Vec<String>> {
        let names = self.namespace.run("ls -tr /share/mail/new 2>/dev/null || true")?;
        let folder = self.namespace.share().join("mail/new");
        let read = |name: &str| fs::read_to_string(folder.join(name)).with_context(|| format!("read letter {name}"));
        names.lines().map(read).collect()
    }

    /// What a mail program that nobody here wrote does and prints: Python's `imaplib`, signed in for `person` as `m`.
    /// `person` may be `cyrus`, who administers the server. `send(sender, recipient, message)` submits, and `q(answer)`
    /// fails unless the answer is OK.
    pub fn mail_program(&self, person: &str, script: &str) -> Result<String> {
        let user = if person == "cyrus" { "cyrus" } else { self.operator };
        let on_behalf = if person == "cyrus" { "" } else { person };
        let text = format!(
            "user, on_behalf, password = {user:?}, {on_behalf:?}, {:?}\n{MAIL_PROGRAM}\n{script}\nm.logout()\n",
            self.operator_password
        );
        self.namespace.run(&format!("python3 -c {}", quoted(&text)))
    }

    /// What somebody's mail program finds in all folders that it is shown.
    pub fn contents(&self, person: &str) -> Result<Contents> {
        let printed = self.mail_program(person, CONTENTS)?;
        serde_json::from_str(&printed).with_context(|| format!("the mail program says {printed}"))
    }
}

const MAIL_PROGRAM: &str = r"
import imaplib, smtplib, socket, ssl

trust = ssl.create_default_context(cafile='/share/authority.pem')

def q(answer):
    assert answer[0] == 'OK', answer
    return answer[1]

def send(sender, recipient, message):
    line = smtplib.SMTP('localhost', 587)
    line.starttls(context=trust)
    line.login('fernamt', password)
    line.sendmail(sender, [recipient], message.replace('\r\n', '\n').replace('\n', '\r\n').encode())
    line.quit()

m = imaplib.IMAP4('localhost', 143)
# A message and the end of its line are sent apart; without this each waits for the other's receipt.
m.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
q(m.starttls(trust))
q(m.authenticate('PLAIN', lambda _: f'{on_behalf}\0{user}\0{password}'.encode()))
";

const CONTENTS: &str = r#"
import json, re

def mark(flag):
    return '$' + flag[1:] if flag.startswith('\\') else flag

contents = {}
for line in q(m.list()):
    name = re.match(rb'\(.*?\) "/" (.*)', line).group(1).decode()
    q(m.select(name, True))
    found = []
    for part in q(m.uid('FETCH', '1:*', '(FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])')):
        if isinstance(part, tuple):
            flags = re.search(rb'FLAGS \(([^)]*)\)', part[0]).group(1).decode().lower().split()
            marks = sorted(mark(flag) for flag in flags if flag != '\\recent')
            found.append([part[1].decode().strip()[len('Message-ID: <'):-1], marks])
    contents[name.strip('"')] = sorted(found)
print(json.dumps(contents))
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reaches_the_house_and_the_outside_and_rights_are_told() {
        let cyrus = crate::peer!(Cyrus::start(&[("ada", "Linde-Fluss-27"), ("bob", "Linde-Fluss-28")]));
        let sent = "send('bob@amt.test', 'ada@amt.test', 'From: bob@amt.test\\nSubject: Plan\\n\\nHallo\\n')\n\
                    send('bob@amt.test', 'cleo@elsewhere.test', 'From: bob@amt.test\\nSubject: Away\\n\\nHallo\\n')\n\
                    print(q(m.myrights('INBOX')))";
        assert!(cyrus.mail_program("bob", sent).expect("it is taken").contains("lrswipkxtecdan"));
        // Exim hands over beside its conversation with the program, so the program waits for the change to its folder.
        let read = "q(m.select())\n\
                    while not q(m.uid('SEARCH', 'SUBJECT', 'Plan'))[0]: q(m.noop())\n\
                    print(q(m.uid('FETCH', '1:*', '(EMAILID BODY.PEEK[])')))\n\
                    print(q(m.list()))";
        let printed = cyrus.mail_program("ada", read).expect("it is read");
        assert!(
            printed.contains("EMAILID (M") && printed.contains("Hallo") && printed.contains("\\\\sent"),
            "{printed}"
        );
        assert!(cyrus.mail_program("cyrus", "print(q(m.list('\"\"', '*')))").expect("all").contains("user/bob"));
        while cyrus.letters_outside().expect("a list").is_empty() {}
        assert!(cyrus.letters_outside().expect("a list")[0].contains("Subject: Away"));
    }
}
