import type {
  LocalParticipant,
  Participant,
  RemoteTrack,
  Room,
  RoomOptions,
  Track,
  TrackPublication,
  VideoCaptureOptions,
} from 'livekit-client';
import { cameraWishes, type DeviceChoice, microphoneWishes } from './devices.ts';
import { Failures } from './failures.ts';
import type { Sealing } from './sealing.ts';
import type { MediaState, OwnMedia, Picture, Quality, SeatMedia } from './seats.ts';

type LiveKit = typeof import('livekit-client');

/** Where the pictures and the sound come from, and the right to them: handed over by the meeting's socket. */
export type MediaTicket = { url: string; ticket: string };

export type LocalSource = 'microphone' | 'camera' | 'screen';

type Options = {
  choice: DeviceChoice;
  /** The key from device to device, where the meeting is encrypted so; without one nothing is sent. */
  seal: { key: string | null } | null;
  /** The media line is gone for good; a new ticket is needed. */
  onLost: () => void;
  /** A camera or microphone failed during the meeting. */
  onDeviceError: (error: unknown, source: LocalSource) => void;
};

const nothing: OwnMedia = {
  identity: '',
  microphone: false,
  camera: false,
  screen: false,
  maySpeak: false,
  mayShow: false,
  mayShare: false,
};

const SCREEN_WIDTH = 1920;
const SCREEN_HEIGHT = 1080;
const SCREEN_FRAMES = 15;

let loaded: Promise<LiveKit> | undefined;

/** Loads the client of the media plane: only who enters a meeting needs it. */
export function loadMedia(): Promise<LiveKit> {
  loaded ??= import('livekit-client').then((livekit) => {
    livekit.setLogLevel('silent');
    return livekit;
  });
  loaded.catch(() => {
    loaded = undefined;
  });
  return loaded;
}

/** What one browser sends to a meeting and gets from it. The page reads `get` and listens by `subscribe`. */
export class MediaSession {
  private state: MediaState = {
    line: 'idle',
    own: nothing,
    seats: new Map(),
    speakers: [],
    silenced: false,
  };
  private readonly listeners = new Set<() => void>();
  private readonly pictures = new WeakMap<Track, Picture>();
  private readonly room: Room;
  private readonly failures: Failures;
  private choice: DeviceChoice;
  private stale = false;
  private closed = false;
  private wanted = { microphone: false, camera: false };
  /** Those whose sound and pictures the key does not open. */
  private readonly closedToUs = new Set<string>();

  private constructor(
    private readonly livekit: LiveKit,
    private readonly options: Options,
    private readonly sealing: Sealing | null,
  ) {
    this.choice = options.choice;
    this.room = new livekit.Room(this.roomOptions());
    this.failures = new Failures(livekit, this.room, () => this.touch());
    this.listen();
  }

  static async open(options: Options): Promise<MediaSession> {
    const livekit = await loadMedia();
    if (!options.seal) return new MediaSession(livekit, options, null);
    const { startSealing } = await import('./sealing.ts');
    const sealing = await startSealing(livekit, options.seal.key);
    const session = new MediaSession(livekit, options, sealing);
    await session.room.setE2EEEnabled(true);
    return session;
  }

  readonly get = (): MediaState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Connects, or connects again with a fresh ticket; what was on before is on again. */
  async connect({ url, ticket }: MediaTicket): Promise<void> {
    if (this.closed) return;
    this.publish({ line: this.state.line === 'idle' ? 'connecting' : 'interrupted' });
    try {
      if (this.room.state !== this.livekit.ConnectionState.Disconnected) {
        await this.room.disconnect();
      }
      await this.room.connect(url, ticket);
    } catch {
      if (!this.closed) this.options.onLost();
      return;
    }
    if (this.closed) {
      await this.room.disconnect();
      return;
    }
    this.sync();
    await this.apply();
  }

