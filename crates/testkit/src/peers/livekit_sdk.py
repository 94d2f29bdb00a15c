"""Drives LiveKit's Python SDK: one command a line of JSON on standard input, answers and events on standard output."""

import asyncio
import json
import sys

import numpy
from livekit import rtc

AUDIO_RATE = 48_000
TONE_FRAME_S = 0.01
PICTURES_PER_S = 20
# A picture counts as moved if this much of its brightness changed on average.
MOVED = 1.0


def say(**line):
    print(json.dumps(line), flush=True)


class Ear:
    """Listens to one track: how loud, and which tone is the loudest."""

    def __init__(self, track):
        self.frames, self.heard = 0, numpy.zeros(0, numpy.float64)
        self.task = asyncio.create_task(self.listen(rtc.AudioStream(track, sample_rate=AUDIO_RATE)))

    async def listen(self, stream):
        async for event in stream:
            self.frames += 1
            new = numpy.frombuffer(event.frame.data, numpy.int16).astype(numpy.float64)
            self.heard = numpy.concatenate([self.heard, new])[-AUDIO_RATE:]

    def count(self):
        heard = self.heard
        energy = float(numpy.sqrt(numpy.mean(heard**2))) if len(heard) else 0.0
        tone = 0.0
        if energy > 1:
            spectrum = numpy.abs(numpy.fft.rfft(heard * numpy.hanning(len(heard))))
            tone = float(numpy.argmax(spectrum) * AUDIO_RATE / len(heard))
        return {"frames": self.frames, "energy": energy, "tone_hz": tone}


class Eye:
    """Looks at one track: how many pictures, how many of them moved, and their colour."""

    def __init__(self, track):
        self.frames, self.moved, self.size, self.colour, self.last = 0, 0, (0, 0), (0.0, 0.0), None
        self.task = asyncio.create_task(self.look(rtc.VideoStream(track)))

    async def look(self, stream):
        async for event in stream:
            frame = event.frame.convert(rtc.VideoBufferType.I420)
            self.frames += 1
            size = (frame.width, frame.height)
            bright = numpy.frombuffer(frame.get_plane(0), numpy.uint8).astype(numpy.int16)
            if self.last is not None and size == self.size:
                self.moved += int(numpy.mean(numpy.abs(bright - self.last)) > MOVED)
            self.last, self.size = bright, size
            self.colour = tuple(float(numpy.mean(numpy.frombuffer(frame.get_plane(n), numpy.uint8))) for n in (1, 2))

    def count(self):
        width, height = self.size
        return {"frames": self.frames, "moved": self.moved, "width": width, "height": height, "colour": self.colour}


