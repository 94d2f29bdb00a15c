// Drives the stock LiveKit client: asks for one command after the other, says answers and events.
"use strict";

const { Room, RoomEvent, Track } = LivekitClient;
const say = (line) => fetch("/said", { method: "POST", body: JSON.stringify(line) });

/** What a track comes as, and how large a packet is on average. */
async function cameAs(receiver) {
  const stats = await receiver.getStats();
  const inbound = [...stats.values()].find((one) => one.type === "inbound-rtp");
  const packet_bytes = inbound?.packetsReceived > 0 ? inbound.bytesReceived / inbound.packetsReceived : 0;
  return { codec: stats.get(inbound?.codecId)?.mimeType ?? "", packet_bytes };
}

/** Listens to one track: how loud, and which tone is the loudest. */
class Ear {
  constructor(track) {
    this.track = track;
    this.audio = track.attach();
    this.audio.muted = false;
    const context = (Ear.context ??= new AudioContext({ sampleRate: 48000 }));
    this.analyser = context.createAnalyser();
    this.analyser.fftSize = 8192;
    context.createMediaStreamSource(new MediaStream([track.mediaStreamTrack])).connect(this.analyser);
    this.since = performance.now();
  }

  async count() {
    const heard = new Float32Array(this.analyser.fftSize);
    this.analyser.getFloatTimeDomainData(heard);
    const energy = Math.sqrt(heard.reduce((sum, value) => sum + value * value, 0) / heard.length) * 32768;
    const strengths = new Float32Array(this.analyser.frequencyBinCount);
    this.analyser.getFloatFrequencyData(strengths);
    const loudest = strengths.indexOf(Math.max(...strengths));
    const tone_hz = energy > 1 ? (loudest * 48000) / this.analyser.fftSize : 0;
    const came = await cameAs(this.track.receiver);
    return { frames: Math.floor((performance.now() - this.since) / 10), energy, tone_hz, ...came };
  }
}

/** Looks at one track: how many pictures, how many of them moved, and their colour. */
class Eye {
  constructor(track) {
    Object.assign(this, { frames: 0, moved: 0, width: 0, height: 0, colour: [0, 0], last: null });
    this.track = track;
    this.video = track.attach();
    this.video.muted = true;
    document.body.append(this.video);
    const canvas = new OffscreenCanvas(64, 36);
    const brush = canvas.getContext("2d", { willReadFrequently: true });
    const look = () => {
      this.frames += 1;
      this.width = this.video.videoWidth;
      this.height = this.video.videoHeight;
      brush.drawImage(this.video, 0, 0, 64, 36);
      const pixels = brush.getImageData(0, 0, 64, 36).data;
      let [difference, u, v] = [0, 0, 0];
      const bright = new Float32Array(64 * 36);
      for (let at = 0; at < bright.length; at += 1) {
        const [red, green, blue] = pixels.subarray(at * 4, at * 4 + 3);
        bright[at] = 0.299 * red + 0.587 * green + 0.114 * blue;
        u += 128 - 0.169 * red - 0.331 * green + 0.5 * blue;
        v += 128 + 0.5 * red - 0.419 * green - 0.081 * blue;
        difference += this.last ? Math.abs(bright[at] - this.last[at]) : 0;
      }
      this.moved += difference / bright.length > 1 ? 1 : 0;
      this.colour = [u / bright.length, v / bright.length];
      this.last = bright;
      this.video.requestVideoFrameCallback(look);
    };
    this.video.requestVideoFrameCallback(look);
  }

  async count() {
    const { frames, moved, width, height, colour } = this;
    return { frames, moved, width, height, colour, ...(await cameAs(this.track.receiver)) };
  }
}

/** Only shows one track, as a page does: looking at each picture would cost more than showing it. */
class Screen {
  constructor(track) {
    this.video = track.attach();
    this.video.muted = true;
    document.body.append(this.video);
  }

  async count() {
    const { videoWidth: width, videoHeight: height } = this.video;
    return { frames: this.video.getVideoPlaybackQuality().totalVideoFrames, width, height };
  }
}

class Driver {
  senses = new Map();
  published = new Map();

  async join({ url, token, auto_subscribe = true, only_show = false, options = {} }) {
    this.only_show = only_show;
    const room = (this.room = new Room(options));
    this.listen(room);
    await room.connect(url, token, { autoSubscribe: auto_subscribe });
    const me = room.localParticipant;
    return { sid: me.sid, identity: me.identity, others: [...room.remoteParticipants.keys()].sort() };
  }

