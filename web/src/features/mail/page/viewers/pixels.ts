/** More dots than this are not decoded: a file of a few kilobytes can ask for gigabytes of memory. */
export const MAX_PIXELS = 50_000_000;
/** The same for all pictures of one message together. */
export const MAX_MESSAGE_PIXELS = 100_000_000;
/** How far into a file its size is looked for. */
const MAX_HEAD_BYTES = 1_000_000;
/** Letters of an address to decode: where most say how large they are, and all that is looked at. Whole fours of base64. */
const HEADS_CHARS = [16_000, (MAX_HEAD_BYTES / 3) * 4 + 4].map((chars) => chars - (chars % 4));

export type PictureType = 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp' | 'image/avif';
export type Pixels = { type: PictureType; width: number; height: number };

/**
 * What kind of picture these bytes are and how large it is drawn, as its head says; null for what is none of those that
 * are shown. Read before anything is decoded.
 */
export function pixelsOf(bytes: Uint8Array): Pixels | null {
  const head = bytes.subarray(0, MAX_HEAD_BYTES);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  try {
    return pngOf(view) ?? gifOf(view) ?? webpOf(view) ?? jpegOf(view) ?? avifOf(view);
  } catch (error) {
    // The file ends within its head.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The same for a picture that is written as a `data:` address in base64. */
export function pixelsOfUrl(url: string): Pixels | null {
  const start = url.indexOf(',') + 1;
  let found: Pixels | null = null;
  for (const chars of HEADS_CHARS) {
    found = pixelsOf(decoded(url.slice(start, start + chars * 2), chars));
    if (found || url.length <= start + chars) break;
  }
  return found;
}

/** The bytes of so many letters of base64; none if they are no base64. */
function decoded(text: string, chars: number): Uint8Array {
  try {
    const letters = atob(text.replace(/\s+/g, '').slice(0, chars));
    return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

/** Whether the browser may decode it. */
export function isDrawable(pixels: Pixels | null): pixels is Pixels {
  return pixels !== null && dotsOf(pixels) <= MAX_PIXELS;
}

export const dotsOf = ({ width, height }: Pixels): number => width * height;

function said(view: DataView, at: number, text: string): boolean {
  if (view.byteLength < at + text.length) return false;
  return [...text].every((char, index) => view.getUint8(at + index) === char.charCodeAt(0));
}

function pngOf(view: DataView): Pixels | null {
  if (!said(view, 0, '\x89PNG\r\n\x1a\n') || !said(view, 12, 'IHDR')) return null;
  return { type: 'image/png', width: view.getUint32(16), height: view.getUint32(20) };
}

/** The screen, or what the first frame needs: browsers enlarge the screen to it. */
function gifOf(view: DataView): Pixels | null {
  if (!said(view, 0, 'GIF87a') && !said(view, 0, 'GIF89a')) return null;
  const side = (at: number) => view.getUint16(at, true);
  let at = 13 + coloursOf(view.getUint8(10));
  for (;;) {
    const block = view.getUint8(at);
    if (block === 0x2c) {
      const width = Math.max(side(6), side(at + 1) + side(at + 5));
      const height = Math.max(side(8), side(at + 3) + side(at + 7));
      return { type: 'image/gif', width, height };
    }
    // Whatever else stands there, browsers read no frame behind it.
    if (block !== 0x21) return null;
    at += 2;
    for (let bytes = view.getUint8(at); bytes > 0; bytes = view.getUint8(at)) at += 1 + bytes;
    at += 1;
  }
}

/** How many bytes a table of colours takes, by the byte that says whether there is one. */
const coloursOf = (packed: number): number => (packed & 0x80 ? 3 << ((packed & 7) + 1) : 0);

function webpOf(view: DataView): Pixels | null {
  if (!said(view, 0, 'RIFF') || !said(view, 8, 'WEBP')) return null;
  const type = 'image/webp';
  if (said(view, 12, 'VP8X')) {
    const triple = (at: number) => view.getUint16(at, true) + view.getUint8(at + 2) * 65_536 + 1;
    return { type, width: triple(24), height: triple(27) };
  }
  if (said(view, 12, 'VP8L')) {
    const bits = view.getUint32(21, true);
    return { type, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (!said(view, 12, 'VP8 ')) return null;
  const side = (at: number) => view.getUint16(at, true) & 0x3fff;
  return { type, width: side(26), height: side(28) };
}

/** The first frame's head; what stands before it has a length each. */
function jpegOf(view: DataView): Pixels | null {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  for (;;) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) at += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) at += 2;
    else {
      const isFrame =
        marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
      if (isFrame) {
        const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
        return { type: 'image/jpeg', width, height };
      }
      if (marker === 0xd9 || marker === 0xda) return null;
      at += 2 + Math.max(2, view.getUint16(at + 2));
    }
  }
}

/** The largest of the sizes that stand in its properties (`ispe`): it may be put together of tiles. */
function avifOf(view: DataView): Pixels | null {
  if (!said(view, 4, 'ftyp')) return null;
  const brandsEnd = Math.min(view.getUint32(0), 256);
  let isAvif = false;
  for (let at = 8; at + 4 <= brandsEnd; at += 4) {
    isAvif ||= said(view, at, 'avif') || said(view, at, 'avis');
  }
  if (!isAvif) return null;
  let [width, height] = [0, 0];
  const end = Math.min(view.byteLength - 16, 64 * 1024);
  for (let at = brandsEnd; at <= end; at += 1) {
    if (!said(view, at, 'ispe')) continue;
    width = Math.max(width, view.getUint32(at + 8));
    height = Math.max(height, view.getUint32(at + 12));
  }
  return width > 0 && height > 0 ? { type: 'image/avif', width, height } : null;
}
