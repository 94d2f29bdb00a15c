import type { Obj } from './jmap.ts';
import { nothingDone, Refusal } from './jmap-shapes.fixture.ts';

/** The arguments that each of these methods knows. */
export const SETTINGS_ARGUMENTS: Record<string, string[]> = {
  'Identity/set': ['ifInState', 'create', 'update', 'destroy'],
  'VacationResponse/get': ['ids', 'properties'],
  'VacationResponse/set': ['ifInState', 'update'],
  'Principal/query': ['filter', 'limit'],
  'Principal/get': ['ids', 'properties'],
};

/** What beside messages and folders belongs to an account, a fake. */
export class FakeSettings {
  readonly identity: { id: string; name: string; email: string; textSignature: string };
  readonly vacation: Obj = {
    id: 'singleton',
    isEnabled: false,
    fromDate: null,
    toDate: null,
    subject: null,
    textBody: null,
    htmlBody: null,
    isEnabledOutside: true,
    textBodyOutside: null,
  };
  vacationState = 1;
  /** Whether mail leaves the house; null: nothing is said of it. */
  outside: boolean | null = null;
  /** People of the house; null: nobody tells of them. */
  principals: Obj[] | null = null;

  constructor(identity = { id: 'idn-1', name: 'Ada Amt', email: 'ada@amt.example' }) {
    this.identity = { ...identity, textSignature: '' };
  }

  /** The session with what this adds to it. */
  session(session: Obj, account: string): Obj {
    const accounts = session.accounts as Record<string, { accountCapabilities: Obj }>;
    if (this.outside !== null) {
      const capabilities = accounts[account]?.accountCapabilities ?? {};
      capabilities['urn:fernamt:params:jmap:delivery'] = { outside: this.outside };
    }
    if (this.principals) {
      (session.primaryAccounts as Obj)['urn:ietf:params:jmap:principals'] = account;
    }
    return session;
  }

  call(name: string, given: Obj, account: string): Obj {
    switch (name) {
      case 'Identity/set': {
        const { [this.identity.id]: patch } = given.update as Record<string, Obj>;
        Object.assign(this.identity, patch);
        return { ...nothingDone(account, 1), updated: { [this.identity.id]: null } };
      }
      case 'VacationResponse/get':
        return {
          accountId: account,
          state: String(this.vacationState),
          list: [{ ...this.vacation }],
          notFound: [],
        };
      case 'VacationResponse/set': {
        const { singleton: patch = {} } = given.update as Record<string, Obj>;
        const { fromDate, toDate } = patch;
        const done = nothingDone(account, 1);
        if (fromDate && toDate && String(toDate) <= String(fromDate)) {
          const description = 'it lies before fromDate';
          return { ...done, notUpdated: { singleton: { type: 'invalidProperties', description } } };
        }
        Object.assign(this.vacation, patch);
        return { ...done, updated: { singleton: null } };
      }
      case 'Principal/query': {
        const word = String((given.filter as Obj).text).toLowerCase();
        const fits = ({ name: title, email }: Obj) =>
          `${title} ${email}`.toLowerCase().includes(word);
        const ids = (this.principals ?? []).filter(fits).map(({ id }) => id);
        return { accountId: account, queryState: '1', position: 0, ids };
      }
      case 'Principal/get': {
        const ids = given.ids as string[];
        const found = (this.principals ?? []).filter(({ id }) => ids.includes(String(id)));
        return { accountId: account, state: '1', list: found, notFound: [] };
      }
      default:
        throw new Refusal('unknownMethod');
    }
  }
}
