const ROOT_HEADER_BYTES = 100;
const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const LEAF_OF_TABLE = 0x0d;
const LEAF_OF_INDEX = 0x0a;
const INNER_OF_INDEX = 0x02;
/** Bytes of the numbers in a record, by their type (https://www.sqlite.org/fileformat2.html#record_format). */
const NUMBER_BYTES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

/** The rows of an SQLite file, each in one piece, and the values in them. Pages of a write-ahead log go before. */
export function sqliteValues(file: Buffer, log?: Buffer): Buffer[] {
  if (!file.subarray(0, 15).equals(Buffer.from('SQLite format 3'))) return [];
  const pages = new Pages(file, log);
  return pages.numbers().flatMap((number) => rowsOn(pages, number));
}

class Pages {
  readonly #all = new Map<number, Buffer>();
  readonly bytes: number;
  /** Of each page, so many are for what is in it. */
  readonly usable: number;

  constructor(file: Buffer, log?: Buffer) {
    const size = file.readUInt16BE(16);
    this.bytes = size === 1 ? 65_536 : size;
    this.usable = this.bytes - (file[20] ?? 0);
    for (let at = 0; at + this.bytes <= file.length; at += this.bytes) {
      this.#all.set(at / this.bytes + 1, file.subarray(at, at + this.bytes));
    }
    const frame = FRAME_HEADER_BYTES + this.bytes;
    for (let at = WAL_HEADER_BYTES; log && at + frame <= log.length; at += frame) {
      this.#all.set(log.readUInt32BE(at), log.subarray(at + FRAME_HEADER_BYTES, at + frame));
    }
  }

  numbers(): number[] {
    return [...this.#all.keys()];
  }

  get(number: number): Buffer {
    return this.#all.get(number) ?? Buffer.alloc(0);
  }
}

function rowsOn(pages: Pages, number: number): Buffer[] {
  const page = pages.get(number);
  const head = number === 1 ? ROOT_HEADER_BYTES : 0;
  const kind = page[head] ?? 0;
  if (![LEAF_OF_TABLE, LEAF_OF_INDEX, INNER_OF_INDEX].includes(kind)) return [];
  const count = page.readUInt16BE(head + 3);
  const pointers = head + (kind === INNER_OF_INDEX ? 12 : 8);
  const rows: Buffer[] = [];
  for (let cell = 0; cell < count && pointers + 2 * cell + 2 <= page.length; cell += 1) {
    const at = page.readUInt16BE(pointers + 2 * cell) + (kind === INNER_OF_INDEX ? 4 : 0);
    const row = rowAt(pages, page, at, kind === LEAF_OF_TABLE);
    rows.push(row, ...valuesOf(row));
  }
  return rows;
}

/** What does not fit on the page goes on in a chain of others. */
function rowAt(pages: Pages, page: Buffer, at: number, isTable: boolean): Buffer {
  const { usable } = pages;
  let [bytes, from] = varint(page, at);
  if (isTable) [, from] = varint(page, from);
  const most = isTable ? usable - 35 : Math.floor(((usable - 12) * 64) / 255) - 23;
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const part = least + ((bytes - least) % (usable - 4));
  const here = bytes <= most ? bytes : part <= most ? part : least;
  const parts = [page.subarray(from, from + here)];
  bytes -= here;
  let next = bytes > 0 && from + here + 4 <= page.length ? page.readUInt32BE(from + here) : 0;
  // A chain that a crash or a later row has torn ends where it is torn.
  for (let steps = 0; next > 0 && bytes > 0 && steps < 1e6; steps += 1) {
    const more = pages.get(next);
    if (more.length < 4) break;
    parts.push(more.subarray(4, 4 + Math.min(bytes, usable - 4)));
    bytes -= usable - 4;
    next = more.readUInt32BE(0);
  }
  return Buffer.concat(parts);
}

function valuesOf(row: Buffer): Buffer[] {
  const [head, first] = varint(row, 0);
  const values: Buffer[] = [];
  let value = head;
  for (let at = first; at < head && at < row.length; ) {
    const [kind, next] = varint(row, at);
    at = next;
    const bytes = kind < 12 ? (NUMBER_BYTES[kind] ?? 0) : Math.floor((kind - 12) / 2);
    if (kind >= 12) values.push(row.subarray(value, value + bytes));
    value += bytes;
  }
  return values;
}

/** Seven bits a byte, the highest first; where it ends. */
function varint(bytes: Buffer, at: number): [number, number] {
  let value = 0;
  for (let index = 0; index < 8; index += 1) {
    const byte = bytes[at + index] ?? 0;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return [value, at + index + 1];
  }
  return [value * 256 + (bytes[at + 8] ?? 0), at + 9];
}