  /** Turns the microphone on or off. */
  setMicrophone(on: boolean): Promise<void> {
    this.wanted.microphone = on;
    return this.turn('microphone', (own) =>
      own.setMicrophoneEnabled(on, microphoneWishes(this.choice)),
    );
  }

  /** Turns the camera on or off. */
  setCamera(on: boolean): Promise<void> {
    this.wanted.camera = on;
    return this.turn('camera', async (own) =>
      own.setCameraEnabled(on, on ? await this.cameraOptions() : undefined),
    );
  }

  /** Shares a screen with its sound, or stops it. The person chooses in the browser's own dialog. */
  setScreen(on: boolean): Promise<void> {
    return this.turn('screen', (own) =>
      own.setScreenShareEnabled(
        on,
        {
          audio: true,
          contentHint: 'detail',
          selfBrowserSurface: 'exclude',
          surfaceSwitching: 'include',
          systemAudio: 'include',
          resolution: { width: SCREEN_WIDTH, height: SCREEN_HEIGHT, frameRate: SCREEN_FRAMES },
        },
        { degradationPreference: 'maintain-resolution' },
      ),
    );
  }

  /** Uses other devices from now on. */
  async choose(choice: DeviceChoice): Promise<void> {
    const before = this.choice;
    this.choice = choice;
    if (choice.speaker !== before.speaker) {
      await this.room
        .switchActiveDevice('audiooutput', choice.speaker || 'default')
        .catch(() => undefined);
    }
    if (choice.microphone !== before.microphone || choice.quiet !== before.quiet) {
      await this.restart('microphone');
    }
    if (choice.camera === before.camera && choice.blur === before.blur) return;
    // Until what blurs is there, the picture that the others see already goes on.
    if (choice.blur && this.wanted.camera) await prepareBlur().catch(() => undefined);
    if (this.choice === choice) await this.restart('camera');
  }

  /** Plays what the browser held back; must be called from a press. */
  async startSound(): Promise<void> {
    await this.room.startAudio();
    this.sync();
  }

  /** Leaves for good: everything is switched off. */
  async close(): Promise<void> {
    this.closed = true;
    await this.room.disconnect();
    this.sealing?.stop();
    this.publish({ line: 'ended', own: nothing, seats: new Map(), speakers: [] });
  }

  private roomOptions(): RoomOptions {
    const { speaker } = this.choice;
    return {
      // Only what is seen is sent, in the size in which it is seen.
      adaptiveStream: { pixelDensity: 'screen', pauseVideoInBackground: true },
      dynacast: true,
      // The frozen subset is LiveKit's pair of connections.
      singlePeerConnection: false,
      stopLocalTrackOnUnpublish: true,
      publishDefaults: { simulcast: true, videoCodec: 'vp8', dtx: true, red: false },
      ...(speaker && { audioOutput: { deviceId: speaker } }),
      ...(this.sealing && { encryption: this.sealing.options }),
    };
  }

