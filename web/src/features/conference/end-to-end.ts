/**
 * The key of meetings that are encrypted from device to device. It is made in a browser, travels behind the `#` of the
 * link as `<entry secret>.<key>`, and is never sent to the server.
 */

const KEY_BYTES = 32;
const KEY = /^[A-Za-z0-9_-]{43}$/;
/** In a tab: the key by what it belongs to, an entry secret or a meeting. */
const IN_TAB = 'fernamt-meeting-seal:';
/** In the browser of who invites: the keys made here, by meeting. */
const MADE_HERE = 'fernamt-meeting-seals';
/** The oldest go first; a meeting's link is good for a few hours. */
const MAX_MADE_HERE = 200;

/** What stands behind the `#` of a link. */
export type Fragment = { secret: string; key: string | null };

/** Reads the two secrets of a link apart. What is no key, such as one that was cut off, is left out. */
export function fragmentOf(hash: string): Fragment {
  const [secret = '', key = ''] = hash.replace(/^#/, '').split('.');
  return { secret, key: KEY.test(key) ? key : null };
}

/** The link with the key: what whoever invites passes on. */
export const withKey = (link: string, key: string) => `${link}.${key}`;

/** The key in what somebody pasted: a whole link, or the key alone. */
export function keyIn(pasted: string): string | null {
  const text = pasted.trim();
  const hash = text.indexOf('#');
  const key = hash < 0 ? text : (fragmentOf(text.slice(hash)).key ?? '');
  return KEY.test(key) ? key : null;
}

/** The bytes of a key. */
export function keyBytes(key: string): Uint8Array<ArrayBuffer> {
  const binary = atob(key.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** Bytes as they stand in links and messages: base64url. */
export function base64url(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The key that was made in this browser for a meeting, made now if there is none: for who invites. */
export function keyOfHost(meeting: string): string {
  const made = madeHere();
  const known = made[meeting];
  if (known) return known;
  const key = base64url(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
  const kept = Object.entries(made).slice(1 - MAX_MADE_HERE);
  localStorage.setItem(MADE_HERE, JSON.stringify(Object.fromEntries([...kept, [meeting, key]])));
  return key;
}

/** Keeps a key for this tab, so that a reload leads back: by the link's secret, and by the meeting. */
export function rememberSeal(of: string, key: string): void {
  sessionStorage.setItem(IN_TAB + of, key);
}

/** The key that this tab was given for a link or a meeting, or that was made here. */
export function rememberedSeal(...of: string[]): string | null {
  const made = madeHere();
  const known = of.map((one) => sessionStorage.getItem(IN_TAB + one) ?? made[one]);
  return known.find((key) => key && KEY.test(key)) ?? null;
}

/** Whether this browser can encrypt sound and pictures itself. */
export function canSeal(): boolean {
  const sender = globalThis.RTCRtpSender as { prototype: object } | undefined;
  const transforms =
    'RTCRtpScriptTransform' in globalThis ||
    (sender !== undefined && 'createEncodedStreams' in sender.prototype);
  return transforms && globalThis.crypto?.subtle !== undefined;
}

function madeHere(): Record<string, string> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(MADE_HERE) ?? '{}');
    return typeof stored === 'object' && stored ? (stored as Record<string, string>) : {};
  } catch {
    return {};
  }
}
