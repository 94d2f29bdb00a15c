import type { Room, TrackPublication } from 'livekit-client';

/** Why what somebody sends does not come here: this browser cannot play its format, or nobody knows. */
export type Failure = 'format' | 'unknown';

/** The tracks that are sent and do not come here. */
export class Failures {
  private readonly known = new Map<string, Failure>();

  constructor(
    { RoomEvent, SubscriptionError }: typeof import('livekit-client'),
    room: Room,
    onChange: () => void,
  ) {
    room.on(RoomEvent.TrackSubscriptionFailed, (track, _, reason) => {
      const format = reason === SubscriptionError.SE_CODEC_UNSUPPORTED;
      this.known.set(track, format ? 'format' : 'unknown');
      onChange();
    });
    room.on(RoomEvent.TrackSubscribed, (_, { trackSid }) => void this.known.delete(trackSid));
    room.on(RoomEvent.TrackUnpublished, ({ trackSid }) => void this.known.delete(trackSid));
    room.on(RoomEvent.Disconnected, () => this.known.clear());
  }

  /** Whether this one does not come, and why. */
  of(publication: TrackPublication | undefined): Failure | null {
    if (!publication || publication.track || publication.isMuted) return null;
    return this.known.get(publication.trackSid) ?? null;
  }
}
