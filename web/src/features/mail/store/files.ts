import { isFault, streamOf } from '../container/index.ts';
import { MailFault } from '../model.ts';
import { newBlob, printOf } from './draft.ts';
import type { Jmap } from './jmap.ts';
import type { Kept } from './kept.ts';
import type { MailNet } from './net.ts';
import { isWrite, type KeptDraft, MAX_WAITING_BYTES, newBytes } from './queue.ts';
import type { Shelf } from './shelf.ts';
import { OWN } from './writing.ts';

/** The most bytes of attachments on this device. */
export const MAX_KEPT_BYTES = 400_000_000;
/** Nobody's draft lies open longer with an attachment that waits for nothing else. */
const NEW_STAYS_MS = 24 * 60 * 60_000;
const TURN = 'fernamt-mail-files';

type Noted = { [blob: string]: { sizeBytes: number; usedAtMs: number } };

/** Attachments on this device: those that were opened, and those that wait to be brought to the server. */
export class Files {
  readonly #shelf: Shelf;
  readonly #kept: Kept;
  readonly #jmap: Jmap;
  readonly #net: MailNet;
  readonly #maxBytes: number;

  constructor(shelf: Shelf, kept: Kept, jmap: Jmap, net: MailNet, maxBytes = MAX_KEPT_BYTES) {
    this.#shelf = shelf;
    this.#kept = kept;
    this.#jmap = jmap;
    this.#net = net;
    this.#maxBytes = maxBytes;
  }

  /** An attachment's bytes: from this device, else from the server, and from then on from here. */
  async read(blobId: string): Promise<Uint8Array<ArrayBuffer>> {
    const here = await this.#here(blobId);
    if (here) return here;
    if (printOf(blobId) !== null)
      throw new MailFault('not_found', 'it is no longer on this device');
    const bytes = await this.#jmap.download(blobId);
    await this.#keep(blobId, bytes).catch((error: unknown) => {
      // Without room it is shown all the same, and fetched again the next time.
      if (!isFault(error, 'quota') && !isFault(error, 'too_large')) throw error;
    });
    return bytes;
  }

  /** Keeps a new attachment until the server has it; says what it is called here. */
  async add(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
    const waiting = this.#kept.ops.filter(isWrite).reduce((sum, op) => sum + newBytes(op.draft), 0);
    if (waiting + bytes.length > MAX_WAITING_BYTES) {
      throw new MailFault('queue_full', `at most ${MAX_WAITING_BYTES} bytes wait for the server`);
    }
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    const print = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
    await this.#keep(newBlob(print), bytes);
    return print;
  }

  /** Brings a draft's new attachments to the server; by their print, what it calls them. */
  async upload({ attachments }: KeptDraft): Promise<Map<string, string>> {
    const blobs = new Map<string, string>();
    for (const one of attachments) {
      if (one.kind === 'kept' || blobs.has(one.print)) continue;
      const bytes = await this.#here(newBlob(one.print));
      if (!bytes) throw new MailFault('not_found', 'an attachment is no longer on this device');
      blobs.set(one.print, await this.#jmap.upload(bytes, 'application/octet-stream'));
    }
    return blobs;
  }

  async #here(blobId: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const stream = await this.#shelf.blobs.read(blobId);
    return stream && new Uint8Array(await new Response(stream).arrayBuffer());
  }

  #keep(blobId: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#net.turns(TURN, 'exclusive', async () => {
      const { records, blobs } = this.#shelf;
      const noted = ((await records.get(OWN, 'files'))?.value ?? {}) as Noted;
      const there = blobId in noted && (await blobs.size(blobId)) === bytes.length;
      noted[blobId] = { sizeBytes: bytes.length, usedAtMs: this.#net.clock.now() };
      const gone = this.#tooMuch(noted, blobId);
      for (const old of gone) delete noted[old];
      // What is not noted would never be removed: it is noted before it is there, and gone before it is forgotten.
      for (const old of gone) await blobs.remove(old);
      await records.put(OWN, 'files', noted);
      if (!there) await blobs.write(blobId, streamOf(bytes));
    });
  }

  /** What has to go, so that no more is kept than may be: what was used longest ago. */
  #tooMuch(noted: Noted, added: string): string[] {
    const waiting = new Set(
      this.#kept.ops
        .filter(isWrite)
        .flatMap(({ draft }) => draft.attachments)
        .map((one) => (one.kind === 'new' ? newBlob(one.print) : one.attachment.blobId)),
    );
    const before = this.#net.clock.now() - NEW_STAYS_MS;
    let bytes = Object.values(noted).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const gone: string[] = [];
    const oldest = Object.entries(noted).sort(
      ([, one], [, other]) => one.usedAtMs - other.usedAtMs,
    );
    for (const [blobId, { sizeBytes, usedAtMs }] of oldest) {
      if (bytes <= this.#maxBytes) break;
      const stays = printOf(blobId) !== null && usedAtMs > before;
      if (blobId === added || waiting.has(blobId) || stays) continue;
      gone.push(blobId);
      bytes -= sizeBytes;
    }
    return gone;
  }
}
