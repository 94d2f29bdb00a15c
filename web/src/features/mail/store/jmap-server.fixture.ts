import type { MailRight } from '../model.ts';
import { ADA, FakeAccount } from './jmap-account.fixture.ts';
import { FakeDelegates, type FakePerson, PEOPLE, principals } from './jmap-people.fixture.ts';
import { SETTINGS_ARGUMENTS } from './jmap-settings.fixture.ts';
import { ARGUMENTS, json, Refusal, resolve, sessionOf } from './jmap-shapes.fixture.ts';
import type { Obj } from './obj.ts';

/**
 * A JMAP server in memory, a fake: it answers in the shapes of crates/mail, refuses arguments that it does not know, and
 * changes states in the same steps. It is the own mailbox of the person at the other end, and has others that are shared
 * with them.
 */
export class FakeJmapServer extends FakeAccount {
  readonly others = new Map<string, FakeAccount>();
  readonly people: FakePerson[] = [...PEOPLE];
  readonly delegates = new FakeDelegates(this.people);
  readonly requests: string[][] = [];
  signedIn = true;
  /** The session's state: another one with each mailbox that is opened or closed, and with each right. */
  session = 0;
  /** Requests that are still under way while nobody waits for them any more. */
  readonly late: [path: string, init?: RequestInit][] = [];
  readonly #clock: () => number;

  constructor(now: () => number) {
    super(now);
    this.#clock = now;
  }

  /** Another mailbox is opened to the person, or what may be done in it becomes other. */
  share(
    id: string,
    rights: MailRight[],
    given: { name?: string; kind?: FakeAccount['kind'] } = {},
  ) {
    const name = given.name ?? 'Bürgerbüro';
    const identity = { ...ADA, name, email: `${id}@amt.example` };
    const account = this.others.get(id) ?? new FakeAccount(this.#clock, id, identity);
    Object.assign(account, { rights, kind: given.kind ?? account.kind });
    this.others.set(id, account);
    this.session += 1;
    return account;
  }

  /** It is closed to the person; what is in it stays. */
  unshare(id: string): void {
    this.others.delete(id);
    this.session += 1;
  }

  /** What the house's scanner says of a file: nothing, or a refusal. */
  scanner: (bytes: Uint8Array) => Response | null = () => null;

  /** Whether pictures that messages show from elsewhere are fetched. */
  fetches = false;
  fetchesUnencrypted = false;
  /** What is found at such an address, and what was asked for, by message. */
  pictures: (url: string) => Response = () => json({ code: 'picture_unavailable' }, 422);
  readonly askedPictures: [account: string, email: string, url: string][] = [];

  #picture(account: string, init: RequestInit): Response {
    if (!this.fetches) return json({ code: 'pictures_off' }, 403);
    const { email, url } = JSON.parse(String(init.body)) as { email: string; url: string };
    this.askedPictures.push([account, email, url]);
    if (!this.openAccount(account)?.emails.has(email)) return json({ code: 'not_found' }, 404);
    return this.pictures(url);
  }

  openAccount(id: string): FakeAccount | undefined {
    return id === this.account ? this : this.others.get(id);
  }

  async takeLate(): Promise<void> {
    const [late] = this.late.splice(0, 1);
    // Whoever sent it hears nothing of it, not even of the server's end.
    if (late) await this.fetch(...late).catch(() => undefined);
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    if (!this.signedIn) return json({ code: 'signed_out', detail: 'sign in' }, 401);
    if (path === '/jmap/session') return json(sessionOf([this, ...this.others.values()], this));
    const [, way, id, blob] =
      /^\/jmap\/(upload|download)\/([^/]+)(?:\/([^/]+)\/)?/.exec(path) ?? [];
    const account = id === undefined ? undefined : this.openAccount(id);
    if (account && way === 'upload') {
      const bytes = new Uint8Array(await new Response(init.body).arrayBuffer());
      const bad = this.scanner(bytes);
      if (bad) return bad;
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
      const blobId = `B${Buffer.from(digest).toString('hex')}`;
      account.blobs.set(blobId, bytes);
      return json({ accountId: id, blobId, type: 'x/y', size: bytes.length }, 201);
    }
    if (account) {
      const bytes = account.blobs.get(blob ?? '');
      if (!bytes) return json({ code: 'not_found' }, 404);
      return this.scanner(bytes) ?? new Response(bytes);
    }
    const [, pictured] = /^\/api\/v1\/mail\/accounts\/([^/]+)\/pictures$/.exec(path) ?? [];
    if (pictured !== undefined) return this.#picture(pictured, init);
    const delegates = this.delegates.answer(path, init);
    if (delegates) return delegates;
    if (path !== '/jmap/api') return json({ code: 'not_found' }, 404);
    return this.#api(JSON.parse(String(init.body)) as { methodCalls: [string, Obj, string][] });
  }

  #api({ methodCalls }: { methodCalls: [string, Obj, string][] }): Response {
    if (methodCalls.length > 32) return json({ detail: 'maxCallsInRequest' }, 400);
    this.requests.push(methodCalls.map(([name]) => name));
    const answered: [string, Obj, string][] = [];
    const created = new Map<string, string>();
    for (const [name, given, call] of methodCalls) {
      if (this.killAfter !== null) {
        if (this.killAfter === 0) {
          this.killAfter = null;
          throw new TypeError('the server was killed');
        }
        this.killAfter -= 1;
      }
      try {
        const resolved = resolve(given, answered);
        const methods = { ...ARGUMENTS, ...SETTINGS_ARGUMENTS };
        const known = [...(methods[name] ?? []), 'accountId'];
        const account = this.openAccount(String(resolved.accountId));
        if (!(name in methods)) throw new Refusal('unknownMethod');
        const unknown = Object.keys(resolved).find((one) => !known.includes(one));
        if (unknown) throw new Refusal('invalidArguments', `unknown field ${unknown}`);
        if (!account) throw new Refusal('accountNotFound');
        const answers: [string, Obj][] = name.startsWith('Principal/')
          ? [[name, principals(name, resolved, this.people, account)]]
          : account.call(name, resolved, created);
        for (const [other, answer] of answers) answered.push([other, answer, call]);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        answered.push(['error', { type: error.type, description: error.message }, call]);
      }
    }
    return json({ methodResponses: answered, sessionState: `s${this.session}` });
  }
}
