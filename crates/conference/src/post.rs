//! Letters: invitations sent by mail. This flow exists only where the configuration names a mail server.
//!
//! A letter is written with the change that it tells of, and put together when it is sent, so that it tells what holds
//! then. It is sent at least once; its Message-ID stays the same.

use std::{fmt, sync::Arc, time::SystemTime};

use async_trait::async_trait;
use fernamt_domain::{LetterId, MeetingId, Purpose, Secret, TenantId};
use fernamt_store::{InviteeRecord, LetterRecord, RoomRecord, StoreError, Tenant, TenantStore, Work};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, MultiPart, SinglePart, header::ContentType},
    transport::smtp::{
        Error as SmtpError,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, Certificate, Tls, TlsParameters},
        commands::Mail,
        extension::ClientId,
        response::Category,
    },
};
use serde::{Deserialize, Serialize};
use time::Duration;
use tokio::time::timeout;

use crate::{
    Parts,
    invitation::{Card, Guest, Language, Method, Place},
    rounds::Turn,
    settings,
};

/// Letters that are sent in one go, so that others get their turn.
const MOST_IN_ONE_GO: u64 = 25;

/// How long after each failure the next try is.
const PAUSES_S: [i64; 6] = [60, 300, 900, 3_600, 14_400, 43_200];

/// How long the mail server may take.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(20);

/// How long a mail server may take for a whole letter, however slowly it answers.
const TAKEN_WITHIN: std::time::Duration = std::time::Duration::from_secs(60);

/// Why a letter was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the letter was not sent: {reason}")]
pub struct NotSent {
    /// Whether trying again is of no use.
    pub permanent: bool,
    /// Why, in English, without names and addresses of people.
    pub reason: String,
}

/// Takes letters.
#[async_trait]
pub trait PostOffice: Send + Sync + fmt::Debug {
    /// Hands a letter over.
    async fn send(&self, letter: Message) -> Result<(), NotSent>;
}

/// The way by which letters go out.
#[derive(Debug, Clone)]
pub struct Post {
    /// The address that they come from.
    pub from: String,
    /// Who takes them.
    pub office: Arc<dyn PostOffice>,
}

/// How the way to the mail server is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// By TLS from the first byte.
    Tls,
    /// By TLS after `STARTTLS`; without it nothing is sent.
    StartTls,
    /// Not at all: for a mail server on this machine.
    None,
}

/// A mail server that letters are handed to (RFC 5321).
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    way: Way,
}

/// How the mail server is reached.
struct Way {
    host: String,
    port: u16,
    tls: Tls,
    login: Option<Credentials>,
}

/// What is needed to reach a mail server.
pub struct SmtpAddress<'a> {
    /// Its host.
    pub host: &'a str,
    /// Its port.
    pub port: u16,
    /// How the way there is kept.
    pub security: SmtpSecurity,
    /// Name and password, where it asks for them.
    pub login: Option<(String, Secret<String>)>,
    /// Certificates (PEM) that it is trusted by, beside those that the machine trusts.
    pub authority_pem: Option<Vec<u8>>,
}

impl Smtp {
    /// Gets ready to reach a mail server; nothing is sent yet.
    pub fn new(address: SmtpAddress<'_>) -> Result<Self, NotSent> {
        let wrong = |error: SmtpError| NotSent { permanent: true, reason: error.to_string() };
        let mut tls = TlsParameters::builder(address.host.to_owned());
        if let Some(pem) = &address.authority_pem {
            tls = tls.add_root_certificate(Certificate::from_pem(pem).map_err(wrong)?);
        }
        let way = Way {
            host: address.host.to_owned(),
            port: address.port,
            tls: match address.security {
                SmtpSecurity::Tls => Tls::Wrapper(tls.build().map_err(wrong)?),
                SmtpSecurity::StartTls => Tls::Required(tls.build().map_err(wrong)?),
                SmtpSecurity::None => Tls::None,
            },
            login: address.login.map(|(name, password)| Credentials::new(name, password.expose().clone())),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.host)
            .port(way.port)
            .tls(way.tls.clone())
            .timeout(Some(TIMEOUT));
        if let Some(login) = &way.login {
            builder = builder.credentials(login.clone());
        }
        Ok(Self { transport: builder.build(), way })
    }

    /// Whether a letter was refused because of who sends it. Many servers say so only when the recipient is named, and
    /// then in their words alone. Of the others the line does not tell which of the two was refused: they are asked again.
    async fn refuses_sender(&self, sender: Option<&Address>, refusal: &SmtpError) -> bool {
        if refusal.to_string().to_lowercase().contains("sender") {
            return true;
        }
        match sender {
            // A line that breaks tells nothing either; another try does no harm.
            Some(sender) => self.way.name_sender(sender).await.is_err(),
            None => false,
        }
    }
}