  listen(room) {
    const track = (publication, who) => ({ who: who.identity, sid: publication.trackSid, name: publication.trackName });
    const on = (event, name, told = () => ({})) => room.on(event, (...all) => say({ event: name, ...told(...all) }));
    room.on(RoomEvent.TrackSubscribed, (got, publication, who) => {
      const Picture = this.only_show ? Screen : Eye;
      const sense = got.kind === Track.Kind.Audio ? new Ear(got) : new Picture(got);
      this.senses.set(publication.trackSid, { ...track(publication, who), sense });
      say({ event: "track_subscribed", ...track(publication, who) });
    });
    room.on(RoomEvent.TrackUnsubscribed, (got, publication, who) => {
      got.detach();
      this.senses.delete(publication.trackSid);
      say({ event: "track_unsubscribed", ...track(publication, who) });
    });
    on(RoomEvent.ParticipantConnected, "participant_connected", (who) => ({ who: who.identity }));
    on(RoomEvent.ParticipantDisconnected, "participant_disconnected", (who) => ({ who: who.identity }));
    on(RoomEvent.TrackPublished, "track_published", track);
    on(RoomEvent.TrackUnpublished, "track_unpublished", track);
    on(RoomEvent.TrackMuted, "track_muted", track);
    on(RoomEvent.TrackUnmuted, "track_unmuted", track);
    on(RoomEvent.ActiveSpeakersChanged, "active_speakers_changed", (all) => ({ who: all.map((one) => one.identity) }));
    on(RoomEvent.ConnectionQualityChanged, "connection_quality_changed", (quality, who) => ({
      who: who.identity,
      quality,
    }));
    on(RoomEvent.ParticipantMetadataChanged, "participant_metadata_changed", (_old, who) => ({
      who: who.identity,
      metadata: who.metadata,
    }));
    on(RoomEvent.ParticipantAttributesChanged, "participant_attributes_changed", (attributes, who) => ({
      who: who.identity,
      attributes,
    }));
    on(RoomEvent.ParticipantPermissionsChanged, "participant_permissions_changed");
    on(RoomEvent.TrackStreamStateChanged, "stream_state_changed", (publication, state, who) => ({
      ...track(publication, who),
      state,
    }));
    on(RoomEvent.SignalReconnecting, "signal_reconnecting");
    on(RoomEvent.Reconnecting, "reconnecting");
    on(RoomEvent.Reconnected, "reconnected");
    on(RoomEvent.Disconnected, "disconnected", (reason) => ({ reason }));
    on(RoomEvent.DataReceived, "data_received", (payload, who, kind, topic) => ({
      who: who?.identity,
      topic,
      reliable: kind === 0,
      text: new TextDecoder().decode(payload),
    }));
  }

  async publish_tone({ name = "tone", hz = 440, source = "microphone" }) {
    const context = new AudioContext({ sampleRate: 48000 });
    const tone = new OscillatorNode(context, { frequency: hz });
    const level = new GainNode(context, { gain: 0.3 });
    const out = context.createMediaStreamDestination();
    tone.connect(level).connect(out);
    tone.start();
    return this.publish(name, out.stream.getAudioTracks()[0], { source });
  }

  async publish_picture({ name = "picture", width, height, colour, simulcast = true, source = "camera", ...options }) {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const brush = canvas.getContext("2d");
    const [u, v] = colour.map((value) => value - 128);
    const shade = (y) => `rgb(${y + 1.402 * v}, ${y - 0.344 * u - 0.714 * v}, ${y + 1.772 * u})`;
    let at = 0;
    setInterval(() => {
      brush.fillStyle = shade(80);
      brush.fillRect(0, 0, width, height);
      brush.fillStyle = shade(180);
      brush.fillRect(at, 0, width / 4, height);
      at = (at + Math.max(width / 40, 2)) % width;
    }, 50);
    return this.publish(name, canvas.captureStream(20).getVideoTracks()[0], { source, simulcast, ...options });
  }

  async publish(name, track, options) {
    const publication = await this.room.localParticipant.publishTrack(track, { name, ...options });
    this.published.set(name, publication);
    return { sid: publication.trackSid };
  }

  async mute({ name }) {
    await this.published.get(name).mute();
  }

  async unmute({ name }) {
    await this.published.get(name).unmute();
  }

  async unpublish({ name }) {
    await this.room.localParticipant.unpublishTrack(this.published.get(name).track);
    this.published.delete(name);
  }

  publication(sid) {
    const all = [...this.room.remoteParticipants.values()].flatMap((who) => [...who.trackPublications.values()]);
    return all.find((one) => one.trackSid === sid);
  }

  async subscribe({ sid, wanted = true }) {
    this.publication(sid).setSubscribed(wanted);
  }

  async settings({ sid, enabled, width, height, quality }) {
    const publication = this.publication(sid);
    if (enabled !== undefined) publication.setEnabled(enabled);
    if (width !== undefined) publication.setVideoDimensions({ width, height });
    if (quality !== undefined) publication.setVideoQuality(quality);
  }

  async send_data({ text, topic = "", reliable = true, to = [] }) {
    const options = { topic, reliable, destinationIdentities: to };
    await this.room.localParticipant.publishData(new TextEncoder().encode(text), options);
  }

  async set_metadata({ metadata }) {
    await this.room.localParticipant.setMetadata(metadata);
  }

  async set_attributes({ attributes }) {
    await this.room.localParticipant.setAttributes(attributes);
  }

  async simulate({ scenario }) {
    await this.room.simulateScenario(scenario);
  }

  async others() {
    const track = ({ trackSid, trackName, isMuted, isSubscribed }) => ({
      sid: trackSid,
      name: trackName,
      muted: isMuted,
      subscribed: isSubscribed,
    });
    const people = [...this.room.remoteParticipants.values()];
    return { others: Object.fromEntries(people.map((who) => [who.identity, [...who.trackPublications.values()].map(track)])) };
  }

  async counts() {
    const count = async ({ sense, ...track }) => ({ ...track, ...(await sense.count()) });
    return { tracks: await Promise.all([...this.senses.values()].map(count)) };
  }

  async sendable() {
    return { codecs: RTCRtpSender.getCapabilities("video").codecs.map(({ mimeType }) => mimeType) };
  }

  async leave() {
    await this.room.disconnect();
  }
}

async function run() {
  const driver = new Driver();
  await say({ event: "ready" });
  for (;;) {
    const command = await (await fetch("/next")).json();
    if (!command) continue;
    const { number, do: word, ...rest } = command;
    driver[word](rest).then(
      (answer) => say({ done: number, ...answer }),
      (error) => say({ failed: number, why: String(error) }),
    );
  }
}

run();
