import { type Attachment, type Mail, MailFault } from '../model.ts';
import { dataUrlOf } from './viewers/data-url.ts';
import { dotsOf, isDrawable, MAX_MESSAGE_PIXELS, pixelsOf } from './viewers/pixels.ts';

/** Larger ones are named only: their letters would fill the memory of a phone. */
const MAX_PICTURE_BYTES = 10_000_000;
const MAX_INLINE_BYTES = 20_000_000;
const MAX_INLINE_PICTURES = 100;
const MAX_REMOTE_PICTURES = 100;
/** The server takes twice as many of one person, who may have two tabs. */
const REMOTE_AT_ONCE = 3;
/** How long it waits before it asks a busy server again. */
const BUSY_MS = [1_000, 2_000, 4_000];
/** A host whose picture took this long and did not come is not asked for the others. */
const SLOW_MS = 4_000;

/** Pictures that browsers draw and that can not carry scripts. */
const isPicture = ({ type }: Pick<Attachment, 'type'>): boolean =>
  /^image\/(png|jpeg|gif|webp)$/i.test(type);

/** The pictures that an HTML text shows within itself, by content id; those that can not be had are left out. */
export async function inlinePictures(
  mail: Mail,
  attachments: readonly Attachment[],
): Promise<Map<string, string>> {
  const pictures = new Map<string, string>();
  let [left, dots] = [MAX_INLINE_BYTES, MAX_MESSAGE_PIXELS];
  const wanted = attachments.filter((one) => one.cid !== null && isPicture(one));
  for (const { blobId, cid, sizeBytes } of wanted.slice(0, MAX_INLINE_PICTURES)) {
    if (cid === null || sizeBytes > Math.min(left, MAX_PICTURE_BYTES)) continue;
    left -= sizeBytes;
    const bytes = await mail.attachment(blobId).catch(() => null);
    const pixels = bytes && bytes.length <= MAX_PICTURE_BYTES ? pixelsOf(bytes) : null;
    // Its own bytes say what it is, and how much memory it wants.
    if (bytes && isDrawable(pixels) && pixels.type !== 'image/avif' && dotsOf(pixels) <= dots) {
      dots -= dotsOf(pixels);
      pictures.set(cid.replace(/^<|>$/g, ''), dataUrlOf(pixels.type, bytes));
    }
  }
  return pictures;
}

export type LoadPicture = (url: string, over: AbortSignal) => Promise<Uint8Array>;

/** What may still be loaded of the pictures of one message from elsewhere, however often somebody asks. */
export type RemoteRoom = { pictures: number; bytes: number };

export const remoteRoom = (): RemoteRoom => ({
  pictures: MAX_REMOTE_PICTURES,
  bytes: MAX_INLINE_BYTES,
});

export type RemotePictures = {
  /** By their address, as `data:`. */
  loaded: ReadonlyMap<string, string>;
  /** How many could not be had, or are no pictures. */
  failed: number;
  /** There was no line for some. */
  offline: boolean;
  /** The server fetches no more for this person at the moment. */
  busy: boolean;
};

/** Whose turn it is, for all messages of the page together. */
const turns = { free: REMOTE_AT_ONCE, waiting: [] as (() => void)[] };

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (turns.free > 0) turns.free -= 1;
  else await new Promise<void>((go) => turns.waiting.push(go));
  try {
    return await work();
  } finally {
    const next = turns.waiting.shift();
    if (next) next();
    else turns.free += 1;
  }
}

/**
 * Pictures that lie elsewhere, a few at a time, as far as there is room for them. `over` ends it with what is there;
 * `told` hears how many are through.
 */
export async function remotePictures(
  urls: readonly string[],
  load: LoadPicture,
  over: AbortSignal,
  told: (through: number) => void,
  room: RemoteRoom = remoteRoom(),
): Promise<RemotePictures> {
  const loaded = new Map<string, string>();
  const waiting = [...urls];
  const slow = new Set<string>();
  let [through, offline, busy] = [0, false, false];

  const one = async (url: string) => {
    // Whoever stopped, or filled the room, did so while this was waiting.
    if (over.aborted || busy || room.pictures <= 0) return;
    const host = hostOf(url);
    if (slow.has(host)) return;
    room.pictures -= 1;
    let started = 0;
    const timed: LoadPicture = (...asked) => {
      started = Date.now();
      return load(...asked);
    };
    const bytes = await patiently(timed, url, over).catch((error: unknown) => {
      const kind = error instanceof MailFault && !over.aborted ? error.kind : null;
      offline ||= kind === 'offline';
      busy ||= kind === 'busy' || kind === 'spent';
      // It would hold the places of all others for as long again.
      if (kind === 'refused' && Date.now() - started >= SLOW_MS) slow.add(host);
      return null;
    });
    const pixels = bytes && pixelsOf(bytes);
    if (!bytes || !isDrawable(pixels) || pixels.type === 'image/avif') return;
    if (bytes.length > room.bytes) {
      room.pictures = 0;
      return;
    }
    room.bytes -= bytes.length;
    loaded.set(url, dataUrlOf(pixels.type, bytes));
  };
  const work = async () => {
    for (let url = waiting.shift(); url !== undefined; url = waiting.shift()) {
      const address = url;
      await inTurn(() => one(address));
      if (over.aborted) return;
      through += 1;
      told(through);
    }
  };
  await Promise.all(Array.from({ length: REMOTE_AT_ONCE }, work));
  return { loaded, failed: urls.length - loaded.size, offline, busy };
}

/** Asks again where the server says that it is busy: another tab may have all of its places. */
async function patiently(load: LoadPicture, url: string, over: AbortSignal): Promise<Uint8Array> {
  for (const ms of BUSY_MS) {
    try {
      return await load(url, over);
    } catch (error) {
      if (over.aborted || !(error instanceof MailFault && error.kind === 'busy')) throw error;
      await pause(ms, over);
      if (over.aborted) throw error;
    }
  }
  return load(url, over);
}

function pause(ms: number, over: AbortSignal): Promise<void> {
  return new Promise((go) => {
    const timer = setTimeout(go, ms);
    over.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        go();
      },
      { once: true },
    );
  });
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : '');
