//! One of the crowd: enters once, and comes back by the rules that the page has.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use fernamt_api::conference::{
    entry::ProofChallenge,
    socket::{ChatMessage, MeetingCounts, MeetingWelcome, SocketAct, SocketHello, SocketMessage, SocketRequest, close},
};
use fernamt_conference::entry::proof::solve;
use fernamt_domain::Secret;
use fernamt_testkit::http;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    runtime::Handle,
    sync::{mpsc, oneshot, watch},
    time::sleep,
};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest as _};

use super::{Place, sound::Door};

/// How long a page waits before each try to come back (`web/src/features/conference/meeting/socket.ts`).
const RETRY_MS: [u64; 5] = [300, 1_000, 2_000, 3_000, 5_000];
/// How long it waits when it is asked to come later.
const LATER_MS: u64 = 3_000;

/// How somebody enters.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Key {
    Link,
    NumberAndPin,
}

/// What happened to somebody so far.
#[derive(Debug, Default)]
struct Story {
    /// When each welcome came.
    welcomes: Vec<Instant>,
    latest: Option<MeetingWelcome>,
    counts: Option<MeetingCounts>,
    /// What others wrote while they were there; only who runs the meeting reads.
    read: Vec<String>,
    /// Messages that were asked for, and whether there are older ones.
    page: Option<(Vec<ChatMessage>, bool)>,
    /// Tries that came to nothing, and why.
    misses: Vec<String>,
    /// Sent away, or back to the lobby.
    over: Option<String>,
}

/// Somebody in the meeting.
pub(crate) struct Member {
    number: usize,
    came_at: Instant,
    story: watch::Receiver<Story>,
    acts: mpsc::UnboundedSender<(SocketAct, oneshot::Sender<bool>)>,
    door: Door,
}

impl Member {
    /// Sets out for the meeting.
    pub(crate) fn arrive(
        runtime: &Handle,
        (number, key, cookie): (usize, Key, String),
        place: Arc<Place>,
        door: Door,
    ) -> Self {
        let (told, story) = watch::channel(Story::default());
        let (acts, asked) = mpsc::unbounded_channel();
        let visit = Visit { number, key, cookie, place, told, asked, door: door.clone() };
        runtime.spawn(visit.go());
        Self { number, came_at: Instant::now(), story, acts, door }
    }

    pub(crate) fn came_at(&self) -> Instant {
        self.came_at
    }

    /// How often they were welcomed so far.
    pub(crate) fn visits(&self) -> usize {
        self.story.borrow().welcomes.len()
    }

    /// When they were welcomed after so many visits, and when they heard the meeting then.
    pub(crate) async fn settled(&self, visits: usize) -> Result<[Instant; 2]> {
        let mut story = self.story.clone();
        let there = story.wait_for(|story| story.over.is_some() || story.welcomes.len() > visits).await?;
        ensure!(there.over.is_none(), "they are not in");
        let welcomed = there.welcomes[visits];
        drop(there);
        Ok([welcomed, self.door.heard(self.number, visits).await?])
    }

    /// Asks for something; tells whether it was done. Fails where the line is lost meanwhile.
    pub(crate) fn act(&self, act: SocketAct) -> impl Future<Output = Result<bool>> + Send + use<> {
        let (answer, answered) = oneshot::channel();
        let sent = self.acts.send((act, answer));
        async move {
            sent.ok().context("the member is gone")?;
            answered.await.context("the line was lost before an answer")
        }
    }

    pub(crate) fn welcome(&self) -> MeetingWelcome {
        self.story.borrow().latest.clone().expect("they were welcomed")
    }

    /// Waits until the meeting tells that so many are there.
    pub(crate) async fn counts(&self, seated: usize) -> Result<MeetingCounts> {
        let mut story = self.story.clone();
        let there = |story: &Story| story.counts.is_some_and(|counts| counts.seated as usize == seated);
        story.wait_for(there).await?.counts.context("they were told")
    }

