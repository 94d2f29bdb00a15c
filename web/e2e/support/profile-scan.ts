import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { uncompress } from 'snappyjs';

/** What ends each LevelDB table (`leveldb/table/format.h`). */
const MAGIC = Buffer.from('57fb808b247547db', 'hex');
const FOOTER_BYTES = 48;

/** All bytes of a browser's profile, the blocks of LevelDB's tables also as they were before they were packed. */
export async function profileBytes(folder: string): Promise<Buffer[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const all: Buffer[] = [];
  for (const entry of entries.filter((one) => one.isFile())) {
    // While the browser runs, files come and go.
    const bytes = await readFile(join(entry.parentPath, entry.name)).catch(() => undefined);
    if (!bytes) continue;
    all.push(bytes);
    if (entry.name.endsWith('.ldb')) all.push(...tableBlocks(bytes));
  }
  return all;
}

/** Which of the words stand in these bytes, as UTF-8 or UTF-16, as written or in small letters. */
export function wordsIn(all: readonly Buffer[], words: readonly string[]): string[] {
  const forms = (word: string) =>
    [word, word.toLowerCase()].flatMap((form) => [Buffer.from(form), Buffer.from(form, 'utf16le')]);
  return words.filter((word) =>
    forms(word).some((form) => all.some((bytes) => bytes.includes(form))),
  );
}

function tableBlocks(table: Buffer): Buffer[] {
  if (!table.subarray(-MAGIC.length).equals(MAGIC)) return [];
  const footer = new Varints(table.subarray(-FOOTER_BYTES));
  footer.take(2);
  const [offset, size] = footer.take(2) as [number, number];
  return handlesIn(block(table, offset, size)).map(([from, length]) => block(table, from, length));
}

function block(table: Buffer, offset: number, size: number): Buffer {
  const bytes = table.subarray(offset, offset + size);
  const isPacked = table[offset + size] === 1;
  return isPacked ? Buffer.from(uncompress(bytes)) : bytes;
}

/** Where the data blocks lie that an index block names. */
function handlesIn(index: Buffer): [number, number][] {
  const restarts = index.readUInt32LE(index.length - 4);
  const end = index.length - 4 - restarts * 4;
  const handles: [number, number][] = [];
  const entries = new Varints(index);
  while (entries.at < end) {
    const [, keyBytes] = entries.take(3) as [number, number, number];
    entries.at += keyBytes;
    handles.push(entries.take(2) as [number, number]);
  }
  return handles;
}

/** Numbers of seven bits a byte. */
class Varints {
  at = 0;

  constructor(private readonly bytes: Buffer) {}

  take(count: number): number[] {
    return Array.from({ length: count }, () => {
      let value = 0;
      for (let factor = 1; ; factor *= 128) {
        const byte = this.bytes[this.at++] ?? 0;
        value += (byte & 0x7f) * factor;
        if (byte < 0x80) return value;
      }
    });
  }
}