impl Way {
    /// Names a sender to the mail server, and nobody that a letter goes to.
    async fn name_sender(&self, sender: &Address) -> Result<(), SmtpError> {
        let name = ClientId::default();
        let wrapped = if let Tls::Wrapper(tls) = &self.tls { Some(tls.clone()) } else { None };
        let server = (self.host.as_str(), self.port);
        let mut line = AsyncSmtpConnection::connect_tokio1(server, Some(TIMEOUT), &name, wrapped, None).await?;
        if let Tls::Required(tls) = &self.tls {
            line.starttls(tls.clone(), &name).await?;
        }
        if let Some(login) = &self.login {
            line.auth(DEFAULT_MECHANISMS, login).await?;
        }
        let answer = line.command(Mail::new(Some(sender.clone()), Vec::new())).await;
        line.abort().await;
        answer.map(|_| ())
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Smtp(…)")
    }
}

#[async_trait]
impl PostOffice for Smtp {
    async fn send(&self, letter: Message) -> Result<(), NotSent> {
        let from = letter.envelope().from().cloned();
        match self.transport.send(letter).await {
            Ok(_) => Ok(()),
            Err(error) => {
                // A refused login or sender says nothing about the letter: it goes out once the configuration is right.
                let login = error.status().is_some_and(|code| code.category == Category::Unspecified3);
                let final_word = error.is_permanent() && !login;
                let sender = final_word && self.refuses_sender(from.as_ref(), &error).await;
                let permanent = final_word && !sender;
                // The server's own words may name people, and the reason goes into the log.
                let reason = match error.status() {
                    Some(code) if login => format!("it refused name and password by {code}"),
                    Some(code) if sender => format!("it refused the sender by {code}"),
                    Some(code) => format!("it answered {code}"),
                    None => error.to_string(),
                };
                Err(NotSent { permanent, reason })
            }
        }
    }
}

/// Whether the text is a mail address.
pub(crate) fn is_address(text: &str) -> bool {
    text.len() <= 254 && text.parse::<Address>().is_ok()
}

/// What a letter tells.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub(crate) enum Content {
    /// An invitation, as it holds when it is sent: to all that is to come, or to one meeting that was moved.
    Invite { language: Language, name: Option<String>, meeting: Option<MeetingId> },
    /// What was called off; it may be gone when the letter is sent.
    Cancel {
        language: Language,
        #[serde(default)]
        name: Option<String>,
        subject: String,
        text: String,
        calendar: String,
    },
}

/// Writes letters to those of the invited who have an address. Where there is no mail server, or mail is switched off,
/// nothing is written.
pub(crate) async fn write(
    work: &Work,
    tenant: TenantId,
    parts: &Parts,
    room: &RoomRecord,
    invited: &[InviteeRecord],
    content: impl Fn(&InviteeRecord, &Guest) -> Content,
) -> Result<(), StoreError> {
    if parts.post.is_none() || !settings::load_in(work).await?.mail {
        return Ok(());
    }
    let now = parts.clock.now();
    let letters: Vec<_> = invited
        .iter()
        .filter_map(|invitee| {
            let address = invitee.address.clone()?;
            let guest = Guest { name: invitee.name.clone(), address: address.clone() };
            let id = LetterId::new(&*parts.clock, &*parts.rng);
            let json = serde_json::to_vec(&content(invitee, &guest)).expect("plain data always serialise");
            let sealed = parts.sealer.seal(sealed_for(tenant), &json);
            Some(LetterRecord {
                id,
                room: room.id,
                invitee: Some(invitee.id),
                address,
                message_sealed: Secret::new(sealed),
                at: now,
                attempts: 0,
                next_at: Some(now),
                sent_at: None,
                failed_at: None,
            })
        })
        .collect();
    work.letters().insert(&letters).await
}

fn sealed_for(tenant: TenantId) -> Purpose<'static> {
    Purpose { tenant, word: "letter" }
}

