import { type Attachment, type Mail, MailFault } from '../model.ts';
import { dataUrlOf } from './viewers/data-url.ts';
import { isDrawable, pixelsOf } from './viewers/pixels.ts';

/** Larger ones are named only: their letters would fill the memory of a phone. */
const MAX_PICTURE_BYTES = 10_000_000;
const MAX_INLINE_BYTES = 20_000_000;
const MAX_INLINE_PICTURES = 100;
const MAX_REMOTE_PICTURES = 100;
/** The server takes twice as many of one person, who may have two tabs. */
const REMOTE_AT_ONCE = 3;

/** Pictures that browsers draw and that can not carry scripts. */
const isPicture = ({ type }: Pick<Attachment, 'type'>): boolean =>
  /^image\/(png|jpeg|gif|webp)$/i.test(type);

/** The pictures that an HTML text shows within itself, by content id; those that can not be had are left out. */
export async function inlinePictures(
  mail: Mail,
  attachments: readonly Attachment[],
): Promise<Map<string, string>> {
  const pictures = new Map<string, string>();
  let left = MAX_INLINE_BYTES;
  const wanted = attachments.filter((one) => one.cid !== null && isPicture(one));
  for (const { blobId, cid, sizeBytes } of wanted.slice(0, MAX_INLINE_PICTURES)) {
    if (cid === null || sizeBytes > Math.min(left, MAX_PICTURE_BYTES)) continue;
    left -= sizeBytes;
    const bytes = await mail.attachment(blobId).catch(() => null);
    const pixels = bytes && bytes.length <= MAX_PICTURE_BYTES ? pixelsOf(bytes) : null;
    // Its own bytes say what it is, and how much memory it wants.
    if (bytes && isDrawable(pixels) && pixels.type !== 'image/avif') {
      pictures.set(cid.replace(/^<|>$/g, ''), dataUrlOf(pixels.type, bytes));
    }
  }
  return pictures;
}

export type LoadPicture = (url: string, over: AbortSignal) => Promise<Uint8Array>;

export type RemotePictures = {
  /** By their address, as `data:`. */
  loaded: ReadonlyMap<string, string>;
  /** How many could not be had, or are no pictures. */
  failed: number;
  /** There was no line for some. */
  offline: boolean;
};

/** Pictures that lie elsewhere, a few at a time. `over` ends it with what is there; `told` hears how many are through. */
export async function remotePictures(
  urls: readonly string[],
  load: LoadPicture,
  over: AbortSignal,
  told: (through: number) => void,
): Promise<RemotePictures> {
  const loaded = new Map<string, string>();
  const waiting = urls.slice(0, MAX_REMOTE_PICTURES);
  let [left, through, offline] = [MAX_INLINE_BYTES, 0, false];
  const work = async () => {
    for (let url = waiting.shift(); url !== undefined; url = waiting.shift()) {
      if (over.aborted) return;
      const bytes = await load(url, over).catch((error: unknown) => {
        offline ||= error instanceof MailFault && error.kind === 'offline' && !over.aborted;
        return null;
      });
      const pixels = bytes && bytes.length <= left ? pixelsOf(bytes) : null;
      if (bytes && isDrawable(pixels) && pixels.type !== 'image/avif') {
        left -= bytes.length;
        loaded.set(url, dataUrlOf(pixels.type, bytes));
      }
      through += 1;
      told(through);
    }
  };
  await Promise.all(Array.from({ length: REMOTE_AT_ONCE }, work));
  return { loaded, failed: urls.length - loaded.size, offline };
}
