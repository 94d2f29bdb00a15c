import { MailFault } from '../model.ts';
import type { MailNet } from './net.ts';
import { list, type Obj, object, text } from './obj.ts';
import {
  CORE,
  MAIL,
  PRINCIPALS,
  Sessions,
  SUBMISSION,
  THREADWORK,
  type ToldSession,
} from './sessions.ts';

export { list, number, type Obj, object, resultOf, text } from './obj.ts';

export type Call = [name: string, given: Obj];

/** What the server tells of one mailbox, as far as it matters here. */
export type JmapSession = Pick<ToldSession, 'limits' | 'eventSourceUrl' | 'features'> & {
  account: string;
  maxHoldS: number;
  /** Whether mail of the account leaves the house. */
  outside: boolean;
  /** The account that tells of people of the house (RFC 9670); empty where none does. */
  principals: string;
};

/** One call was refused (RFC 8620, section 3.6.2). `type` is the server's word. */
export class MethodFault extends Error {
  readonly type: string;
  readonly description: string;

  constructor(type: string, description: string) {
    super(description === '' ? type : `${type}: ${description}`);
    this.name = 'MethodFault';
    this.type = type;
    this.description = description;
  }
}

/** The answers to one request, by the number of the call. */
export class Answers {
  readonly #responses: [string, Obj, string][];

  constructor(responses: [string, Obj, string][]) {
    this.#responses = responses;
  }

  /** What a call answered; throws {@link MethodFault} where it was refused. */
  of(call: number): Obj {
    const found = this.#responses.find(([, , id]) => id === String(call));
    if (!found) throw new MailFault('offline', 'the server left a call without an answer');
    const [name, answer] = found;
    if (name === 'error') throw new MethodFault(text(answer.type), text(answer.description));
    return answer;
  }

  /** The same; nothing where what it is about is not open to the person in this mailbox. */
  open(call: number): Obj {
    try {
      return this.of(call);
    } catch (error) {
      if (!isNotOpen(error)) throw error;
      return {};
    }
  }

  /** What followed from a call by itself, such as the change of a message that was handed in. */
  after(call: number): Obj | undefined {
    const all = this.#responses.filter(([name, , id]) => id === String(call) && name !== 'error');
    return all[1]?.[1];
  }
}

/** Senders and sendings are open only to those who may send. */
export function isNotOpen(error: unknown): boolean {
  return error instanceof MethodFault && error.type === 'accountNotSupportedByMethod';
}

/** What the server is asked for this person, whichever mailbox it is about. */
export function sessionsOf(net: MailNet): Sessions {
  return new Sessions(() => askJson(net, '/jmap/session'));
}

/** A small JMAP client (RFC 8620) for one mailbox: requests of several calls, raw bytes up and down. */
export class Jmap {
  readonly #net: MailNet;
  readonly #sessions: Sessions;
  readonly #account: string | null;

  /** Without an account it is the own one. */
  constructor(net: MailNet, sessions = sessionsOf(net), account: string | null = null) {
    this.#net = net;
    this.#sessions = sessions;
    this.#account = account;
  }

  get isOwn(): boolean {
    return this.#account === null;
  }