class Driver:
    def __init__(self):
        self.room, self.senses, self.published, self.work = None, {}, {}, []

    async def join(self, url, token, auto_subscribe=True, single=None, timeout_s=10):
        room = self.room = rtc.Room()
        self.listen(room)
        options = rtc.RoomOptions(
            auto_subscribe=auto_subscribe, single_peer_connection=single, connect_timeout=timeout_s
        )
        await room.connect(url, token, options)
        me = room.local_participant
        return {"sid": me.sid, "identity": me.identity, "others": sorted(room.remote_participants)}

    def listen(self, room):
        def on(name, told):
            def tell(*arguments):
                say(event=name, **told(*arguments))

            room.on(name, tell)

        def track(name, publication, participant):
            return {"who": participant.identity, "sid": publication.sid, "name": publication.name}

        @room.on("track_subscribed")
        def subscribed(got, publication, participant):
            sense = Ear(got) if got.kind == rtc.TrackKind.KIND_AUDIO else Eye(got)
            self.senses[publication.sid] = (participant.identity, publication.name, sense)
            say(event="track_subscribed", **track("", publication, participant))

        @room.on("track_unsubscribed")
        def unsubscribed(_track, publication, participant):
            _, _, sense = self.senses.pop(publication.sid, (None, None, None))
            if sense:
                sense.task.cancel()
            say(event="track_unsubscribed", **track("", publication, participant))

        for name in ("participant_connected", "participant_disconnected"):
            on(name, lambda participant: {"who": participant.identity})
        for name in ("track_published", "track_unpublished"):
            on(name, lambda publication, participant: track("", publication, participant))
        for name in ("track_muted", "track_unmuted"):
            on(name, lambda participant, publication: track("", publication, participant))
        on("active_speakers_changed", lambda speakers: {"who": [speaker.identity for speaker in speakers]})
        on("connection_quality_changed", lambda who, quality: {"who": who.identity, "quality": int(quality)})
        on("participant_metadata_changed", lambda who, _old, new: {"who": who.identity, "metadata": new})
        on("participant_attributes_changed", lambda new, who: {"who": who.identity, "attributes": dict(new)})
        on("participant_permissions_changed", lambda *_: {})
        on("disconnected", lambda reason: {"reason": rtc.DisconnectReason.Name(reason)})
        for name in ("reconnecting", "reconnected"):
            on(name, lambda: {})

        @room.on("data_received")
        def data(packet):
            who = packet.participant.identity if packet.participant else None
            reliable = packet.kind == rtc.DataPacketKind.KIND_RELIABLE
            text = packet.data.decode(errors="replace")
            say(event="data_received", who=who, topic=packet.topic, reliable=reliable, text=text)

    async def publish_tone(self, name="tone", hz=440.0, source="microphone"):
        audio = rtc.AudioSource(AUDIO_RATE, 1)
        track = rtc.LocalAudioTrack.create_audio_track(name, audio)
        options = rtc.TrackPublishOptions(source=source_named(source))
        publication = await self.room.local_participant.publish_track(track, options)
        self.published[name] = (track, publication)
        self.work.append(asyncio.create_task(self.play(audio, hz)))
        return {"sid": publication.sid}

    async def play(self, audio, hz):
        count, at = int(AUDIO_RATE * TONE_FRAME_S), 0
        while True:
            moments = numpy.arange(at, at + count) / AUDIO_RATE
            samples = (10_000 * numpy.sin(2 * numpy.pi * hz * moments)).astype(numpy.int16)
            at += count
            await audio.capture_frame(rtc.AudioFrame(samples.tobytes(), AUDIO_RATE, 1, count))

    async def publish_picture(
        self, name="picture", width=640, height=360, colour=(90, 160), simulcast=True, source="camera"
    ):
        video = rtc.VideoSource(width, height)
        track = rtc.LocalVideoTrack.create_video_track(name, video)
        options = rtc.TrackPublishOptions(
            source=source_named(source), simulcast=simulcast, video_codec=rtc.VideoCodec.VP8
        )
        publication = await self.room.local_participant.publish_track(track, options)
        self.published[name] = (track, publication)
        self.work.append(asyncio.create_task(self.show(video, width, height, colour)))
        return {"sid": publication.sid}

    async def show(self, video, width, height, colour):
        chroma = [numpy.full((height // 2) * (width // 2), value, numpy.uint8).tobytes() for value in colour]
        column, at = numpy.arange(width), 0
        while True:
            bar = numpy.where((column - at) % width < width // 4, 220, 40).astype(numpy.uint8)
            at += max(width // 40, 2)
            data = numpy.tile(bar, height).tobytes() + b"".join(chroma)
            video.capture_frame(rtc.VideoFrame(width, height, rtc.VideoBufferType.I420, data))
            await asyncio.sleep(1 / PICTURES_PER_S)

    async def mute(self, name):
        self.published[name][0].mute()

    async def unmute(self, name):
        self.published[name][0].unmute()

    async def unpublish(self, name):
        _, publication = self.published.pop(name)
        await self.room.local_participant.unpublish_track(publication.sid)

    async def subscribe(self, sid, wanted=True):
        publication = next(
            one.track_publications[sid] for one in self.room.remote_participants.values() if sid in one.track_publications
        )
        publication.set_subscribed(wanted)

    async def send_data(self, text, topic="", reliable=True, to=()):
        await self.room.local_participant.publish_data(
            text, topic=topic, reliable=reliable, destination_identities=list(to)
        )

    async def set_metadata(self, metadata):
        await self.room.local_participant.set_metadata(metadata)

    async def set_attributes(self, attributes):
        await self.room.local_participant.set_attributes(attributes)

    async def simulate(self, scenario):
        await self.room.simulate_scenario(getattr(rtc.SimulateScenarioKind, scenario))

    async def others(self):
        def track(one):
            return {"sid": one.sid, "name": one.name, "muted": one.muted, "subscribed": one.subscribed}

        people = self.room.remote_participants.values()
        return {"others": {who.identity: [track(one) for one in who.track_publications.values()] for who in people}}

    async def counts(self):
        told = [{"who": who, "name": name, "sid": sid, **sense.count()} for sid, (who, name, sense) in self.senses.items()]
        return {"tracks": told}

    async def leave(self):
        for task in self.work:
            task.cancel()
        await self.room.disconnect()


def source_named(name):
    return getattr(rtc.TrackSource, "SOURCE_" + name.upper())


async def main():
    driver, loop = Driver(), asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        number, word = command.pop("number"), command.pop("do")
        try:
            say(done=number, **(await getattr(driver, word)(**command) or {}))
        except Exception as error:  # whatever it is, the test is told
            say(failed=number, why=f"{type(error).__name__}: {error}")


asyncio.run(main())
