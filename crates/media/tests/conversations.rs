//! What the embedded plane says to stock clients, held against what the real LiveKit said to them.

use std::path::Path;

use fernamt_media::{Permissions, TicketFor};
use fernamt_testkit::{
    conversation::{Client, Conversation, Course, Difference, Venue, differences, record},
    peers::{BrowserClient, sdk_python},
};

use crate::support::House;

/// Where we say something else on purpose: the beginning of the path, and why. ADR 0019 holds the same by subject.
const OURS: &[(&str, &str)] = &[
    // Messages.
    ("trickle", "our candidates stand in the descriptions"),
    ("streamStateUpdate", "when a line bears too little is each server's own guess"),
    ("subscribedQualityUpdate", "clients send all sizes until told otherwise, and we tell only what changes"),
    ("subscriptionPermissionUpdate", "we tell nobody what they may receive: a track that they may not is not offered"),
    ("connectionQuality", "how good a line is, is each server's own judgement"),
    ("speakersChanged", "how loud somebody is, is each server's own measure"),
    ("reconnect", "nobody resumes"),
    ("leave", "nobody resumes: who asks to is asked to join anew"),
    // Codecs.
    ("join.enabledPublishCodecs", "no H.265, PCMU or PCMA"),
    ("join.room.enabledCodecs", "no H.265, PCMU or PCMA"),
    ("answer.sdp", "our engine's descriptions; the client begins DTLS; sections name their stream"),
    ("offer.sdp", "our engine's descriptions; sections that ended are stopped"),
    ("answer.midToTrackId", "said in answers too"),
    // What a server says about itself and its rooms.
    ("join.clientConfiguration", "resuming is switched off"),
    ("join.iceServers", "none: candidates stand in the descriptions"),
    ("join.room.departureTimeout", "the meeting says when a room closes"),
    ("join.room.emptyTimeout", "the meeting says when a room closes"),
    ("join.room.maxParticipants", "ours has a limit"),
    ("join.room.name", "a meeting's id"),
    ("join.room.numParticipants", "counted at once, theirs every few seconds"),
    ("join.room.numPublishers", "counted at once, theirs every few seconds"),
    ("join.room.turnPassword", "no TURN"),
    ("join.serverInfo.agentProtocol", "no agents"),
    ("join.serverInfo.nodeId", "there is one node"),
    ("join.serverInfo.version", "the first that has VP9 and AV1 in several encodings"),
    ("join.serverVersion", "the first that has VP9 and AV1 in several encodings"),
    ("join.sifTrailer", "no frames of the server's own in encrypted streams"),
    ("roomUpdate", "numbers of a room are told when somebody joins"),
    // Participants.
    ("join.participant.identity", "a seat's pseudonym"),
    ("join.otherParticipants[].identity", "a seat's pseudonym"),
    ("update.participants[].identity", "a seat's pseudonym"),
    ("join.participant.state", "said as it is; theirs is the state before"),
    ("join.participant.version", "counts from one"),
    ("update.participants[].state", "how many states are seen depends on who is faster"),
    ("update.participants[].name", "who is there already is told in the answer to the join alone"),
    ("update.participants[].capabilities", "who is there already is told in the answer to the join alone"),
];

/// What of a track we say otherwise, wherever a track is told.
const OUR_TRACKS: &[(&str, &str)] = &[
    ("backupCodecPolicy", "no backup codecs"),
    ("codecs", "known once media has come, and without the client's names for it"),
    ("layers[].ssrc", "nobody needs the numbers"),
    ("layers[].repairSsrc", "nobody needs the numbers"),
    ("layers[].rid", "nobody needs the names"),
    ("layers[].spatialLayer", "nobody needs the numbers"),
    ("mid", "sections count by what came first"),
    ("name", "who is there already is told in the answer to the join alone"),
    ("stream", "said only if the client named one"),
    ("version", "updates are whole, and count"),
];

/// What of a picture is there when the second one joins depends on whether it is on its way by then.
const NOT_YET: &[&str] = &["height", "layers", "mimeType", "muted", "simulcast", "source", "type", "width"];

const TRACKS: &[&str] =
    &["join.otherParticipants[].tracks[]", "update.participants[].tracks[]", "trackPublished.track"];

#[test]
fn javascript_is_told_what_the_real_server_tells_it() {
    drop(fernamt_testkit::peer!(BrowserClient::start()));
    hold(Client::JavaScript);
}

#[test]
fn python_is_told_what_the_real_server_tells_it() {
    hold(Client::Python);
}

fn hold(client: Client) {
    fernamt_testkit::peer!(sdk_python());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    let mut unexplained = Vec::new();
    for course in Course::ALL {
        let house = House::new();
        let permissions = Permissions { own_metadata: true, ..Permissions::PARTICIPANT };
        let token = |name: &str| {
            let seat = house.seat(if name == "erika" { 1 } else { 2 });
            let ticket = TicketFor { seat, name: name.to_owned(), permissions };
            house.wait(house.plane.ticket(ticket)).unwrap().token.expose().clone()
        };
        let venue = Venue { address: house.address, token: &token };
        let ours = record(client, course, &venue).unwrap();
        let breaches = ours.breaches();
        assert!(breaches.is_empty(), "{course:?}: {breaches:#?}");
        let theirs = Conversation::read(&folder.join(course.file(client))).unwrap();
        let found = differences(&theirs, &ours).into_iter().filter(|difference| !explained(difference));
        unexplained.extend(found.map(|difference| format!("{course:?}: {difference}")));
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
}

fn explained(difference: &Difference) -> bool {
    let below = |path: &str, whole: &str| {
        whole.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let path = difference.path.as_str();
    let of_track = TRACKS.iter().find_map(|tracks| path.strip_prefix(tracks)?.strip_prefix('.'));
    let early = path.strip_prefix("join.otherParticipants[].tracks[].");
    OURS.iter().any(|(ours, _)| below(ours, path))
        || OUR_TRACKS.iter().any(|(ours, _)| of_track.is_some_and(|of_track| below(ours, of_track)))
        || NOT_YET.iter().any(|ours| early.is_some_and(|early| below(ours, early)))
}
