//! The courses of the recorded conversations.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::{Client, Conversation, Course, Tap, plain::plain};
use crate::peers::{BrowserClient, Driven, SdkClient};

/// How long anything may take on a loaded machine.
const LIMIT: Duration = Duration::from_secs(40);
const COLOUR: [u8; 2] = [90, 160];

/// A server and the room in it that everybody meets in.
pub struct Venue<'a> {
    /// Where the server answers `/rtc`.
    pub address: SocketAddr,
    /// A token for whoever is called so: may publish, subscribe, send data and change its own metadata.
    pub token: &'a dyn Fn(&str) -> String,
}

/// Lets a client go through a course at a server, and listens to it. The others are Python SDKs that are not listened to.
pub fn record(client: Client, course: Course, venue: &Venue<'_>) -> Result<Conversation> {
    let tap = Tap::in_front_of(venue.address)?;
    let mut jonas = SdkClient::join(&format!("ws://{}", venue.address), &(venue.token)("jonas"))?;
    let token = (venue.token)("erika");
    match client {
        Client::JavaScript => go(course, &mut *BrowserClient::start()?, &mut jonas, &tap, &token),
        Client::Python => go(course, &mut *SdkClient::start()?, &mut jonas, &tap, &token),
    }
    .with_context(|| format!("{client:?}, {course:?}"))?;
    Ok(Conversation { lines: plain(tap.lines()) })
}

fn go(course: Course, erika: &mut Driven, jonas: &mut Driven, tap: &Tap, token: &str) -> Result<()> {
    match course {
        Course::Talk => talk(erika, jonas, tap, token),
        Course::Reconnect => reconnect(erika, jonas, tap, token),
    }
}

fn talk(erika: &mut Driven, jonas: &mut Driven, tap: &Tap, token: &str) -> Result<()> {
    jonas.publish_tone("jonas tone", 700.0)?;
    jonas.publish_picture("jonas picture", (320, 180), COLOUR)?;
    erika.join(&tap.url(), token)?;
    erika.wait_until_seen(LIMIT, |seen| seen.energy > 1000.0)?;
    erika.wait_until_seen(LIMIT, |seen| seen.moved > 3)?;

    erika.publish_tone("erika tone", 500.0)?;
    jonas.wait_until_seen(LIMIT, |seen| seen.energy > 1000.0)?;
    erika.publish_picture("erika picture", (960, 540), COLOUR)?;
    jonas.wait_until_seen(LIMIT, |seen| seen.moved > 3)?;

    erika.command("mute", json!({ "name": "erika tone" }))?;
    jonas.event(LIMIT, named("track_muted", "erika tone"))?;
    erika.command("unmute", json!({ "name": "erika tone" }))?;
    jonas.event(LIMIT, named("track_unmuted", "erika tone"))?;
    jonas.command("mute", json!({ "name": "jonas tone" }))?;
    erika.event(LIMIT, named("track_muted", "jonas tone"))?;

    erika.send_data("Guten Tag", "chat")?;
    jonas.event(LIMIT, called("data_received"))?;
    jonas.send_data("Guten Morgen", "chat")?;
    erika.event(LIMIT, called("data_received"))?;
    erika.command("set_metadata", json!({ "metadata": "ein Hinweis" }))?;
    jonas.event(LIMIT, called("participant_metadata_changed"))?;

    jonas.command("unpublish", json!({ "name": "jonas picture" }))?;
    erika.event(LIMIT, named("track_unsubscribed", "jonas picture"))?;
    erika.command("unpublish", json!({ "name": "erika picture" }))?;
    jonas.event(LIMIT, named("track_unpublished", "erika picture"))?;
    erika.leave()?;
    jonas.event(LIMIT, called("participant_disconnected")).map(drop)
}

fn reconnect(erika: &mut Driven, jonas: &mut Driven, tap: &Tap, token: &str) -> Result<()> {
    jonas.publish_tone("jonas tone", 700.0)?;
    erika.join(&tap.url(), token)?;
    erika.publish_tone("erika tone", 500.0)?;
    erika.wait_until_seen(LIMIT, |seen| seen.energy > 1000.0)?;
    jonas.wait_until_seen(LIMIT, |seen| seen.energy > 1000.0)?;
    tap.cut();
    erika.event(LIMIT, called("reconnected"))?;
    // Whoever had to leave and come back published anew, so that sound counts that is heard from now on.
    erika.wait_until_seen(LIMIT, |seen| seen.energy > 1000.0)?;
    jonas.wait_until_seen(LIMIT, |seen| seen.energy > 1000.0)?;
    erika.leave()?;
    jonas.event(LIMIT, called("participant_disconnected")).map(drop)
}

fn called(name: &'static str) -> impl Fn(&Value) -> bool {
    move |event| event["event"] == name
}

fn named(event: &'static str, track: &'static str) -> impl Fn(&Value) -> bool {
    move |told| told["event"] == event && told["name"] == track
}
