import { type Container, streamOf } from '../../container/index.ts';

/** So many files at most, and so many bytes of all together. */
export const MAX_FILES = 200;
export const MAX_FILES_BYTES = 200_000_000;
export const MAX_NAME_CHARS = 120;
const COLLECTION = 'own files';

/** A file that somebody put aside in the container. */
export type OwnFile = {
  id: string;
  name: string;
  type: string;
  sizeBytes: number;
  addedAtMs: number;
  /** What the server calls the attachment that it was; null where it does not know it. */
  blobId: string | null;
};

/** Why a file is not kept. */
export type FilesFaultKind = 'too_many' | 'too_large' | 'no_name' | 'not_found';

export class FilesFault extends Error {
  readonly kind: FilesFaultKind;

  constructor(kind: FilesFaultKind) {
    super(kind);
    this.name = 'FilesFault';
    this.kind = kind;
  }
}

type Bytes = Uint8Array<ArrayBuffer>;
type Sealed = Pick<Container, 'records' | 'blobs'>;
export type NewFile = { name: string; type: string; bytes: Bytes; blobId: string | null };

/** A small store of files within the sealed container: on this device only, with and without a line. */
export class OwnFiles {
  readonly #container: Sealed;
  readonly #now: () => number;
  readonly #watchers = new Set<() => void>();
  /** One change after the other, so that two together do not pass the limits. */
  #line: Promise<unknown> = Promise.resolve();

  constructor(container: Sealed, now: () => number = Date.now) {
    this.#container = container;
    this.#now = now;
  }

  onChange(call: () => void): () => void {
    this.#watchers.add(call);
    return () => this.#watchers.delete(call);
  }

  /** All of them, the newest first. */
  async list(): Promise<OwnFile[]> {
    const all = await this.#container.records.getAll(COLLECTION);
    return all
      .map(({ value }) => value as unknown as OwnFile)
      .sort((one, other) => other.addedAtMs - one.addedAtMs || (one.id < other.id ? -1 : 1));
  }

  /** Keeps a file; returns what is known of it. */
  add({ name, type, bytes, blobId }: NewFile): Promise<OwnFile> {
    return this.#turn(async () => {
      const all = await this.list();
      if (all.length >= MAX_FILES) throw new FilesFault('too_many');
      const kept = all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      if (kept + bytes.length > MAX_FILES_BYTES) throw new FilesFault('too_large');
      const id = crypto.randomUUID();
      const file: OwnFile = {
        id,
        name: unique(cleaned(name) || 'Datei', all),
        type,
        sizeBytes: bytes.length,
        addedAtMs: this.#now(),
        blobId,
      };
      // The bytes first: what is listed is there.
      await this.#container.blobs.write(blobOf(id), streamOf(bytes));
      await this.#container.records.put(COLLECTION, id, file);
      return file;
    });
  }

  rename(id: string, name: string): Promise<void> {
    return this.#turn(async () => {
      const wanted = cleaned(name);
      if (wanted === '') throw new FilesFault('no_name');
      const all = await this.list();
      const file = all.find((one) => one.id === id);
      if (!file) throw new FilesFault('not_found');
      const others = all.filter((one) => one.id !== id);
      await this.#container.records.put(COLLECTION, id, { ...file, name: unique(wanted, others) });
    });
  }

  remove(id: string): Promise<void> {
    return this.#turn(async () => {
      await this.#container.records.delete(COLLECTION, id);
      await this.#container.blobs.remove(blobOf(id));
    });
  }

  async read(id: string): Promise<Bytes> {
    const stream = await this.#container.blobs.read(blobOf(id));
    if (!stream) throw new FilesFault('not_found');
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  #turn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#line.then(work, work);
    this.#line = turn.catch(() => undefined);
    return turn.finally(() => {
      for (const call of this.#watchers) call();
    });
  }
}

/** No id of JMAP has a blank, so this is none of an attachment. */
const blobOf = (id: string) => `own file ${id}`;

/** A name without what separates folders, marks of direction and signs that are not seen. */
export function cleaned(name: string): string {
  return [
    ...name
      .replace(/[\\/:*?"<>|\p{Cc}\p{Cf}]/gu, ' ')
      .replace(/\s+/g, ' ')
      .trim(),
  ]
    .slice(0, MAX_NAME_CHARS)
    .join('');
}

/** "Plan.pdf", then "Plan (2).pdf". */
function unique(name: string, others: readonly OwnFile[]): string {
  const taken = new Set(others.map((one) => one.name.toLowerCase()));
  const dot = name.lastIndexOf('.');
  const [stem, end] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  let next = name;
  for (let number = 2; taken.has(next.toLowerCase()); number += 1)
    next = `${stem} (${number})${end}`;
  return next;
}
