import { type Attachment, type Mail, MailFault, type MailFaultKind } from '../model.ts';
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
export type RemoteRoom = { pictures: number; bytes: number; dots: number };

export const remoteRoom = (): RemoteRoom => ({
  pictures: MAX_REMOTE_PICTURES,
  bytes: MAX_INLINE_BYTES,
  dots: MAX_MESSAGE_PIXELS,
});

export const isFull = (room: RemoteRoom): boolean =>
  Math.min(room.pictures, room.bytes, room.dots) <= 0;

/** Why none are asked for any more: no line, enough for this person, or nobody to look for malware in them. */
export type RoundEnd = 'offline' | 'busy' | 'unscanned';

const ENDS: Partial<Record<MailFaultKind, RoundEnd>> = {
  offline: 'offline',
  busy: 'busy',
  spent: 'busy',
  unscanned: 'unscanned',
};
/** What is the same however often it is asked for. */
const STAYS: readonly MailFaultKind[] = ['excluded', 'malware', 'not_found', 'not_scanned'];

export type RemotePictures = {
  /** By their address, as `data:`. */
  loaded: Map<string, string>;
  /** How many were asked for and could not be had, or are no pictures. */
  failed: number;
  /** Those among them that need not be asked for again. */
  lost: Set<string>;
  /** How many of them were malware. */
  malware: number;
  /** How many were not asked for, or were more than there was room for. */
  unasked: number;
  ended: RoundEnd | null;
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
  const lost = new Set<string>();
  const waiting = [...urls];
  const slow = new Set<string>();
  let [through, failed, malware] = [0, 0, 0];
  let ended: RoundEnd | null = null;

  const none = (fault: unknown, url: string, tookMs: number) => {
    const kind = fault instanceof MailFault ? fault.kind : 'refused';
    const end = ENDS[kind] ?? null;
    if (!over.aborted) ended ??= end;
    if (over.aborted || end === 'offline' || end === 'busy') {
      // Nobody elsewhere was asked.
      room.pictures += 1;
      return;
    }
    failed += 1;
    if (kind === 'malware') malware += 1;
    if (STAYS.includes(kind)) lost.add(url);
    // It would hold the places of all others for as long again.
    if (kind === 'refused' && tookMs >= SLOW_MS) slow.add(hostOf(url));
  };
  const one = async (url: string) => {
    // Whoever stopped, or filled the room, did so while this was waiting.
    if (over.aborted || ended || isFull(room)) return;
    if (slow.has(hostOf(url))) {
      failed += 1;
      return;
    }
    room.pictures -= 1;
    let started = 0;
    const timed: LoadPicture = (...asked) => {
      started = Date.now();
      return load(...asked);
    };
    const bytes = await patiently(timed, url, over).catch((fault: unknown) => {
      none(fault, url, Date.now() - started);
      return null;
    });
    if (!bytes) return;
    const pixels = pixelsOf(bytes);
    if (!isDrawable(pixels) || pixels.type === 'image/avif') {
      failed += 1;
      lost.add(url);
    } else if (bytes.length > room.bytes) room.bytes = 0;
    else if (dotsOf(pixels) > room.dots) room.dots = 0;
    else {
      room.bytes -= bytes.length;
      room.dots -= dotsOf(pixels);
      loaded.set(url, dataUrlOf(pixels.type, bytes));
    }
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
  const unasked = urls.length - loaded.size - failed;
  return { loaded, failed, lost, malware, unasked, ended };
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
