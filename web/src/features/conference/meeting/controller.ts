import { rememberSeal } from '../end-to-end.ts';
import type { DeviceChoice } from './media/devices.ts';
import type { MediaState } from './media/seats.ts';
import { type LocalSource, MediaSession, type MediaTicket } from './media/session.ts';
import { emptyMeeting, heard, type MeetingModel } from './model.ts';
import { paced } from './paced.ts';
import { Sealed, type SealState } from './sealed.ts';
import { forgetSeat, rememberSeat } from './seat-of-tab.ts';
import { MeetingSocket } from './socket.ts';
import type { Act, Message, Reaction } from './wire.ts';
import { shownName } from './words.ts';

/** A reaction that floats over the stage for a moment. */
export type Floating = { id: number; reaction: Reaction; count: number; name: string };

export type MeetingView = MeetingModel & {
  /** Whether the line to the server is there. */
  lineUp: boolean;
  media: MediaState;
  floating: readonly Floating[];
  /** Who spoke lately, the latest first. */
  spoke: readonly string[];
  /** Whether it is encrypted from device to device, and whether the key is here. */
  seal: SealState;
};

export type Entering = {
  meetingId: string;
  /** How one comes in: by what entering gave, or back to the seat that this tab had. */
  entry: { entry: string } | { resume: string };
  /** For guests only. */
  name: string | null;
  choice: DeviceChoice;
  microphone: boolean;
  camera: boolean;
  /** It was promised before joining that it is encrypted from device to device. */
  sealed: boolean;
  /** The key, if the link brought one. */
  key: string | null;
};

type Hearer = (message: Message, before: MeetingModel, after: MeetingModel) => void;

type Listeners = { onDeviceError: (error: unknown, source: LocalSource) => void };

const FLOATING_MS = 4_000;
const MAX_FLOATING = 12;
const MAX_SPOKE = 30;
/** Between two wishes for a new way to the media, so that a broken one is not asked for without end. */
const TICKET_EVERY_MS = 2_000;
/** Between two pictures of the meeting. Hundreds come, speak and write in one moment, and each of it is not drawn. */
const REST_MS = 100;

const silence: MediaState = {
  line: 'idle',
  own: {
    identity: '',
    microphone: false,
    camera: false,
    screen: false,
    maySpeak: false,
    mayShow: false,
    mayShare: false,
  },
  seats: new Map(),
  speakers: [],
  silenced: false,
};

/** One presence in one meeting: what the server says, and what is seen and heard. The page reads it as a store. */
export class Meeting {
  private view: MeetingView = {
    ...emptyMeeting,
    lineUp: false,
    media: silence,
    floating: [],
    spoke: [],
    seal: 'open',
  };
  private readonly listeners = new Set<() => void>();
  private readonly hearers = new Set<Hearer>();
  private readonly socket: MeetingSocket;
  private session: Promise<MediaSession> | null = null;
  private choice: DeviceChoice;
  private reactions = 0;
  private over = false;
  private readonly sealed: Sealed;
  private askedAt = 0;
  private asking: ReturnType<typeof setTimeout> | undefined;
  private started = false;
  private readonly draw = paced(() => {
    for (const listener of this.listeners) listener();
  }, REST_MS);

  constructor(
    private entering: Entering,
    private readonly tell: Listeners,
  ) {
    this.choice = entering.choice;
    const { entry, name, meetingId } = entering;
    this.sealed = new Sealed(meetingId, entering.key, entering.sealed);
    this.view = { ...this.view, seal: this.sealed.state };
    this.socket = new MeetingSocket(
      meetingId,
      { ...entry, ...(name && { name }) },
      {
        onMessage: (message) =>
          this.sealed.open(message, (opened) => {
            if (!this.over) this.message(opened);
          }),
        onLine: (lineUp) => this.publish({ lineUp }),
        onOver: (why) => {
          this.over = true;
          forgetSeat();
          void this.dropMedia();
          this.publish({ at: 'ended', ended: this.view.ended ?? why });
        },
      },
    );
  }

  readonly get = (): MeetingView => this.view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Hears each message, with the meeting before and after it: for what is said aloud. */
  readonly hear = (hearer: Hearer): (() => void) => {
    this.hearers.add(hearer);
    return () => this.hearers.delete(hearer);
  };

  open(): void {
    this.socket.open();
  }

  /** Asks the server for something; see `MeetingSocket.act`. */
  async act(act: Act): Promise<void> {
    await this.socket.act(await this.sealed.close(act, this.view.own?.id ?? ''));
  }

  /** Takes the key that somebody typed: what was closed is opened, sound and pictures are connected anew. */
  async setKey(key: string): Promise<void> {
    const { seal, media } = this.view;
    rememberSeal(this.entering.meetingId, key);
    this.sealed.use(key);
    this.sealed.openAgain(
      () => this.view,
      (opened) => this.publish(opened),
    );
    this.publish({ seal: this.sealed.state });
    // Without a key nothing was on, whatever the person wished.
    const { microphone, camera } = seal === 'held' && this.started ? media.own : this.entering;
    this.entering = { ...this.entering, microphone, camera };
    this.started = false;
    await this.dropMedia();
    this.askForMedia();
  }