  async session(): Promise<JmapSession> {
    const told = await this.#sessions.get();
    const account = told.accounts.find(({ id }) => id === (this.#account ?? told.account));
    if (!account) throw new MailFault('closed');
    const { limits, eventSourceUrl, features } = told;
    return {
      account: account.id,
      maxHoldS: account.maxHoldS,
      limits,
      eventSourceUrl,
      features,
      outside: account.outside,
      principals: features.includes(PRINCIPALS) ? account.id : '',
    };
  }

  /** Calls these methods in their order, in one request, `using` more than mail. The account is filled in. */
  async call(calls: Call[], using: string[] = []): Promise<Answers> {
    const { account, features } = await this.session();
    const methodCalls = calls.map(([name, given], index) => [
      name,
      { accountId: account, ...given },
      String(index),
    ]);
    const known = [PRINCIPALS, THREADWORK].filter((one) => features.includes(one));
    const all = [...new Set([CORE, MAIL, SUBMISSION, ...known, ...using])];
    const answer = await askJson(this.#net, '/jmap/api', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ using: all, methodCalls }),
    });
    const responses = answer.methodResponses;
    if (!Array.isArray(responses)) throw new MailFault('offline', 'this is no answer of JMAP');
    const closed = responses.some(
      (one) => list<unknown>(one)[0] === 'error' && typeOf(one) === 'accountNotFound',
    );
    if (closed) {
      // Before anything that waits for this mailbox is taken for refused.
      this.#sessions.refresh().catch(() => undefined);
      throw new MailFault('closed');
    }
    this.#sessions.heard(text(answer.sessionState));
    return new Answers(responses as [string, Obj, string][]);
  }

  /** One call alone. */
  async one(name: string, given: Obj): Promise<Obj> {
    return (await this.call([[name, given]])).of(0);
  }

  /** Brings bytes to the server; says what it calls them. */
  async upload(bytes: Uint8Array<ArrayBuffer>, type: string): Promise<string> {
    const { account, limits } = await this.session();
    if (bytes.length > limits.uploadBytes) {
      throw new MailFault('too_large', `at most ${limits.uploadBytes} bytes`);
    }
    const answer = await askJson(this.#net, `/jmap/upload/${encodeURIComponent(account)}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: bytes,
    });
    return text(answer.blobId);
  }

  async download(blobId: string): Promise<Uint8Array<ArrayBuffer>> {
    const { account } = await this.session();
    const path = [account, blobId, 'attachment'].map(encodeURIComponent).join('/');
    const response = await ask(this.#net, `/jmap/download/${path}`);
    return new Uint8Array(await response.arrayBuffer().catch(broken));
  }

  /** A picture from elsewhere that a message shows, which the server fetches; the bytes are kept nowhere. */
  async picture(
    emailId: string,
    url: string,
    over?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { account } = await this.session();
    const path = `/api/v1/mail/accounts/${encodeURIComponent(account)}/pictures`;
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: emailId, url }),
      ...(over && { signal: over }),
    };
    const response = await ask(this.#net, path, init, pictureKindOf);
    return new Uint8Array(await response.arrayBuffer().catch(broken));
  }
}

function typeOf(response: unknown): string {
  return text(object(list(response)[1]).type);
}

/** Asks this server for JSON; tells what went wrong as a {@link MailFault}. */
export async function askJson(net: MailNet, path: string, init?: RequestInit): Promise<Obj> {
  const response = await ask(net, path, init);
  const told: unknown = await response.json().catch(broken);
  return typeof told === 'object' && told !== null ? (told as Obj) : {};
}

/** The same for whatever it answers. */
export async function ask(
  net: MailNet,
  path: string,
  init?: RequestInit,
  kind = kindOf,
): Promise<Response> {
  const response = await net.fetch(path, init).catch(broken);
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as Obj;
  const detail = text(problem.detail) || text(problem.code) || `HTTP ${response.status}`;
  throw new MailFault(kind(response.status, text(problem.code)), detail);
}

/** Nobody knows whether the server got it. */
function broken(error: unknown): never {
  throw new MailFault('offline', error instanceof Error ? error.message : null);
}

function kindOf(status: number, code: string): MailFault['kind'] {
  if (code === 'malware_found') return 'malware';
  if (code === 'not_scanned') return 'not_scanned';
  if (status === 401) return 'signed_out';
  if (status === 404) return 'not_found';
  if (status === 413) return 'too_large';
  // Busy, or down: later it may go.
  return status === 429 || status >= 500 ? 'offline' : 'refused';
}

/** The same of a picture from elsewhere, where more matters than that it does not come. */
function pictureKindOf(status: number, code: string): MailFault['kind'] {
  switch (code) {
    case 'pictures_busy':
      return 'busy';
    case 'pictures_spent':
      return 'spent';
    case 'scanner_unavailable':
      return 'unscanned';
    case 'picture_address':
    case 'picture_not_in_message':
    case 'picture_unencrypted':
      return 'excluded';
    default:
      return kindOf(status, code);
  }
}

/** Parts of at most so many. */
export function* portions<T>(all: T[], most: number): Generator<T[]> {
  for (let at = 0; at < all.length; at += most) yield all.slice(at, at + most);
}
