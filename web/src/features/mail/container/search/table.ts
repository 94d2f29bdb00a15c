import type { Change, RecordStore } from '../record-store.ts';
import { Recent } from './recent.ts';

const BLOCK_DOCUMENTS = 256;
const LIMIT_BYTES = 16 * 1024 * 1024;
const NUMBERS = 'numbers';
const BLOCKS = 'blocks';

export type Row = { id: string; when: number };

type Block = { rows: (Row | null)[]; memoryBytes: number };

/** Which document has which number, both ways, and how old it is. */
export class Table {
  readonly #store: RecordStore;
  readonly #blocks = new Recent<Block>(LIMIT_BYTES);
  #revision = -1;

  constructor(store: RecordStore) {
    this.#store = store;
  }

  clear(): void {
    this.#blocks.clear();
  }

  async numbersOf(ids: string[]): Promise<(number | undefined)[]> {
    const found = await this.#store.getEach(NUMBERS, ids);
    return found.map((one) => one?.value as number | undefined);
  }

  cleared(): Change[] {
    return [{ clear: NUMBERS }, { clear: BLOCKS }];
  }

  /** The changes that note these rows under their numbers; a row of null forgets. */
  async changes(rows: Map<number, Row | null>, forgotten: string[]): Promise<Change[]> {
    const changed = new Map<number, (Row | null)[]>();
    const numbers = [...rows.keys()];
    const names = [...new Set(numbers.map(blockOf))];
    const found = await this.#store.getEach(BLOCKS, names.map(String));
    for (const [index, name] of names.entries()) {
      changed.set(name, (found[index]?.value ?? []) as (Row | null)[]);
    }
    for (const [number, row] of rows) {
      const block = changed.get(blockOf(number)) ?? [];
      // No holes, which JSON does not know.
      while (block.length <= number % BLOCK_DOCUMENTS) block.push(null);
      block[number % BLOCK_DOCUMENTS] = row;
    }
    return [
      ...[...changed].map(([name, value]) => ({ put: BLOCKS, id: String(name), value })),
      ...forgotten.map((id) => ({ delete: NUMBERS, id })),
      ...[...rows].flatMap(([number, row]) =>
        row ? [{ put: NUMBERS, id: row.id, value: number }] : [],
      ),
    ];
  }

  /** The rows of these numbers, as they are at this revision of the index. */
  async rows(numbers: number[], revision: number): Promise<Row[]> {
    if (revision !== this.#revision) this.#blocks.clear();
    this.#revision = revision;
    const wanted = [...new Set(numbers.map(blockOf))];
    const blocks = new Map<number, Block>();
    const missing: number[] = [];
    for (const name of wanted) {
      const block = this.#blocks.get(String(name));
      if (block) blocks.set(name, block);
      else missing.push(name);
    }
    const found = await this.#store.getEach(BLOCKS, missing.map(String));
    for (const [index, name] of missing.entries()) {
      const rows = (found[index]?.value ?? []) as (Row | null)[];
      const block = { rows, memoryBytes: rows.length * 160 };
      this.#blocks.keep(String(name), block);
      blocks.set(name, block);
    }
    return numbers.flatMap((number) => {
      const row = blocks.get(blockOf(number))?.rows[number % BLOCK_DOCUMENTS];
      return row ? [row] : [];
    });
  }
}

function blockOf(number: number): number {
  return Math.floor(number / BLOCK_DOCUMENTS);
}