  async setMicrophone(on: boolean): Promise<void> {
    await (await this.session)?.setMicrophone(on);
  }

  async setCamera(on: boolean): Promise<void> {
    await (await this.session)?.setCamera(on);
  }

  async setScreen(on: boolean): Promise<void> {
    await (await this.session)?.setScreen(on);
  }

  async startSound(): Promise<void> {
    await (await this.session)?.startSound();
  }

  async choose(choice: DeviceChoice): Promise<void> {
    this.choice = choice;
    await (await this.session)?.choose(choice);
  }

  /** Gives the seat up. */
  leave(): void {
    if (this.over) return;
    this.over = true;
    forgetSeat();
    this.socket.leave();
    void this.dropMedia();
    this.publish({ at: 'ended', ended: 'left' });
  }

  /** Lets go of everything without a word; the seat waits for a while. */
  close(): void {
    this.over = true;
    this.socket.stop();
    void this.dropMedia();
  }

  private message(message: Message): void {
    const before = this.view;
    this.publish({ ...heard(this.view, message), seal: this.sealed.state });
    if (message.message === 'welcome' || message.message === 'waiting') {
      const sealed = this.sealed.state !== 'open';
      rememberSeat({ meeting: this.entering.meetingId, resume: message.resume, sealed });
    }
    if (message.message === 'media') void this.connect(message);
    if (message.message === 'reaction') this.float(message);
    if (message.message === 'moderated') void this.moderated(message.what);
    for (const hearer of this.hearers) hearer(message, before, this.view);
  }

  private async connect({ url, ticket }: MediaTicket): Promise<void> {
    const first = this.session === null;
    this.session ??= this.openMedia();
    const session = await this.session.catch(() => null);
    if (!session || this.over) {
      if (!session) this.session = null;
      return;
    }
    if (!first && session.get().line === 'connected') return;
    await session.connect({ url, ticket });
    if (this.started || session.get().line !== 'connected') return;
    this.started = true;
    const { microphone, camera } = this.entering;
    const { maySpeak, mayShow } = session.get().own;
    if (microphone && maySpeak && !this.choice.pushToTalk) await session.setMicrophone(true);
    if (camera && mayShow) await session.setCamera(true);
  }

  private async openMedia(): Promise<MediaSession> {
    const session = await MediaSession.open({
      choice: this.choice,
      seal: this.sealed.state === 'open' ? null : { key: this.sealed.key },
      onLost: () => this.askForMedia(),
      onDeviceError: this.tell.onDeviceError,
    });
    session.subscribe(() => {
      const media = session.get();
      if (media.line === 'interrupted' && this.view.media.line === 'connected') {
        void this.socket.suspect();
      }
      this.publish({ media, spoke: spokeLately(this.view.spoke, talkersOf(media)) });
    });
    return session;
  }

  /** The media line is gone: a new way is asked for, now or when the socket is back (which brings one by itself). */
  private askForMedia(): void {
    if (this.over || this.asking !== undefined) return;
    const waitMs = Math.max(0, this.askedAt + TICKET_EVERY_MS - Date.now());
    this.asking = setTimeout(() => {
      this.asking = undefined;
      this.askedAt = Date.now();
      this.socket.act({ act: 'media_ticket' }).catch(() => undefined);
    }, waitMs);
  }

  private async dropMedia(): Promise<void> {
    clearTimeout(this.asking);
    this.asking = undefined;
    const session = await this.session?.catch(() => null);
    this.session = null;
    await session?.close();
  }

  private async moderated(what: string): Promise<void> {
    const session = await this.session;
    if (what === 'muted' || what === 'off_stage') await session?.setMicrophone(false);
    if (what === 'video_stopped' || what === 'off_stage') await session?.setCamera(false);
    if (what === 'share_stopped' || what === 'off_stage') await session?.setScreen(false);
  }

  private float({
    seat,
    reaction,
    count,
  }: {
    seat?: string | null;
    reaction: Reaction;
    count: number;
  }): void {
    this.reactions += 1;
    const id = this.reactions;
    const from = seat ? this.view.roster.get(seat) : undefined;
    const name = from ? shownName(from) : '';
    const floating = [...this.view.floating, { id, reaction, count, name }].slice(-MAX_FLOATING);
    this.publish({ floating });
    setTimeout(
      () => this.publish({ floating: this.view.floating.filter((one) => one.id !== id) }),
      FLOATING_MS,
    );
  }

  private publish(change: Partial<MeetingView>): void {
    this.view = { ...this.view, ...change };
    this.draw();
  }
}

/** Who speaks; the sound of a shared screen does not bring anybody to the front. */
const talkersOf = ({ speakers, seats }: MediaState) =>
  speakers.filter((identity) => seats.get(identity)?.microphone === 'on');

function spokeLately(before: readonly string[], now: readonly string[]): readonly string[] {
  const first = now[0];
  if (!first || now.every((identity, index) => before[index] === identity)) return before;
  return [...now, ...before.filter((identity) => !now.includes(identity))].slice(0, MAX_SPOKE);
}
