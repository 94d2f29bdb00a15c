import { dataUrlOf } from '../data-url.ts';
import { isDrawable, pixelsOf } from '../pixels.ts';
import { LIMITS, Unreadable } from './limits.ts';
import type { Remarks } from './shown.ts';
import type { Zip } from './zip.ts';

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** A text as it stands in HTML. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => ENTITIES[char] ?? char);
}

/** Gathers blocks of HTML into parts that a browser draws at once. */
export class Pages {
  readonly #parts: string[] = [];
  #blocks: string[] = [];
  #chars = 0;
  #tags = 0;
  isFull = false;

  /** A whole block, such as a paragraph or a table. */
  add(block: string): void {
    if (this.isFull) return;
    const tags = block.split('<').length;
    if (this.#chars + block.length > LIMITS.partChars || this.#tags + tags > LIMITS.partTags) {
      this.#turn();
    }
    // One that is too large for a part by itself is shown as far as it goes.
    if (block.length > LIMITS.partChars || tags > LIMITS.partTags) {
      this.isFull = true;
      return;
    }
    this.#blocks.push(block);
    this.#chars += block.length;
    this.#tags += tags;
  }

  all(): string[] {
    if (this.#blocks.length > 0) this.#turn();
    return this.#parts;
  }

  #turn(): void {
    if (this.#blocks.length > 0) this.#parts.push(this.#blocks.join('\n'));
    [this.#blocks, this.#chars, this.#tags] = [[], 0, 0];
    if (this.#parts.length >= LIMITS.parts) this.isFull = true;
  }
}

/** The pictures of a document, as far as they are shown. */
export class Pictures {
  readonly all = new Map<string, string>();
  readonly #zip: Zip;
  readonly #remarks: Remarks;
  #left: number = LIMITS.picturesBytes;

  constructor(zip: Zip, remarks: Remarks) {
    this.#zip = zip;
    this.#remarks = remarks;
  }

  /** The picture in this part of the file as HTML. */
  async add(part: string, text: string): Promise<string> {
    const known = this.all.has(part);
    if (!known && !(await this.#take(part))) {
      this.#remarks.add('pictures');
      return `<i>[${escaped(text || part.slice(part.lastIndexOf('/') + 1))}]</i>`;
    }
    return `<img src="cid:${encodeURIComponent(part)}" alt="${escaped(text)}">`;
  }

  async #take(part: string): Promise<boolean> {
    if (this.all.size >= LIMITS.pictures) return false;
    const most = Math.min(LIMITS.pictureBytes, this.#left);
    const bytes = await this.#zip.read(part, most).catch((error: unknown) => {
      if (error instanceof Unreadable) return undefined;
      throw error;
    });
    const pixels = bytes ? pixelsOf(bytes) : null;
    if (!bytes || !isDrawable(pixels) || pixels.type === 'image/avif') return false;
    this.#left -= bytes.length;
    this.all.set(part, dataUrlOf(pixels.type, bytes));
    return true;
  }
}
