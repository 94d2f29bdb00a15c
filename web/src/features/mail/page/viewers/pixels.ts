/** More dots than this are not decoded: a file of a few kilobytes can ask for gigabytes of memory. */
export const MAX_PIXELS = 50_000_000;
/** How far into a file its size is looked for. */
const MAX_HEAD_BYTES = 1_000_000;

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

/** Whether the browser may decode it. */
export function isDrawable(pixels: Pixels | null): pixels is Pixels {
  return pixels !== null && pixels.width * pixels.height <= MAX_PIXELS;
}

function said(view: DataView, at: number, text: string): boolean {
  if (view.byteLength < at + text.length) return false;
  return [...text].every((char, index) => view.getUint8(at + index) === char.charCodeAt(0));
}

function pngOf(view: DataView): Pixels | null {
  if (!said(view, 0, '\x89PNG\r\n\x1a\n') || !said(view, 12, 'IHDR')) return null;
  return { type: 'image/png', width: view.getUint32(16), height: view.getUint32(20) };
}

function gifOf(view: DataView): Pixels | null {
  if (!said(view, 0, 'GIF87a') && !said(view, 0, 'GIF89a')) return null;
  return { type: 'image/gif', width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

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