/// Sends the letters whose turn it is.
pub(crate) async fn send_due(tenant: &TenantStore, parts: &Parts, site: &Tenant, turn: Turn) -> Result<(), StoreError> {
    let Some(post) = &parts.post else { return Ok(()) };
    if !settings::load(tenant).await?.mail {
        // What waits goes out when mail is on again, if it still holds then, or is deleted by its rule.
        return Ok(());
    }
    for letter in tenant.letters().due(parts.clock.now(), MOST_IN_ONE_GO).await? {
        if !turn.lasts() {
            break;
        }
        let message = match put_together(tenant, parts, site, post, &letter).await {
            Ok(message) => message,
            Err(Unwritten::Store(error)) => return Err(error),
            Err(Unwritten::Nothing(why)) => {
                tracing::debug!(letter = %letter.id, why, "A letter has nothing to tell any more");
                None
            }
        };
        let sent = match message {
            Some(message) => match timeout(TAKEN_WITHIN, post.office.send(message)).await {
                Ok(sent) => sent,
                Err(_) => Err(NotSent { permanent: false, reason: "it took too long".to_owned() }),
            },
            None => Err(NotSent { permanent: true, reason: "there is nothing to tell any more".to_owned() }),
        };
        let work = tenant.begin().await?;
        match sent {
            Ok(()) => work.letters().sent(letter.id).await?,
            Err(not) => {
                let pause = PAUSES_S.get(usize::from(letter.attempts)).filter(|_| !not.permanent);
                match pause {
                    Some(pause) => {
                        let next = parts.clock.now() + Duration::seconds(*pause);
                        work.letters().again(letter.id, letter.attempts + 1, next).await?;
                    }
                    None => work.letters().give_up(letter.id).await?,
                }
                let NotSent { permanent, reason } = not;
                tracing::warn!(letter = %letter.id, permanent, %reason, "A letter was not taken by the mail server");
            }
        }
        work.commit().await?;
    }
    Ok(())
}

/// Why a letter was not put together.
enum Unwritten {
    Store(StoreError),
    Nothing(&'static str),
}

impl From<StoreError> for Unwritten {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(_) => Self::Nothing("what it is about is gone"),
            other => Self::Store(other),
        }
    }
}

async fn put_together(
    tenant: &TenantStore,
    parts: &Parts,
    site: &Tenant,
    post: &Post,
    letter: &LetterRecord,
) -> Result<Option<Message>, Unwritten> {
    let opened = parts.sealer.open(sealed_for(tenant.id()), letter.message_sealed.expose());
    let json = opened.map_err(|_| Unwritten::Nothing("it does not open"))?;
    let content: Content = serde_json::from_slice(&json).map_err(|_| Unwritten::Nothing("it does not parse"))?;
    let (subject, text, calendar, method, name) = match content {
        Content::Cancel { name, subject, text, calendar, .. } => (subject, text, calendar, Method::Cancel, name),
        Content::Invite { language, name, meeting } => {
            if !is_invited(tenant, letter).await? {
                return Err(Unwritten::Nothing("they are invited no more"));
            }
            let place = Place { host: &site.host, sealer: &parts.sealer, now: parts.clock.now() };
            let room = tenant.rooms().get(letter.room).await?;
            let only = match meeting {
                Some(meeting) => Some(tenant.meetings().get(meeting).await?),
                None => None,
            };
            let card = Card::of(tenant, parts, &place, room, only).await?;
            if card.dates.is_empty() {
                return Err(Unwritten::Nothing("no date is to come"));
            }
            let guest = Guest { name: name.clone(), address: letter.address.clone() };
            let calendar = card.calendar(Method::Request, language, Some(&guest));
            (card.subject(language), card.text(language), calendar, Method::Request, name)
        }
    };
    let wrong = |_| Unwritten::Nothing("an address is none");
    let from: Address = post.from.parse().map_err(wrong)?;
    let to: Address = letter.address.parse().map_err(wrong)?;
    let house = fernamt_identity::settings::load(tenant).await?.name.clone();
    let message = Message::builder()
        .from(Mailbox::new((!house.is_empty()).then_some(house), from))
        .to(Mailbox::new(name, to))
        .subject(subject)
        .date(SystemTime::from(letter.at))
        .message_id(Some(format!("<{}@{}>", letter.id, site.host)))
        .multipart(
            MultiPart::alternative()
                .singlepart(SinglePart::plain(text))
                .singlepart(SinglePart::builder().header(calendar_type(method)?).body(calendar)),
        )
        .map_err(|_| Unwritten::Nothing("it cannot be put together"))?;
    Ok(Some(message))
}

/// Whether who a letter goes to is still invited, under the same address. Otherwise its way in is not theirs any more.
async fn is_invited(tenant: &TenantStore, letter: &LetterRecord) -> Result<bool, StoreError> {
    let invitees = tenant.rooms().invitees(letter.room).await?;
    Ok(invitees.iter().any(|one| Some(one.id) == letter.invitee && one.address.as_ref() == Some(&letter.address)))
}

fn calendar_type(method: Method) -> Result<ContentType, Unwritten> {
    let text = format!("text/calendar; charset=utf-8; method={}", method.word());
    ContentType::parse(&text).map_err(|_| Unwritten::Nothing("its type does not parse"))
}
