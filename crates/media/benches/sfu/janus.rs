//! Janus's video room as far as the load needs it.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result, ensure};
use fernamt_testkit::{http, peers::Janus};
use serde_json::{Value, json};
use str0m::media::{MediaKind, Mid};

use crate::load::{Load, Shape};

/// Events that belong to others, at most this many before the awaited one.
const EVENTS: usize = 10_000;

/// One session with one room in it.
pub(crate) struct Room {
    address: SocketAddr,
    session: u64,
    number: u64,
    transactions: u64,
}

/// A track at Janus.
pub(crate) struct Published {
    handle: u64,
    pub(crate) peer: usize,
    /// What to send on.
    pub(crate) mid: Mid,
    /// What others ask for.
    pub(crate) feed: u64,
}

impl Room {
    pub(crate) fn open(server: &Janus, room: u64, kind: MediaKind) -> Result<Self> {
        let mut this = Self { address: server.address(), session: 0, number: room, transactions: 0 };
        let made = this.ask("/janus", json!({ "janus": "create" }))?;
        this.session = made["data"]["id"].as_u64().context("a session")?;
        let desk = this.attach()?;
        let codec = if kind == MediaKind::Video { "videocodec" } else { "audiocodec" };
        let mut create = json!({
            "request": "create", "room": room, "publishers": 1000, "bitrate": 0, "notify_joining": false, "audiolevel_ext": false, "videoorient_ext": false, "playoutdelay_ext": false,
        });
        create[codec] = if kind == MediaKind::Video { "vp8" } else { "opus" }.into();
        this.message(desk, &create, None)?;
        Ok(this)
    }

    /// Publishes one track.
    pub(crate) fn publish(&mut self, load: &mut Load, shape: Shape) -> Result<Published> {
        let handle = self.attach()?;
        let peer = load.add_peer()?;
        let (sdp, mids) = load.offer(peer, &[("load-track".to_owned(), shape)])?;
        let body = json!({ "request": "joinandconfigure", "ptype": "publisher", "room": self.number });
        self.message(handle, &body, Some(json!({ "type": "offer", "sdp": sdp })))?;
        let joined = self.event(load, |event| event["sender"] == handle && !event["jsep"].is_null())?;
        let feed = joined["plugindata"]["data"]["id"].as_u64().context("a feed")?;
        load.accept_answer(peer, joined["jsep"]["sdp"].as_str().context("an answer")?)?;
        Ok(Published { handle, peer, mid: mids.into_iter().next().context("one track")?, feed })
    }

    /// Waits until Janus knows that a publisher's connection stands: before, it says that there is no such feed. The
    /// client's end has to stand already, because nobody works on it meanwhile.
    pub(crate) fn wait_until_up(&mut self, load: &mut Load, published: &Published) -> Result<()> {
        self.event(load, |event| event["janus"] == "webrtcup" && event["sender"] == published.handle).map(drop)
    }

    /// Subscribes to feeds and returns the peer.
    pub(crate) fn subscribe(&mut self, load: &mut Load, feeds: &[u64]) -> Result<usize> {
        let handle = self.attach()?;
        let streams: Vec<_> = feeds.iter().map(|feed| json!({ "feed": feed })).collect();
        let body = json!({ "request": "join", "ptype": "subscriber", "room": self.number, "streams": streams });
        self.message(handle, &body, None)?;
        let attached = self.event(load, |event| event["sender"] == handle && !event["jsep"].is_null())?;
        let peer = load.add_peer()?;
        let sdp = load.answer(peer, attached["jsep"]["sdp"].as_str().context("an offer")?)?;
        self.message(handle, &json!({ "request": "start" }), Some(json!({ "type": "answer", "sdp": sdp })))?;
        Ok(peer)
    }

    fn attach(&mut self) -> Result<u64> {
        let path = format!("/janus/{}", self.session);
        let made = self.ask(&path, json!({ "janus": "attach", "plugin": "janus.plugin.videoroom" }))?;
        made["data"]["id"].as_u64().context("a handle")
    }

    fn message(&mut self, handle: u64, body: &Value, jsep: Option<Value>) -> Result<()> {
        let mut request = json!({ "janus": "message", "body": body });
        if let Some(jsep) = jsep {
            request["jsep"] = jsep;
        }
        let path = format!("/janus/{}/{handle}", self.session);
        self.ask(&path, request).map(drop)
    }

    fn event(&mut self, load: &mut Load, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        let path = format!("/janus/{}?maxev=1", self.session);
        for _ in 0..EVENTS {
            load.step(Duration::ZERO)?;
            let answer = http::request(self.address, "GET", &path, &[("Host", "localhost")], b"")?.json()?;
            let error = &answer["plugindata"]["data"]["error"];
            ensure!(error.is_null(), "Janus refuses: {error}");
            if wanted(&answer) {
                return Ok(answer);
            }
        }
        anyhow::bail!("Janus says other things only")
    }

    fn ask(&mut self, path: &str, mut body: Value) -> Result<Value> {
        self.transactions += 1;
        body["transaction"] = self.transactions.to_string().into();
        let headers = [("Host", "localhost"), ("Content-Type", "application/json")];
        let answer = http::request(self.address, "POST", path, &headers, body.to_string().as_bytes())?.json()?;
        let error = &answer["plugindata"]["data"]["error"];
        ensure!(answer["janus"] != "error" && error.is_null(), "Janus refuses: {answer}");
        Ok(answer)
    }
}
