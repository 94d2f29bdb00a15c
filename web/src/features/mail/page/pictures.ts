import type { Attachment, Mail } from '../model.ts';
import { dataUrlOf } from './viewers/data-url.ts';
import { isDrawable, pixelsOf } from './viewers/pixels.ts';

/** Larger ones are named only: their letters would fill the memory of a phone. */
const MAX_PICTURE_BYTES = 10_000_000;
const MAX_INLINE_BYTES = 20_000_000;
const MAX_INLINE_PICTURES = 100;

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
