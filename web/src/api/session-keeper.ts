import { api, connectSession, must, type Schema } from './client.ts';
import { signChallenge } from './device-key.ts';
import { lineAnswered, lineFailed } from './line.ts';

export type Session = Schema<'SessionView'>;

type Message =
  | { type: 'rotated'; session: Session }
  | { type: 'signed_in' }
  | { type: 'signed_out' };

type Listener = {
  onSession: (session: Session) => void;
  /** The session is over, here or in another tab. */
  onEnded: (how: 'signed_out' | 'ended') => void;
  /** Somebody signed in, in another tab. */
  onSignedIn: () => void;
  /** Whether the page in front has nothing else that would tell it of the session's end. */
  isWatched: () => boolean;
};

/** The session's secret changes at least this often while the person works. */
const ROTATE_MS = 10 * 60_000;
/** Early enough that a slow line does not miss the server's deadline. */
const MARGIN_MS = 60_000;
const LOCK = 'fernamt-session';
/** So often a page that somebody looks at asks whether it may still be looked at. */
const WATCH_MS = 4_000;
/** When somebody was last active, in any tab. */
const ACTIVE = 'fernamt-active';
const NOTE_EVERY_MS = 5_000;

const channel = new BroadcastChannel('fernamt-session');
let listener: Listener | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let rotatedAt = 0;
let activeSince = true;
let notedAt = 0;
/** How long the session may rest; `null` where its absolute end comes first. */
let idleMs: number | null = null;
let watching = false;

/**
 * Keeps the session alive while the person works: its secret rotates, one tab does it (a lock), the
 * others follow (a channel). Nobody at the keyboard, no rotation: so the idle limit ends it.
 */
export function keepSession(next: Listener): void {
  listener = next;
  connectSession({ refresh: rotate, ended: () => end(false) });
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.type === 'rotated') follow(data.session);
    if (data.type === 'signed_out') {
      clearTimeout(timer);
      watching = false;
      listener?.onEnded('signed_out');
    }
    if (data.type === 'signed_in') listener?.onSignedIn();
  };
  for (const event of ['pointerdown', 'keydown'] as const) {
    window.addEventListener(event, noteActivity, { passive: true, capture: true });
  }
  setInterval(() => void watch(), WATCH_MS);
  document.addEventListener('visibilitychange', () => void watch());
}

/** The person does something; also called by an open desktop. */
export function noteActivity(): void {
  activeSince = true;
  const now = Date.now();
  if (now - notedAt < NOTE_EVERY_MS) return;
  notedAt = now;
  localStorage.setItem(ACTIVE, String(now));
}

/** A sign-in went well. */
export function sessionBegan(session: Session): void {
  idleMs = null;
  noteActivity();
  follow(session);
  channel.postMessage({ type: 'signed_in' } satisfies Message);
}

/** A session was found on start. */
export function sessionFound(session: Session): void {
  noteActivity();
  schedule(session);
}

/** Signs out here and in all tabs. */
export async function signOut(): Promise<void> {
  try {
    await must(api.DELETE('/api/v1/session'));
  } finally {
    end(true);
  }
}

function end(signedOut: boolean): void {
  clearTimeout(timer);
  watching = false;
  if (signedOut) channel.postMessage({ type: 'signed_out' } satisfies Message);
  listener?.onEnded(signedOut ? 'signed_out' : 'ended');
}

function follow(session: Session): void {
  rotatedAt = Date.now();
  activeSince = false;
  schedule(session);
  listener?.onSession(session);
}

/**
 * Notices the end of the session on a page that asks for nothing. This question is no work for the
 * server, but those of pages that keep themselves fresh are, so who has left the desk is signed out
 * from here when the house's time is over.
 */
async function watch(): Promise<void> {
  if (!watching || document.visibilityState !== 'visible' || !listener?.isWatched()) return;
  if (idleMs !== null && Date.now() - activeAt() >= idleMs) {
    watching = false;
    // Nobody signs out here: a device that is told of new mail goes on being told.
    const idle = { params: { query: { idle: true } } };
    await must(api.DELETE('/api/v1/session', idle)).catch(() => undefined);
    end(false);
    return;
  }
  try {
    const { status } = await fetch('/api/v1/session/standing', { cache: 'no-store' });
    lineAnswered();
    if (status === 401) end(false);
  } catch {
    lineFailed();
  }
}

function activeAt(): number {
  return Math.max(notedAt, Number(localStorage.getItem(ACTIVE) ?? 0));
}

function schedule(session: Session): void {
  watching = true;
  if (session.idle_expires_at !== session.expires_at) {
    idleMs ??= Date.parse(session.idle_expires_at) - Date.now();
  }
  clearTimeout(timer);
  const due = Math.min(ROTATE_MS, Date.parse(session.rotate_by) - MARGIN_MS - Date.now());
  timer = setTimeout(() => void keepUp(session), Math.max(due, MARGIN_MS / 4));
}

async function keepUp(session: Session): Promise<void> {
  if (activeSince) {
    if (!(await rotate())) schedule(session);
    return;
  }
  // Nobody is here: do not rotate, so that the idle limit can end the session; then say so.
  if (Date.now() > Date.parse(session.idle_expires_at)) {
    try {
      schedule(await must(api.GET('/api/v1/session')));
    } catch {
      // A refusal has already ended the session; without a line, the next look comes.
      schedule(session);
    }
    return;
  }
  schedule(session);
}

/** Proves the device and takes the new secret. True when the session is fresh afterwards. */
async function rotate(): Promise<boolean> {
  const asked = Date.now();
  return navigator.locks.request(LOCK, async () => {
    // Another tab did it while this one waited for the lock.
    if (rotatedAt >= asked) return true;
    try {
      const { challenge } = await must(api.GET('/api/v1/sign-in/challenge'));
      const signature = await signChallenge('fernamt-rotate', challenge);
      const session = await must(
        api.POST('/api/v1/session/rotate', { body: { challenge, signature } }),
      );
      follow(session);
      channel.postMessage({ type: 'rotated', session } satisfies Message);
      return true;
    } catch {
      return false;
    }
  });
}
