const CHUNK_BYTES = 0x8000;

/** Bytes as an address of their own. Never an object URL: Chromium writes large blobs to its profile in clear. */
export function dataUrlOf(type: string, bytes: Uint8Array): string {
  const letters: string[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    letters.push(String.fromCharCode(...bytes.subarray(at, at + CHUNK_BYTES)));
  }
  return `data:${type.toLowerCase()};base64,${btoa(letters.join(''))}`;
}
