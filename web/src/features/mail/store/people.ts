import type { Container } from '../container/index.ts';
import type { Address, EmailHead } from '../model.ts';
import { isAddress } from './draft.ts';
import { type Jmap, list, object, resultOf, text } from './jmap.ts';
import type { Kept } from './kept.ts';
import type { MailNet } from './net.ts';
import { OWN } from './writing.ts';

type Records = Pick<Container['records'], 'get' | 'put'>;

/** The most people that are remembered, and the most messages that are looked through for them. */
export const MAX_PEOPLE = 2_000;
const MAX_LEARNT = 3_000;
const PORTION = 250;
const MAX_NAME_LENGTH = 200;
/** Whoever types does not wait longer for those that the server knows. */
const SERVER_MS = 800;
const MIN_ASKED_LETTERS = 2;
const TURN = 'fernamt-mail-people';
const PRINCIPALS = 'urn:ietf:params:jmap:principals';

type Known = { name: string | null; email: string; wrote: number; got: number; atMs: number };
type Stored = { upToMs: number; all: Known[] };

/** Whom one wrote to and heard from, kept in the container alone; beside them, those that the server knows. */
export class People {
  readonly #records: Records;
  readonly #jmap: Jmap;
  readonly #kept: Kept;
  readonly #net: MailNet;

  constructor({ records }: { records: Records }, jmap: Jmap, kept: Kept, net: MailNet) {
    this.#records = records;
    this.#jmap = jmap;
    this.#kept = kept;
    this.#net = net;
  }

  /** Those with all of these words in their name or address, the likeliest first. */
  async find(words: string, limit: number, online: boolean): Promise<Address[]> {
    const wanted = wordsOf(words);
    const asked = online && words.trim().length >= MIN_ASKED_LETTERS;
    const [known, told] = await Promise.all([this.#learn(), asked ? this.#ask(words, limit) : []]);
    const own = known
      .filter((one) => fits(one, wanted))
      .sort((one, other) => weight(other) - weight(one) || other.atMs - one.atMs);
    const all = new Map<string, Address>();
    for (const { name, email } of [...own, ...told]) {
      const key = email.toLowerCase();
      if (!all.has(key)) all.set(key, { name, email });
    }
    return [...all.values()].slice(0, limit);
  }

  /** Reads who stands in what came since it was last asked. */
  #learn(): Promise<Known[]> {
    return this.#net.turns(TURN, 'exclusive', async () => {
      const stored = (await this.#records.get(OWN, 'people'))?.value as Stored | undefined;
      const { upToMs, all } = stored ?? { upToMs: 0, all: [] };
      const fresh = [...this.#kept.base.ids()]
        .flatMap((id) => this.#kept.base.get(id) ?? [])
        .filter(({ atMs }) => atMs > upToMs)
        .sort((one, other) => other.atMs - one.atMs)
        .slice(0, MAX_LEARNT);
      const [newest] = fresh;
      if (!newest) return all;
      const known = new Map(all.map((one) => [one.email.toLowerCase(), one]));
      for (let at = 0; at < fresh.length; at += PORTION) {
        const ids = fresh.slice(at, at + PORTION).map(({ id }) => id);
        for (const head of (await this.#kept.baseHeads(ids)).values()) this.#note(known, head);
      }
      const kept = [...known.values()]
        .sort((one, other) => weight(other) - weight(one) || other.atMs - one.atMs)
        .slice(0, MAX_PEOPLE);
      await this.#records.put(OWN, 'people', { upToMs: newest.atMs, all: kept });
      return kept;
    });
  }

  #note(known: Map<string, Known>, head: EmailHead): void {
    const own = new Set(this.#kept.folders.identities.map(({ email }) => email.toLowerCase()));
    const ownWords = head.from.some(({ email }) => own.has(email.toLowerCase()));
    const unwanted = [this.#kept.roleId('junk'), this.#kept.roleId('trash')];
    if (head.draft || head.mailboxIds.every((id) => unwanted.includes(id))) return;
    const people = ownWords ? [...head.to, ...head.cc, ...head.bcc] : head.from;
    for (const { name, email } of people) {
      const key = email.toLowerCase();
      if (own.has(key) || !isAddress(email)) continue;
      const before = known.get(key) ?? { name: null, email, wrote: 0, got: 0, atMs: 0 };
      known.set(key, {
        name: before.name ?? (name?.slice(0, MAX_NAME_LENGTH) || null),
        email: before.email,
        wrote: before.wrote + (ownWords ? 1 : 0),
        got: before.got + (ownWords ? 0 : 1),
        atMs: Math.max(before.atMs, head.receivedAtMs),
      });
    }
  }

  /** People of the house (RFC 9670, section 2), where the server tells of them and answers soon. */
  async #ask(words: string, limit: number): Promise<Address[]> {
    const waited = new Promise<Address[]>((resolve) => {
      this.#net.clock.after(SERVER_MS, () => resolve([]));
    });
    return Promise.race([this.#askServer(words, limit).catch(() => []), waited]);
  }

  async #askServer(words: string, limit: number): Promise<Address[]> {
    const { principals: accountId } = await this.#jmap.session();
    if (accountId === '') return [];
    const answers = await this.#jmap.call(
      [
        ['Principal/query', { accountId, filter: { text: words.trim() }, limit }],
        [
          'Principal/get',
          {
            accountId,
            '#ids': resultOf(0, 'Principal/query', '/ids'),
            properties: ['id', 'name', 'email'],
          },
        ],
      ],
      [PRINCIPALS],
    );
    return list(answers.of(1).list)
      .map(object)
      .map(({ name, email }) => ({ name: text(name) || null, email: text(email) }))
      .filter(({ email }) => isAddress(email));
  }
}

/** Whom one wrote to counts for more than whoever wrote. */
function weight({ wrote, got }: Known): number {
  return Math.min(wrote, 50) * 4 + Math.min(got, 20);
}

function fits({ name, email }: Known, wanted: string[]): boolean {
  const there = [...wordsOf(name ?? ''), ...wordsOf(email), email.toLowerCase()];
  return wanted.every((word) => there.some((one) => one.startsWith(word)));
}

function wordsOf(words: string): string[] {
  return words
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[\s,.@<>"'()_-]+/)
    .filter((word) => word !== '');
}
