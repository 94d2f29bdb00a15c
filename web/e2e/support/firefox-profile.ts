import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { brotliDecompressSync, inflateRawSync } from 'node:zlib';
import { uncompress } from 'snappyjs';
import { wordsIn } from './profile-scan.ts';
import { sqliteValues } from './sqlite-values.ts';

const MOZ_LZ4 = Buffer.from('mozLz40\0');
/** How a stream of Snappy's frames begins. */
const SNAPPY_STREAM = Buffer.from('ff060000734e61507059', 'hex');
const GZIP = Buffer.from('1f8b', 'hex');
const MAX_UNPACKED_BYTES = 64_000_000;

/** A word, and the file of the profile that it stands in. */
export type Left = { word: string; file: string };

/** Where in a Firefox profile these words stand, in what is packed there too. */
export async function leftInFirefox(folder: string, words: readonly string[]): Promise<Left[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const left: Left[] = [];
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    // While the browser runs, files come and go.
    const bytes = await readFile(path).catch(() => undefined);
    if (!bytes) continue;
    const log = entry.name.endsWith('.sqlite')
      ? await readFile(`${path}-wal`).catch(() => undefined)
      : undefined;
    const file = relative(folder, path);
    const found = wordsIn([bytes, ...unpacked(bytes, log)], words.flatMap(formsOf));
    left.push(
      ...words
        .filter((word) => formsOf(word).some((form) => found.includes(form)))
        .map((word) => ({ word, file })),
    );
  }
  return left;
}

/** As it is, and as a key of IndexedDB: there each letter is moved on by one. */
function formsOf(word: string): string[] {
  const moved = [...word].map((letter) => String.fromCharCode(letter.charCodeAt(0) + 1));
  return [word, moved.join('')];
}

function unpacked(bytes: Buffer, log?: Buffer): Buffer[] {
  if (bytes.subarray(0, 8).equals(MOZ_LZ4)) return [lz4Block(bytes.subarray(12))];
  if (bytes.subarray(0, 10).equals(SNAPPY_STREAM)) return [snappyStream(bytes)];
  const rows = [...sqliteValues(bytes), ...(log ? sqliteValues(bytes, log) : [])];
  if (rows.length > 0) return [...rows, ...rows.flatMap((row) => tried(() => snappy(row)))];
  // The HTTP cache keeps answers as they came over the line, with what is known of them behind.
  if (bytes.subarray(0, 2).equals(GZIP)) return tried(() => gunzipped(bytes));
  return tried(() => brotliDecompressSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES }));
}

function tried(unpack: () => Buffer): Buffer[] {
  try {
    return [unpack()];
  } catch {
    return [];
  }
}

/** Node.js takes what stands behind for another member, so the ten bytes of the head are left out here. */
function gunzipped(bytes: Buffer): Buffer {
  return inflateRawSync(bytes.subarray(10), { maxOutputLength: MAX_UNPACKED_BYTES });
}

function snappy(bytes: Buffer): Buffer {
  return Buffer.from(uncompress(bytes, MAX_UNPACKED_BYTES));
}

/** https://github.com/google/snappy/blob/main/framing_format.txt */
function snappyStream(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUIntLE(at + 1, 3);
    const data = bytes.subarray(at + 8, at + 4 + length);
    if (bytes[at] === 0) parts.push(...tried(() => snappy(data)));
    if (bytes[at] === 1) parts.push(data);
    at += 4 + length;
  }
  return Buffer.concat(parts);
}

/** https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md */
function lz4Block(bytes: Buffer): Buffer {
  const out: number[] = [];
  let at = 0;
  const next = () => bytes[at++] ?? 0;
  const length = (nibble: number) => {
    let sum = nibble;
    for (let more = nibble === 15 ? 255 : 0; more === 255; sum += more) more = next();
    return sum;
  };
  while (at < bytes.length && out.length < MAX_UNPACKED_BYTES) {
    const token = next();
    for (let left = length(token >> 4); left > 0; left -= 1) out.push(next());
    if (at >= bytes.length) break;
    const back = next() + 256 * next();
    if (back === 0) break;
    for (let left = length(token & 15) + 4; left > 0; left -= 1) out.push(out.at(-back) ?? 0);
  }
  return Buffer.from(out);
}
