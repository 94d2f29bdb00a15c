import type { Attachment, Mail } from '../model.ts';

/** Larger ones are named only: their letters would fill the memory of a phone. */
export const MAX_PICTURE_BYTES = 10_000_000;
const MAX_INLINE_BYTES = 20_000_000;
const MAX_INLINE_PICTURES = 100;
const CHUNK_BYTES = 0x8000;

/** Pictures that browsers draw and that can not carry scripts. */
export const isPicture = ({ type }: Pick<Attachment, 'type'>): boolean =>
  /^image\/(png|jpeg|gif|webp)$/i.test(type);

/** The picture as an address of its own. Never an object URL: Chromium writes large blobs to its profile in clear. */
export function dataUrl(type: string, bytes: Uint8Array): string {
  const letters: string[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    letters.push(String.fromCharCode(...bytes.subarray(at, at + CHUNK_BYTES)));
  }
  return `data:${type.toLowerCase()};base64,${btoa(letters.join(''))}`;
}

/** The pictures that an HTML text shows within itself, by content id; those that can not be had are left out. */
export async function inlinePictures(
  mail: Mail,
  attachments: readonly Attachment[],
): Promise<Map<string, string>> {
  const pictures = new Map<string, string>();
  let left = MAX_INLINE_BYTES;
  const wanted = attachments.filter((one) => one.cid !== null && isPicture(one));
  for (const { blobId, cid, type, sizeBytes } of wanted.slice(0, MAX_INLINE_PICTURES)) {
    if (cid === null || sizeBytes > Math.min(left, MAX_PICTURE_BYTES)) continue;
    left -= sizeBytes;
    const bytes = await mail.attachment(blobId).catch(() => null);
    if (bytes && bytes.length <= MAX_PICTURE_BYTES) {
      pictures.set(cid.replace(/^<|>$/g, ''), dataUrl(type, bytes));
    }
  }
  return pictures;
}