    /// Waits until they have read all of these.
    pub(crate) async fn read(&self, texts: &[&str]) -> Result<()> {
        let mut story = self.story.clone();
        story.wait_for(|story| texts.iter().all(|text| story.read.iter().any(|read| read == text))).await?;
        Ok(())
    }

    /// All messages from the first to the last, read page by page from the end.
    pub(crate) async fn whole_chat(&self) -> Result<Vec<(u64, String)>> {
        let (mut all, mut before) = (Vec::<ChatMessage>::new(), u64::MAX);
        loop {
            ensure!(self.act(SocketAct::ChatHistory { before }).await?, "older messages are told");
            let (mut page, more) = self.story.borrow().page.clone().context("a page was told")?;
            page.append(&mut all);
            all = page;
            if !more {
                return Ok(all.into_iter().map(|message| (message.id, message.text)).collect());
            }
            before = all.first().context("a page that has more before it is not empty")?.id;
        }
    }

    /// What happened, for whoever reads a failed test.
    pub(crate) fn story(&self) -> String {
        let story = self.story.borrow();
        format!("{} welcomes, missed {:?}, over {:?}", story.welcomes.len(), story.misses, story.over)
    }
}

/// The page's side.
struct Visit {
    number: usize,
    key: Key,
    cookie: String,
    place: Arc<Place>,
    told: watch::Sender<Story>,
    asked: mpsc::UnboundedReceiver<(SocketAct, oneshot::Sender<bool>)>,
    door: Door,
}

/// Why a line ended: with this close code, or without one.
type Ended = Option<u16>;

impl Visit {
    async fn go(mut self) {
        let entry = match self.enter().await {
            Ok(entry) => entry,
            Err(error) => return self.over(format!("not let in: {error:#}")),
        };
        let mut hello =
            SocketHello { entry: Some(Secret::new(entry)), resume: None, name: Some(format!("Gast {}", self.number)) };
        let mut attempt = 0;
        loop {
            let before = self.told.borrow().welcomes.len();
            let ended = self.sit(&mut hello).await;
            if self.told.borrow().welcomes.len() > before {
                attempt = 0;
            }
            let wait = match ended {
                Ok(Some(code @ (close::ENDED | close::ENTER_AGAIN | close::MALFORMED | close::ELSEWHERE))) => {
                    return self.over(format!("closed with {code}"));
                }
                Ok(Some(close::TOO_SLOW)) => 0,
                Ok(Some(close::LATER)) => LATER_MS,
                Ok(_) | Err(_) => RETRY_MS[attempt.min(RETRY_MS.len() - 1)],
            };
            if let Err(error) = ended {
                self.told.send_modify(|story| story.misses.push(format!("{error:#}")));
            }
            attempt += 1;
            // As a page does it, so that hundreds do not come at once: three quarters to five quarters of the time.
            let spread = 75 + self.number as u64 * 37 % 50;
            sleep(Duration::from_millis(wait * spread / 100)).await;
        }
    }

    fn over(&self, why: String) {
        self.told.send_modify(|story| story.over = Some(why));
    }

    /// Passes the door, with a proof of work where one is asked for.
    async fn enter(&self) -> Result<String> {
        let place = &self.place;
        let mut body = match self.key {
            Key::Link => json!({ "by": "link", "secret": place.secret }),
            Key::NumberAndPin => json!({ "by": "number_and_pin", "number": place.number, "pin": place.pin }),
        };
        loop {
            let answer = self.ask("/api/v1/conference/entry", body.clone()).await?;
            if let Some(entry) = answer["entry"].as_str() {
                ensure!(answer["place"] == "seat", "the way leads elsewhere: {answer}");
                return Ok(entry.to_owned());
            }
            ensure!(answer["code"] == "proof_needed", "{answer}");
            let text = |name: &str| answer["params"][name].as_str().map(str::to_owned).context("a challenge");
            let challenge = ProofChallenge {
                challenge: text("challenge")?,
                seed: text("seed")?,
                puzzles: text("puzzles")?.parse()?,
                bits: text("bits")?.parse()?,
            };
            let proof = tokio::task::spawn_blocking(move || solve(&challenge)).await?;
            body["proof"] = serde_json::to_value(proof)?;
        }
    }