  private listen(): void {
    const { RoomEvent } = this.livekit;
    const stale = () => this.touch();
    for (const event of [
      RoomEvent.Connected,
      RoomEvent.Reconnecting,
      RoomEvent.SignalReconnecting,
      RoomEvent.Reconnected,
      RoomEvent.ParticipantConnected,
      RoomEvent.ParticipantDisconnected,
      RoomEvent.TrackPublished,
      RoomEvent.TrackUnpublished,
      RoomEvent.TrackMuted,
      RoomEvent.TrackUnmuted,
      RoomEvent.LocalTrackPublished,
      RoomEvent.LocalTrackUnpublished,
      RoomEvent.ActiveSpeakersChanged,
      RoomEvent.ConnectionQualityChanged,
      RoomEvent.TrackStreamStateChanged,
      RoomEvent.ParticipantPermissionsChanged,
      RoomEvent.AudioPlaybackStatusChanged,
    ] as const) {
      this.room.on(event, stale);
    }
    this.room.on(RoomEvent.TrackSubscribed, (track, publication) => {
      const heard = !this.sealing || publication.isEncrypted;
      if (heard && track.kind === this.livekit.Track.Kind.Audio) track.attach();
      this.touch();
    });
    this.room.on(RoomEvent.TrackUnsubscribed, (track, _, { identity }) => {
      if (track.kind === this.livekit.Track.Kind.Audio) track.detach();
      this.closedToUs.delete(identity);
      this.touch();
    });
    this.room.on(RoomEvent.EncryptionError, (_, participant) => {
      if (participant && !participant.isLocal) this.closedToUs.add(participant.identity);
      this.touch();
    });
    // Somebody who moderates turned it off: it must not come back by itself after a break.
    this.room.on(RoomEvent.TrackMuted, ({ source }, participant) => {
      if (!participant.isLocal) return;
      if (source === this.livekit.Track.Source.Microphone) this.wanted.microphone = false;
      if (source === this.livekit.Track.Source.Camera) this.wanted.camera = false;
    });
    this.room.on(RoomEvent.Disconnected, (reason) => {
      if (this.closed) return;
      this.publish({ line: 'interrupted' });
      if (reason !== this.livekit.DisconnectReason.CLIENT_INITIATED) this.options.onLost();
    });
  }

  private async turn(
    source: LocalSource,
    deed: (own: LocalParticipant) => Promise<unknown>,
  ): Promise<void> {
    // What cannot be encrypted does not leave the device.
    if (this.options.seal?.key === null) return;
    try {
      await deed(this.room.localParticipant);
    } catch (error) {
      if (source !== 'screen') this.wanted[source] = false;
      this.options.onDeviceError(error, source);
    }
    this.sync();
  }

  /** Brings back what was on before the line broke. */
  private async apply(): Promise<void> {
    const { maySpeak, mayShow } = this.state.own;
    if (this.wanted.microphone && maySpeak) await this.setMicrophone(true);
    if (this.wanted.camera && mayShow) await this.setCamera(true);
  }

  private async cameraOptions(): Promise<VideoCaptureOptions> {
    const options = captureOptions(cameraWishes(this.choice));
    if (!this.choice.blur) return options;
    const { Blurred } = await import('./blur/blurred.ts');
    const processor = new Blurred((problem) => {
      this.options.onDeviceError(problem, 'camera');
      void this.setCamera(false);
    });
    return { ...options, processor };
  }

  private async restart(source: 'microphone' | 'camera'): Promise<void> {
    const { Source } = this.livekit.Track;
    const own = this.room.localParticipant;
    const track = own.getTrackPublication(
      source === 'camera' ? Source.Camera : Source.Microphone,
    )?.track;
    if (!track) return;
    try {
      await own.unpublishTrack(track);
      if (source === 'camera' && this.wanted.camera) await this.setCamera(true);
      if (source === 'microphone' && this.wanted.microphone) await this.setMicrophone(true);
    } catch (error) {
      this.options.onDeviceError(error, source);
    }
    this.sync();
  }

  /** Many events of one moment make one picture of the state. */
  private touch(): void {
    if (this.stale) return;
    this.stale = true;
    queueMicrotask(() => {
      this.stale = false;
      this.sync();
    });
  }

  private sync(): void {
    if (this.closed) return;
    const { room } = this;
    const { ConnectionState } = this.livekit;
    const lines: Record<string, MediaState['line']> = {
      [ConnectionState.Connecting]: this.state.line === 'idle' ? 'connecting' : this.state.line,
      [ConnectionState.Connected]: 'connected',
      [ConnectionState.Reconnecting]: 'interrupted',
      [ConnectionState.SignalReconnecting]: 'interrupted',
    };
    const everyone = [room.localParticipant, ...room.remoteParticipants.values()];
    this.publish({
      line: lines[room.state] ?? this.state.line,
      own: this.own(),
      seats: new Map(everyone.map((seat) => [seat.identity, this.seat(seat)])),
      speakers: room.activeSpeakers.map(({ identity }) => identity),
      silenced: !room.canPlaybackAudio,
    });
  }

