import { api, connectSession, must, type Schema } from './client.ts';
import { signChallenge } from './device-key.ts';

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
};

/** The session's secret changes at least this often while the person works. */
const ROTATE_MS = 10 * 60_000;
/** Early enough that a slow line does not miss the server's deadline. */
const MARGIN_MS = 60_000;
const LOCK = 'fernamt-session';

const channel = new BroadcastChannel('fernamt-session');
let listener: Listener | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let rotatedAt = 0;
let activeSince = true;

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
      listener?.onEnded('signed_out');
    }
    if (data.type === 'signed_in') listener?.onSignedIn();
  };
  for (const event of ['pointerdown', 'keydown'] as const) {
    window.addEventListener(event, noteActivity, { passive: true, capture: true });
  }
}

/** The person does something; also called by an open desktop. */
export function noteActivity(): void {
  activeSince = true;
}

/** A sign-in went well. */
export function sessionBegan(session: Session): void {
  follow(session);
  channel.postMessage({ type: 'signed_in' } satisfies Message);
}

/** A session was found on start. */
export function sessionFound(session: Session): void {
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
  if (signedOut) channel.postMessage({ type: 'signed_out' } satisfies Message);
  listener?.onEnded(signedOut ? 'signed_out' : 'ended');
}

function follow(session: Session): void {
  rotatedAt = Date.now();
  activeSince = false;
  schedule(session);
  listener?.onSession(session);
}

function schedule(session: Session): void {
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
