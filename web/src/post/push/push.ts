import type { SyncTimes } from '../../features/mail/store/sync-times.ts';
import { type Locale, locale } from '../../i18n/index.ts';
import {
  type PushPlace,
  type PushRefusal,
  PushRefused,
  type PushServer,
  pushServer,
} from './push-server.ts';

/** What there is of it on this device: whether it can be had, and if not, why. */
export type PushState = 'possible' | 'unsupported' | 'denied' | 'off' | 'unknown';
/** The same, and until when the server tells this device. */
export type PushLook = { state: PushState; until: string | null };
/** What became of a wish. */
export type PushOutcome = 'done' | 'denied' | 'unsupported' | 'no_service' | PushRefusal;

/** What may go better by itself: the server, the way to it, or the browser's push service is away for a while. */
const PASSING: PushOutcome[] = ['no_line', 'no_service', 'unexpected'];

type Keeper = {
  getSubscription(): Promise<PushSubscription | null>;
  subscribe(options: PushSubscriptionOptionsInit): Promise<PushSubscription>;
};

/** As much of the browser as is used. */
export type PushBrowser = {
  /** Who is woken by the push service; none in a private window, and where there is no such service. */
  keeper(): Promise<Keeper | null>;
  permission(): NotificationPermission;
  language(): Locale;
};

/** Notices of new mail while the page is closed: by the browser's push service, if the administration allows it. */
export class Push {
  readonly #browser: PushBrowser;
  readonly #server: PushServer;
  /** What is wanted by now. */
  #wish: SyncTimes | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(browser: PushBrowser = ownBrowser, server: PushServer = pushServer) {
    this.#browser = browser;
    this.#server = server;
  }

  async look(): Promise<PushLook> {
    const standing = await this.#server.standing().catch(() => null);
    const until = standing?.until ?? null;
    // What the administration does not allow nobody needs to prepare their browser for.
    if (standing && !standing.isAllowed) return { state: 'off', until };
    if (!(await this.#browser.keeper())) return { state: 'unsupported', until };
    if (this.#browser.permission() === 'denied') return { state: 'denied', until };
    return { state: standing ? 'possible' : 'unknown', until };
  }

  /**
   * Has the server know what was wanted when the mail was opened, and again when the line may be back if there was none or
   * a fault that may pass. What the person chooses meanwhile goes before. Returns how to stop.
   */
  keepOn(times: () => SyncTimes, onWake: (call: () => void) => () => void): () => void {
    let own: SyncTimes | undefined;
    let isMissed = times().push;
    const tryIt = async () => {
      if (!isMissed || this.#wish !== own) return;
      isMissed = false;
      own = { ...times() };
      isMissed = PASSING.includes(await this.keep(own));
    };
    void tryIt();
    return onWake(() => void tryIt());
  }

  /**
   * Has the server know what the person wants from now on; the last wish holds. Nobody is asked for a permission here.
   */
  async keep(times: SyncTimes): Promise<PushOutcome> {
    this.#wish = times;
    try {
      return times.push ? await this.#begin(times) : await this.#end(times);
    } catch (error) {
      if (error instanceof PushRefused) return error.why;
      // The push service of the browser cannot be reached, or it has none after all.
      return 'no_service';
    }
  }

  async #begin(times: SyncTimes): Promise<PushOutcome> {
    const keeper = await this.#browser.keeper();
    if (!keeper) return 'unsupported';
    if (this.#browser.permission() !== 'granted') return 'denied';
    const { isAllowed, key } = await this.#server.standing();
    if (!isAllowed) return 'off';
    const place = await inTime(placeFor(keeper, key), (late) => this.#giveUp(times, late));
    return this.#inTurn(async () => {
      if (this.#wish !== times) {
        await this.#giveUp(times, place);
        return 'done';
      }
      try {
        await this.#server.subscribe(place.told, times, this.#browser.language());
      } catch (error) {
        const why = error instanceof PushRefused ? error.why : 'unexpected';
        // The house does not want it: then its push service need not know it either.
        if (why !== 'no_line' && why !== 'unexpected') await place.subscription.unsubscribe();
        throw error;
      }
      return 'done';
    });
  }

  async #end(times: SyncTimes): Promise<PushOutcome> {
    // The server first: what it knows no more it tells nobody.
    return this.#inTurn(async () => {
      if (this.#wish !== times) return 'done';
      await this.#server.unsubscribe();
      const keeper = await this.#browser.keeper();
      await (await keeper?.getSubscription())?.unsubscribe();
      return 'done';
    });
  }

  /** A place that was found too late: if nobody wants one any more, it goes. */
  async #giveUp(times: SyncTimes, { subscription }: Found): Promise<void> {
    if (this.#wish !== times && !this.#wish?.push) await subscription.unsubscribe();
  }

  /** What is said to the server is said in the order in which it was wanted. */
  #inTurn(say: () => Promise<PushOutcome>): Promise<PushOutcome> {
    const said = this.#turn.then(say);
    this.#turn = said.catch(() => undefined);
    return said;
  }
}

/** How long a push service may take to name a place. */
const PATIENCE_MS = 30_000;

type Found = { subscription: PushSubscription; told: PushPlace };

/** What is found in time; what comes later is handed on. */
function inTime(finding: Promise<Found>, late: (found: Found) => Promise<void>): Promise<Found> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      reject(new Error('the push service names no place'));
    }, PATIENCE_MS);
    finding.then(
      (found) => {
        clearTimeout(timer);
        if (isOver) void late(found).catch(() => undefined);
        else resolve(found);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

/** Where this browser is told by a server with this key. */
async function placeFor(keeper: Keeper, key: string): Promise<Found> {
  const applicationServerKey = bytesIn(key);
  const before = await keeper.getSubscription();
  const isSame = before && sameBytes(before.options.applicationServerKey, applicationServerKey);
  if (before && !isSame) await before.unsubscribe();
  const options = { userVisibleOnly: true, applicationServerKey };
  const subscription = isSame ? before : await keeper.subscribe(options);
  const { endpoint, keys } = subscription.toJSON();
  const { p256dh, auth } = keys ?? {};
  if (!endpoint || !p256dh || !auth) throw new Error('the browser names no place');
  return { subscription, told: { endpoint, p256dh, auth } };
}

function bytesIn(base64url: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

function sameBytes(one: ArrayBuffer | null, other: Uint8Array): boolean {
  const bytes = new Uint8Array(one ?? new ArrayBuffer(0));
  return bytes.length === other.length && bytes.every((byte, place) => byte === other[place]);
}

const ownBrowser: PushBrowser = {
  async keeper() {
    if (!('PushManager' in globalThis) || !('Notification' in globalThis)) return null;
    const registration = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
    return registration?.pushManager ?? null;
  },
  permission: () => Notification.permission,
  language: locale,
};
