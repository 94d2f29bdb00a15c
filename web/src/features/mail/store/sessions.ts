import {
  MAIL_RIGHTS,
  type MailAccount,
  MailFault,
  type MailRight,
  type PictureFlow,
} from '../model.ts';
import { list, number, type Obj, object, text } from './obj.ts';

export const CORE = 'urn:ietf:params:jmap:core';
export const MAIL = 'urn:ietf:params:jmap:mail';
export const SUBMISSION = 'urn:ietf:params:jmap:submission';
export const PRINCIPALS = 'urn:ietf:params:jmap:principals';
export const THREADWORK = 'urn:fernamt:params:jmap:threadwork';
const PICTURES = 'urn:fernamt:params:jmap:pictures';
const DELIVERY = 'urn:fernamt:params:jmap:delivery';
const ABSENCE = 'urn:fernamt:params:jmap:absence';
const DELEGATION = 'urn:fernamt:params:jmap:delegation';

/** What this client asks for at most, whatever a server grants. */
const MOST = { calls: 32, get: 500, set: 500, uploadBytes: 50_000_000 };
/** Mailboxes of one person; more are left out. */
export const MAX_ACCOUNTS = 100;

export type ToldAccount = Pick<
  MailAccount,
  'id' | 'kind' | 'name' | 'address' | 'rights' | 'without'
> & {
  /** For how long the server holds a message back at most. */
  maxHoldS: number;
  /** Whether its mail leaves the house. */
  outside: boolean;
};

/** What the server tells of itself, as far as it matters here. */
export type ToldSession = {
  /** The own mailbox. */
  account: string;
  accounts: ToldAccount[];
  /** Who the person is among others; null where the server does not say. */
  principal: string | null;
  /** What the server can do, by the names of capabilities. */
  features: string[];
  pictures: PictureFlow;
  limits: { calls: number; get: number; set: number; uploadBytes: number };
  eventSourceUrl: string;
  state: string;
};

/** The session (RFC 8620, section 2): asked once, and again when the server says that it is another one. */
export class Sessions {
  readonly #ask: () => Promise<Obj>;
  readonly #watchers = new Set<(told: ToldSession) => void>();
  #session: Promise<ToldSession> | undefined;
  #told: ToldSession | undefined;
  /** The state that was asked for last because an answer named it: it is not asked for again. */
  #askedFor = '';

  constructor(ask: () => Promise<Obj>) {
    this.#ask = ask;
  }

  /** Calls back with every session that the server tells. */
  onTold(call: (told: ToldSession) => void): void {
    this.#watchers.add(call);
  }

  /** Which pictures from elsewhere the server fetches, as it said last. */
  get pictures(): PictureFlow {
    return this.#told?.pictures ?? 'none';
  }

  get(): Promise<ToldSession> {
    return this.#session ?? this.refresh();
  }

  /** Asks anew; what was told before holds until there is an answer. */
  refresh(): Promise<ToldSession> {
    const asked = this.#ask().then((answer) => {
      const told = sessionOf(answer);
      this.#told = told;
      for (const call of this.#watchers) call(told);
      return told;
    });
    const before = this.#told;
    const held: Promise<ToldSession> = asked.catch((error: unknown) => {
      if (this.#session === held) this.#session = before && Promise.resolve(before);
      throw error;
    });
    this.#session = held;
    return held;
  }

  /** An answer named this state of the session. */
  heard(state: string): void {
    if (state === '' || !this.#told || state === this.#told.state) return;
    if (state === this.#askedFor) return;
    this.#askedFor = state;
    this.refresh().catch(() => undefined);
  }
}

function sessionOf(told: Obj): ToldSession {
  const account = text(object(told.primaryAccounts)[MAIL]);
  if (account === '') throw new MailFault('refused', 'no mail account is open to this person');
  const capabilities = object(told.capabilities);
  const core = object(capabilities[CORE]);
  const all = object(told.accounts);
  const least = (name: string, most: number) => Math.min(number(core[name]) || most, most);
  const own = object(object(object(all[account]).accountCapabilities)[PRINCIPALS]);
  const others = Object.keys(all).filter((id) => id !== account);
  return {
    account,
    accounts: [account, ...others]
      .slice(0, MAX_ACCOUNTS)
      .map((id) => accountOf(id, object(all[id]), id === account)),
    principal: text(own.currentUserPrincipalId) || null,
    features: Object.keys(capabilities),
    pictures: picturesOf(capabilities[PICTURES]),
    limits: {
      calls: least('maxCallsInRequest', MOST.calls),
      get: least('maxObjectsInGet', MOST.get),
      set: least('maxObjectsInSet', MOST.set),
      uploadBytes: least('maxSizeUpload', MOST.uploadBytes),
    },
    eventSourceUrl: text(told.eventSourceUrl),
    state: text(told.state),
  };
}

function picturesOf(told: unknown): PictureFlow {
  if (told === undefined) return 'none';
  return object(told).unencrypted === true ? 'all' : 'encrypted';
}

function accountOf(id: string, told: Obj, isOwn: boolean): ToldAccount {
  const capabilities = object(told.accountCapabilities);
  const delegation = object(capabilities[DELEGATION]);
  const { maxDelayedSend } = object(capabilities[SUBMISSION]);
  const said = list<string>(delegation.rights);
  const granted = MAIL_RIGHTS.filter((right) => said.includes(right));
  const without = [
    ...(delegation.mayShare === false ? (['sharing'] as const) : []),
    ...(object(capabilities[ABSENCE]).mayEnable === false ? (['absence'] as const) : []),
  ];
  return {
    id,
    kind: isOwn ? 'own' : delegation.kind === 'functional' ? 'functional' : 'person',
    name: text(told.name),
    address: text(delegation.address),
    rights: isOwn ? [...MAIL_RIGHTS] : granted.length > 0 ? granted : plain(told, capabilities),
    ...(without.length > 0 && { without }),
    maxHoldS: number(maxDelayedSend),
    outside: object(capabilities[DELIVERY]).outside === true,
  };
}

/** A server that knows nothing of these rights says as much of them. */
function plain(told: Obj, capabilities: Obj): MailRight[] {
  if (told.isReadOnly !== false) return ['read'];
  return SUBMISSION in capabilities ? ['read', 'write', 'send_as'] : ['read', 'write'];
}
