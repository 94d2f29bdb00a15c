import type { EmailHead, Page, ThreadHead } from '../model.ts';
import { type Jmap, list } from './jmap.ts';
import type { Kept } from './kept.ts';
import type { Row } from './rows.ts';
import type { Shelf } from './shelf.ts';
import { emailsOfThread, type Sync } from './sync.ts';

/** The most threads of one page, and the most words of one search. */
export const MAX_PAGE = 200;
const MAX_WORDS = 20;
/** Hits of a search on this device that are looked at: several may be of one thread. */
const MAX_HITS = 2_000;

/** Lists of threads: from this device, and where there is a line from the server for what is not here. */
export class Lists {
  readonly #shelf: Shelf;
  readonly #jmap: Jmap;
  readonly #kept: Kept;
  readonly #sync: Sync;

  constructor(shelf: Shelf, jmap: Jmap, kept: Kept, sync: Sync) {
    this.#shelf = shelf;
    this.#jmap = jmap;
    this.#kept = kept;
    this.#sync = sync;
  }

  /** Threads of a folder, newest first; older ones are read where `online`. */
  async ofMailbox(
    mailbox: string,
    skip: number,
    limit: number,
    online: boolean,
  ): Promise<Page<ThreadHead>> {
    const most = Math.min(limit, MAX_PAGE);
    let asks = online;
    for (;;) {
      // Behind the horizon there are gaps. Without a line they are better than nothing.
      const fromMs = asks ? this.#sync.horizonMs(mailbox) : 0;
      const rows = this.#threads(this.#kept.shown.inMailbox(mailbox), fromMs, skip + most + 1);
      if (rows.length > skip + most || !asks || fromMs <= 0) {
        const items = await this.#heads(rows.slice(skip, skip + most));
        return { items, more: rows.length > skip + most };
      }
      asks = await this.#sync.readOlder(mailbox).then(
        () => true,
        () => false,
      );
    }
  }

  /** Threads with all of these words, on the server. */
  async onServer(words: string, mailbox: string | null, limit: number): Promise<Page<ThreadHead>> {
    const wanted = words
      .replaceAll('"', ' ')
      .split(/\s+/)
      .filter((word) => word !== '');
    if (wanted.length === 0) return { items: [], more: false };
    const text = wanted.slice(0, MAX_WORDS).join(' ');
    const most = Math.min(limit, MAX_PAGE);
    const found = await this.#jmap.one('Email/query', {
      filter: mailbox === null ? { text } : { text, inMailbox: mailbox },
      sort: [{ property: 'receivedAt', isAscending: false }],
      collapseThreads: true,
      limit: most + 1,
    });
    const ids = list<string>(found.ids);
    await this.#sync.readHeads(ids);
    const rows = ids.slice(0, most).flatMap((id) => this.#kept.shown.get(id) ?? []);
    return { items: await this.#heads(rows), more: ids.length > most };
  }

  /** Threads with all of these words, on this device. */
  async here(words: string, mailbox: string | null, limit: number): Promise<Page<ThreadHead>> {
    const most = Math.min(limit, MAX_PAGE);
    const hits = await this.#shelf.search.search(words, MAX_HITS);
    const found = hits.ids
      .flatMap((id) => this.#kept.shown.get(id) ?? [])
      .filter(({ boxes }) => mailbox === null || boxes.includes(mailbox));
    const rows = this.#threads(found, 0, most + 1);
    return { items: await this.#heads(rows.slice(0, most)), more: rows.length > most };
  }

  /** All messages of a thread, oldest first. */
  async thread(thread: string, online: boolean): Promise<EmailHead[]> {
    // Older messages than what is kept may belong to it.
    if (online && this.#kept.meta.horizonMs > 0) {
      await emailsOfThread(this.#jmap, thread)
        .then((ids) => this.#sync.readHeads(ids))
        .catch(() => undefined);
    }
    const rows = this.#kept.shown.inThread(thread);
    const heads = await this.#kept.heads(rows.map(({ id }) => id));
    return heads.sort(
      (one, other) => one.receivedAtMs - other.receivedAtMs || (one.id < other.id ? -1 : 1),
    );
  }

  /** Of each thread the first row, until there are so many. */
  #threads(rows: readonly Row[], fromMs: number, most: number): Row[] {
    const seen = new Set<string>();
    const found: Row[] = [];
    for (const row of rows) {
      if (found.length >= most || row.atMs < fromMs) break;
      if (seen.has(row.thread)) continue;
      seen.add(row.thread);
      found.push(row);
    }
    return found;
  }

  async #heads(rows: Row[]): Promise<ThreadHead[]> {
    const heads = await this.#kept.heads(rows.map(({ id }) => id));
    return heads.map((newest) => {
      const all = this.#kept.shown.inThread(newest.threadId);
      return {
        id: newest.threadId,
        newest,
        emailCount: Math.max(1, all.length),
        unreadCount: all.filter(({ seen }) => !seen).length,
        flagged: all.some(({ flagged }) => flagged),
      };
    });
  }
}