    async fn ask(&self, path: &'static str, body: Value) -> Result<Value> {
        let (place, cookie) = (Arc::clone(&self.place), self.cookie.clone());
        let asked = move || {
            let origin = format!("http://{}", place.host);
            let mut headers =
                vec![("Host", place.host.as_str()), ("Origin", &origin), ("Content-Type", "application/json")];
            if !cookie.is_empty() {
                headers.push(("Cookie", &cookie));
            }
            http::request(place.server, "POST", path, &headers, body.to_string().as_bytes())?.json()
        };
        tokio::task::spawn_blocking(asked).await?
    }

    /// One line, until it ends.
    async fn sit(&mut self, hello: &mut SocketHello) -> Result<Ended> {
        let place = &self.place;
        let url = format!("ws://{}/api/v1/conference/meetings/{}/socket", place.host, place.meeting);
        let mut request = url.into_client_request()?;
        let headers = request.headers_mut();
        headers.insert("origin", format!("http://{}", place.host).parse()?);
        if !self.cookie.is_empty() {
            headers.insert("cookie", self.cookie.parse()?);
        }
        let stream = TcpStream::connect(place.server).await?;
        let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await?;
        let first = SocketRequest { re: None, act: SocketAct::Hello(hello.clone()) };
        socket.send(Message::text(serde_json::to_string(&first)?)).await?;
        let (mut waiting, mut next) = (HashMap::<u32, oneshot::Sender<bool>>::new(), 0);
        loop {
            let message = tokio::select! {
                message = socket.next() => message,
                Some((act, answer)) = self.asked.recv() => {
                    next += 1;
                    waiting.insert(next, answer);
                    let request = SocketRequest { re: Some(next), act };
                    socket.send(Message::text(serde_json::to_string(&request)?)).await?;
                    continue;
                }
            };
            let text = match message {
                None => return Ok(None),
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(frame))) => return Ok(frame.map(|frame| u16::from(frame.code))),
                Some(Ok(_)) => continue,
                Some(Err(error)) => return Err(error.into()),
            };
            match serde_json::from_str::<SocketMessage>(&text)? {
                SocketMessage::Done { re } => tell(waiting.remove(&re), true),
                SocketMessage::Refused { re, .. } => tell(re.and_then(|re| waiting.remove(&re)), false),
                message => self.hear(message, hello)?,
            }
        }
    }

    fn hear(&self, message: SocketMessage, hello: &mut SocketHello) -> Result<()> {
        match message {
            SocketMessage::Welcome(welcome) => {
                *hello = SocketHello { resume: Some(Secret::new(welcome.resume.clone())), ..SocketHello::default() };
                self.told.send_modify(|story| {
                    story.welcomes.push(Instant::now());
                    story.counts = Some(welcome.counts);
                    story.latest = Some(*welcome);
                });
            }
            SocketMessage::Media(media) => {
                let visit = self.told.borrow().welcomes.len();
                self.door.knock(self.number, visit, media.ticket.expose().clone());
            }
            SocketMessage::Counts(counts) => self.told.send_modify(|story| story.counts = Some(counts)),
            SocketMessage::Roster(change) => self.told.send_modify(|story| story.counts = Some(change.counts)),
            SocketMessage::Chat(message) if self.number == 0 => {
                self.told.send_modify(|story| story.read.push(message.text));
            }
            SocketMessage::ChatPage { messages, more } => {
                self.told.send_modify(|story| story.page = Some((messages, more)));
            }
            SocketMessage::Waiting(_) => bail!("sent to the lobby"),
            SocketMessage::Ended { why } => self.over(format!("sent away: {why}")),
            _ => {}
        }
        Ok(())
    }
}

/// Tells who asked whether it was done; they may have gone.
fn tell(asker: Option<oneshot::Sender<bool>>, done: bool) {
    if let Some(asker) = asker {
        let _ = asker.send(done);
    }
}
