import { MailFault } from '../model.ts';
import type { MailNet } from './net.ts';

export type Obj = { [name: string]: unknown };
export type Call = [name: string, given: Obj];

const CORE = 'urn:ietf:params:jmap:core';
const MAIL = 'urn:ietf:params:jmap:mail';
const SUBMISSION = 'urn:ietf:params:jmap:submission';
const DELIVERY = 'urn:fernamt:params:jmap:delivery';
const PRINCIPALS = 'urn:ietf:params:jmap:principals';

/** What this client asks for at most, whatever a server grants. */
const MOST = { calls: 32, get: 500, set: 500, uploadBytes: 50_000_000 };

/** What the server tells of itself, as far as it matters here. */
export type JmapSession = {
  account: string;
  limits: { calls: number; get: number; set: number; uploadBytes: number };
  /** For how long the server holds a message back at most. */
  maxHoldS: number;
  eventSourceUrl: string;
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

  /** What followed from a call by itself, such as the change of a message that was handed in. */
  after(call: number): Obj | undefined {
    const all = this.#responses.filter(([name, , id]) => id === String(call) && name !== 'error');
    return all[1]?.[1];
  }
}

/** A small JMAP client (RFC 8620): requests of several calls, raw bytes up and down. */
export class Jmap {
  readonly #net: MailNet;
  #session: Promise<JmapSession> | undefined;

  constructor(net: MailNet) {
    this.#net = net;
  }

  session(): Promise<JmapSession> {
    this.#session ??= this.#askSession().catch((error: unknown) => {
      this.#session = undefined;
      throw error;
    });
    return this.#session;
  }

  /** Calls these methods in their order, in one request. The account is filled in. */
  async call(calls: Call[], using: string[] = []): Promise<Answers> {
    const { account } = await this.session();
    const methodCalls = calls.map(([name, given], index) => [
      name,
      { accountId: account, ...given },
      String(index),
    ]);
    const answer = await this.#json('/jmap/api', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ using: [CORE, MAIL, SUBMISSION, ...using], methodCalls }),
    });
    const responses = answer.methodResponses;
    if (!Array.isArray(responses)) throw new MailFault('offline', 'this is no answer of JMAP');
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
    const answer = await this.#json(`/jmap/upload/${encodeURIComponent(account)}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: bytes,
    });
    return text(answer.blobId);
  }

  async download(blobId: string): Promise<Uint8Array<ArrayBuffer>> {
    const { account } = await this.session();
    const path = [account, blobId, 'attachment'].map(encodeURIComponent).join('/');
    const response = await this.#ask(`/jmap/download/${path}`);
    return new Uint8Array(await response.arrayBuffer().catch(broken));
  }

  async #askSession(): Promise<JmapSession> {
    const told = await this.#json('/jmap/session');
    const account = text((told.primaryAccounts as Obj | undefined)?.[MAIL]);
    if (account === '') throw new MailFault('refused', 'no mail account is open to this person');
    const core = ((told.capabilities as Obj | undefined)?.[CORE] ?? {}) as Obj;
    const own = ((told.accounts as Obj | undefined)?.[account] ?? {}) as Obj;
    const capabilities = object(own.accountCapabilities);
    const submission = object(capabilities[SUBMISSION]);
    const least = (name: string, most: number) => Math.min(number(core[name]) || most, most);
    return {
      account,
      limits: {
        calls: least('maxCallsInRequest', MOST.calls),
        get: least('maxObjectsInGet', MOST.get),
        set: least('maxObjectsInSet', MOST.set),
        uploadBytes: least('maxSizeUpload', MOST.uploadBytes),
      },
      maxHoldS: number(submission.maxDelayedSend),
      eventSourceUrl: text(told.eventSourceUrl),
      outside: object(capabilities[DELIVERY]).outside === true,
      principals: text((told.primaryAccounts as Obj | undefined)?.[PRINCIPALS]),
    };
  }

  async #json(path: string, init?: RequestInit): Promise<Obj> {
    const response = await this.#ask(path, init);
    const told: unknown = await response.json().catch(broken);
    return typeof told === 'object' && told !== null ? (told as Obj) : {};
  }

  async #ask(path: string, init?: RequestInit): Promise<Response> {
    const response = await this.#net.fetch(path, init).catch(broken);
    if (response.ok) return response;
    const problem = (await response.json().catch(() => ({}))) as Obj;
    const detail = text(problem.detail) || text(problem.code) || `HTTP ${response.status}`;
    throw new MailFault(kindOf(response.status), detail);
  }
}

/** Nobody knows whether the server got it. */
function broken(error: unknown): never {
  throw new MailFault('offline', error instanceof Error ? error.message : null);
}

function kindOf(status: number): MailFault['kind'] {
  if (status === 401) return 'signed_out';
  if (status === 404) return 'not_found';
  if (status === 413) return 'too_large';
  // Busy, or down: later it may go.
  return status === 429 || status >= 500 ? 'offline' : 'refused';
}

/** Refers to what an earlier call of the same request answered (RFC 8620, section 3.7). */
export function resultOf(call: number, name: string, path: string): Obj {
  return { resultOf: String(call), name, path };
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

export function list<T = Obj>(value: unknown): T[] {
  return Array.isArray(value) ? (value as T[]) : [];
}

export function object(value: unknown): Obj {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Obj) : {};
}

/** Parts of at most so many. */
export function* portions<T>(all: T[], most: number): Generator<T[]> {
  for (let at = 0; at < all.length; at += most) yield all.slice(at, at + most);
}