  private own(): OwnMedia {
    const { localParticipant: own } = this.room;
    const { permissions } = own;
    const { Source } = this.livekit.Track;
    const sources = permissions?.canPublishSources ?? [];
    const may = (source: Track.Source) =>
      permissions?.canPublish === true &&
      (sources.length === 0 || sources.some((granted) => SOURCES[granted] === source));
    return {
      identity: own.identity,
      microphone: own.isMicrophoneEnabled,
      camera: own.isCameraEnabled,
      screen: own.isScreenShareEnabled,
      maySpeak: may(Source.Microphone),
      mayShow: may(Source.Camera),
      mayShare: may(Source.ScreenShare),
    };
  }

  private seat(seat: Participant): SeatMedia {
    const { Source } = this.livekit.Track;
    const microphone = seat.getTrackPublication(Source.Microphone);
    const camera = seat.getTrackPublication(Source.Camera);
    const screen = seat.getTrackPublication(Source.ScreenShare);
    return {
      identity: seat.identity,
      microphone: microphone ? (microphone.isMuted ? 'muted' : 'on') : 'none',
      camera: this.picture(camera),
      screen: this.picture(screen),
      failed: {
        microphone: this.failures.of(microphone),
        camera: this.failures.of(camera),
        screen: this.failures.of(screen),
      },
      quality: this.quality(seat),
      speaking: seat.isSpeaking,
      unreadable: this.unreadable(seat),
    };
  }

  private picture(publication: TrackPublication | undefined): Picture | null {
    const track = publication?.track;
    if (!track || publication.isMuted) return null;
    const { StreamState } = this.livekit.Track;
    const paused =
      !publication.isLocal && (track as RemoteTrack).streamState === StreamState.Paused;
    const known = this.pictures.get(track);
    if (known?.paused === paused) return known;
    const picture: Picture = known
      ? { ...known, paused }
      : {
          key: track.sid ?? track.mediaStreamID,
          attach: (element) => void track.attach(element),
          detach: (element) => void track.detach(element),
          paused,
        };
    this.pictures.set(track, picture);
    return picture;
  }

  /** Whether what somebody sends stays closed here. What comes in clear is not shown either: it may be forged. */
  private unreadable(seat: Participant): boolean {
    if (!this.options.seal || seat.isLocal || seat.trackPublications.size === 0) return false;
    const { key } = this.options.seal;
    return key === null || this.closedToUs.has(seat.identity) || !seat.isEncrypted;
  }

  private quality(seat: Participant): Quality {
    const { ConnectionQuality } = this.livekit;
    const words: Record<string, Quality> = {
      [ConnectionQuality.Excellent]: 'good',
      [ConnectionQuality.Good]: 'good',
      [ConnectionQuality.Poor]: 'weak',
      [ConnectionQuality.Lost]: 'lost',
    };
    return words[seat.connectionQuality] ?? 'unknown';
  }

  private publish(change: Partial<MediaState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }
}

async function prepareBlur(): Promise<void> {
  const { prepareBlur: prepare } = await import('./blur/blurred.ts');
  await prepare();
}

/** The protocol's numbers of sources in a grant. */
const SOURCES: Readonly<Record<number, string>> = {
  1: 'camera',
  2: 'microphone',
  3: 'screen_share',
  4: 'screen_share_audio',
};

function captureOptions({ deviceId, facingMode }: MediaTrackConstraints) {
  return {
    resolution: { width: 1280, height: 720, frameRate: 30 },
    ...(deviceId !== undefined && { deviceId }),
    ...(facingMode !== undefined && { facingMode: 'user' as const }),
  };
}
