//! Many people in one meeting of a real server: each with a meeting's socket that comes back by itself as a page's does,
//! and with sound in the media plane.

mod browsers;
#[expect(dead_code, reason = "the bench of the media plane needs the rest")]
#[path = "../../../media/benches/sfu/load.rs"]
mod load;
mod member;
#[expect(dead_code, reason = "the bench of the media plane needs the rest")]
#[path = "../../../media/benches/sfu/signal.rs"]
mod signal;
mod sound;

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use fernamt_api::conference::socket::{ChatTo, MeetingCounts, MeetingWelcome, Seat, SocketAct};
use fernamt_testkit::{office::Office, person::Person};
use serde_json::{Value, json};
use tokio::{runtime::Runtime, task::JoinHandle, time::timeout};

pub(crate) use browsers::{Browsers, Step, TOLD, Word};
pub(crate) use member::{Key, Member};
use sound::Sound;

/// How long anything may take on the busiest machine.
const PATIENCE: Duration = Duration::from_mins(5);
/// How often something that tells nothing is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// From so many on nobody says anything.
const MANY: usize = 50;

/// The meeting, and where it is.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) server: SocketAddr,
    pub(crate) host: String,
    pub(crate) meeting: String,
    pub(crate) number: String,
    pub(crate) pin: String,
    pub(crate) secret: String,
    /// What people are given, with the secret.
    pub(crate) link: String,
}

impl Place {
    /// Opens a personal room of the administrator, for as many as a meeting may have.
    pub(crate) fn open(office: &Office, ada: &Person) -> Result<Self> {
        let settings = "/api/v1/admin/conference/settings";
        let mut view = ada.get(settings)?.json()?;
        view["settings"]["most_participants"] = view["limits"]["most_participants"]["most"].clone();
        let wanted = json!({ "version": view["version"], "settings": view["settings"] });
        ensure!(ada.put(settings, &wanted)?.status == 200, "the settings are taken");
        let room = json!({ "kind": "personal", "name": "Lagezentrum", "protection": "open" });
        let room = ada.post("/api/v1/conference/rooms", &room)?.json()?;
        let path = format!("/api/v1/conference/rooms/{}/open", text(&room["id"])?);
        let opened = ada.post(&path, &json!({}))?.json()?;
        let access = &opened["access"];
        let link = text(&access["link"])?;
        Ok(Self {
            server: office.address(),
            host: office.host(),
            meeting: text(&opened["id"])?,
            number: text(&access["number"])?,
            pin: text(&access["pin"])?,
            secret: link.split_once('#').context("a link has a fragment")?.1.to_owned(),
            link,
        })
    }
}

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().with_context(|| format!("a text, not {value}"))?.to_owned())
}

/// Everybody in the meeting. The first one runs it.
pub(crate) struct Crowd {
    pub(crate) members: Vec<Member>,
    runtime: Runtime,
    sound: Sound,
}

/// What everybody writes, and whether it was taken.
type Writing = Vec<(String, JoinHandle<Result<bool>>)>;

/// How long it took each of them, in seconds.
#[derive(Debug)]
pub(crate) struct Times {
    /// Until they were in the meeting.
    pub(crate) seated: Vec<f64>,
    /// Until they heard it, too.
    pub(crate) heard: Vec<f64>,
}

/// What a killed server must have again once it is started: everybody's seat, and the chat.
#[derive(Debug)]
pub(crate) struct Kept {
    seats: Vec<Seat>,
    chat: Vec<Line>,
}

/// A message of the chat: its number, and what it says.
pub(crate) type Line = (u64, String);

impl Crowd {
    /// Brings the administrator and so many guests to the meeting at once, half of them by number and PIN.
    pub(crate) fn gather(place: Place, ada: &Person, guests: usize) -> Result<Self> {
        let runtime = Runtime::new()?;
        let sound = Sound::new(place.server, &place.host, guests >= MANY);
        let place = Arc::new(place);
        let cookie = ada.cookie().unwrap_or_default().to_owned();
        let member = |number| {
            let key = if number % 2 == 0 { Key::Link } else { Key::NumberAndPin };
            let cookie = if number == 0 { cookie.clone() } else { String::new() };
            Member::arrive(runtime.handle(), (number, key, cookie), Arc::clone(&place), sound.door())
        };
        let members = (0..=guests).map(member).collect();
        Ok(Self { members, runtime, sound })
    }

    /// How often each was welcomed so far.
    pub(crate) fn visits(&self) -> Vec<usize> {
        self.members.iter().map(Member::visits).collect()
    }

    /// Waits until everybody was welcomed more often than that and hears the others. `since` is when they began to come.
    pub(crate) fn settle(&self, visits: &[usize], since: Option<Instant>) -> Result<Times> {
        self.wait(async {
            let (mut seated, mut heard) = (Vec::new(), Vec::new());
            for (number, (member, visits)) in self.members.iter().zip(visits).enumerate() {
                let settled = member.settled(*visits);
                let settled = timeout(PATIENCE, settled).await.context("it takes too long").flatten();
                let [welcomed, connected] =
                    settled.with_context(|| format!("member {number} does not come: {}", member.story()))?;
                let begun = since.unwrap_or_else(|| member.came_at());
                seated.push(welcomed.saturating_duration_since(begun).as_secs_f64());
                heard.push(connected.saturating_duration_since(begun).as_secs_f64());
            }
            Ok(Times { seated, heard })
        })
    }

