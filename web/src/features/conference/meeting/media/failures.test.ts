import * as livekit from 'livekit-client';
import { expect, it } from 'vitest';
import { Failures } from './failures.ts';

const { Room, RoomEvent, SubscriptionError } = livekit;
const sent = (trackSid: string, more = {}) =>
  ({ trackSid, isMuted: false, ...more }) as unknown as livekit.RemoteTrackPublication;

it('knows which tracks do not come here and why, until they do', () => {
  const room = new Room();
  let changes = 0;
  const failures = new Failures(livekit, room, () => {
    changes += 1;
  });
  const somebody = {} as livekit.RemoteParticipant;
  const fail = (sid: string, why?: livekit.SubscriptionError) =>
    room.emit(RoomEvent.TrackSubscriptionFailed, sid, somebody, why);
  fail('a', SubscriptionError.SE_CODEC_UNSUPPORTED);
  fail('b', SubscriptionError.SE_TRACK_NOTFOUND);
  fail('c');
  expect(changes).toBe(3);
  expect(['a', 'b', 'c', 'd'].map((sid) => failures.of(sent(sid)))).toEqual([
    'format',
    'unknown',
    'unknown',
    null,
  ]);
  expect(failures.of(undefined)).toBeNull();
  expect(failures.of(sent('a', { isMuted: true }))).toBeNull();
  expect(failures.of(sent('a', { track: {} }))).toBeNull();
  room.emit(RoomEvent.TrackSubscribed, {} as livekit.RemoteTrack, sent('a'), somebody);
  room.emit(RoomEvent.TrackUnpublished, sent('b'), somebody);
  expect(['a', 'b', 'c'].map((sid) => failures.of(sent(sid)))).toEqual([null, null, 'unknown']);
  room.emit(RoomEvent.Disconnected);
  expect(failures.of(sent('c'))).toBeNull();
});