    /// The sound of all so far is over: the server is gone.
    pub(crate) fn fall_silent(&self) {
        self.sound.begin_anew();
    }

    /// Has one of them do something; tells whether it was done.
    pub(crate) fn act(&self, number: usize, act: SocketAct) -> Result<bool> {
        self.wait(self.members[number].act(act))
    }

    /// Everybody writes a message; returns once the first one was taken.
    pub(crate) fn begin_to_write(&self, word: &str) -> Result<Writing> {
        let ask = |(number, member): (usize, &Member)| {
            let text = format!("{word} {number}");
            let act = SocketAct::ChatSend { to: ChatTo::Everybody, text: text.clone(), reply_to: None };
            (text, self.runtime.spawn(member.act(act)))
        };
        let mut asked: Writing = self.members.iter().enumerate().map(ask).collect();
        let (text, first) = asked.remove(0);
        ensure!(self.wait(async { first.await? })?, "the first message is taken");
        asked.push((text, self.runtime.spawn(async { Ok(true) })));
        Ok(asked)
    }

    /// What the server has said yes to, of what everybody wrote. Whoever has lost the line meanwhile does not know.
    pub(crate) fn taken(&self, asked: Writing) -> Result<Vec<String>> {
        self.wait(async {
            let mut taken = Vec::new();
            for (text, asked) in asked {
                if asked.await?.unwrap_or(false) {
                    taken.push(text);
                }
            }
            Ok(taken)
        })
    }

    /// Everybody writes a message, and all are taken.
    pub(crate) fn all_write(&self, word: &str) -> Result<()> {
        let taken = self.taken(self.begin_to_write(word)?)?;
        ensure!(taken.len() == self.members.len(), "only {taken:?} is taken");
        Ok(())
    }

    /// Waits until the one who runs the meeting has read all of these; `meanwhile` may give up.
    pub(crate) fn read(&self, texts: &[&str], mut meanwhile: impl FnMut() -> Result<()>) -> Result<()> {
        self.wait(async {
            loop {
                match timeout(LOOK, self.members[0].read(texts)).await {
                    Ok(read) => return read,
                    Err(_) => meanwhile()?,
                }
            }
        })
    }

    /// What member `number` was told at the latest welcome.
    pub(crate) fn welcome(&self, number: usize) -> MeetingWelcome {
        self.members[number].welcome()
    }

    /// Waits until one of them was told that so many are there, and nobody's line is lost.
    pub(crate) fn counts(&self, number: usize, seated: usize) -> Result<MeetingCounts> {
        self.wait(self.members[number].counts(seated))
    }

    /// The whole chat, as one of them reads it.
    pub(crate) fn chat(&self, number: usize) -> Result<Vec<Line>> {
        self.wait(self.members[number].whole_chat())
    }

    /// What there is before the server is killed, of which so many messages.
    pub(crate) fn keep(&self, messages: usize) -> Result<Kept> {
        let seats: Vec<_> = self.members.iter().map(|member| member.welcome().own.seat).collect();
        let ids: BTreeSet<_> = seats.iter().map(|seat| seat.id).collect();
        ensure!(ids.len() == seats.len(), "not a seat each: {seats:?}");
        let chat = self.chat(0)?;
        ensure!(chat.len() == messages, "not {messages} messages: {chat:?}");
        Ok(Kept { seats, chat })
    }

    /// Fails unless everybody has that seat again, and reads those messages where they stood, perhaps newer ones below them.
    /// Returns the whole chat.
    pub(crate) fn still_has(&self, kept: &Kept) -> Result<Vec<Line>> {
        let chat = self.chat(0)?;
        ensure!(chat.starts_with(&kept.chat), "what was written does not stand where it stood: {chat:?}");
        ensure!(chat.is_sorted_by(|one, next| one.0 < next.0), "not in order: {chat:?}");
        let texts: BTreeSet<_> = chat.iter().map(|(_, text)| text).collect();
        ensure!(texts.len() == chat.len(), "something is there twice: {chat:?}");
        for (number, seat) in kept.seats.iter().enumerate() {
            let welcome = self.members[number].welcome();
            let own = &welcome.own.seat;
            let same = (own.id, &own.name, own.role) == (seat.id, &seat.name, seat.role);
            ensure!(same, "member {number} has another seat: {own:?} after {seat:?}");
            let told: Vec<_> = welcome.chat.into_iter().map(|message| (message.id, message.text)).collect();
            ensure!(chat.ends_with(&told), "member {number} was told {told:?} of {chat:?}");
            let read = self.chat(number)?;
            ensure!(read == chat, "member {number} reads {read:?} of {chat:?}");
        }
        Ok(chat)
    }

    fn wait<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        self.runtime.block_on(async { timeout(PATIENCE, future).await.context("it takes too long")? })
    }
}
