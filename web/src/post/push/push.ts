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
/** What became of a wish. */
export type PushOutcome = 'done' | 'denied' | 'unsupported' | 'no_service' | PushRefusal;

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

  constructor(browser: PushBrowser = ownBrowser, server: PushServer = pushServer) {
    this.#browser = browser;
    this.#server = server;
  }

  async state(): Promise<PushState> {
    if (!(await this.#browser.keeper())) return 'unsupported';
    if (this.#browser.permission() === 'denied') return 'denied';
    try {
      return (await this.#server.standing()).isAllowed ? 'possible' : 'off';
    } catch {
      return 'unknown';
    }
  }

  /** Has the server know what the person wants from now on. Nobody is asked for a permission here. */
  async keep(times: SyncTimes): Promise<PushOutcome> {
    try {
      return times.push ? await this.#begin(times) : await this.#end();
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
    const place = await placeFor(keeper, key);
    await this.#server.subscribe(place, times, this.#browser.language());
    return 'done';
  }

  async #end(): Promise<PushOutcome> {
    // The server first: what it knows no more it tells nobody.
    await this.#server.unsubscribe();
    const keeper = await this.#browser.keeper();
    await (await keeper?.getSubscription())?.unsubscribe();
    return 'done';
  }
}

/** Where this browser is told by a server with this key. */
async function placeFor(keeper: Keeper, key: string): Promise<PushPlace> {
  const applicationServerKey = bytesIn(key);
  const before = await keeper.getSubscription();
  const isSame = before && sameBytes(before.options.applicationServerKey, applicationServerKey);
  if (before && !isSame) await before.unsubscribe();
  const options = { userVisibleOnly: true, applicationServerKey };
  const subscription = isSame ? before : await keeper.subscribe(options);
  const { endpoint, keys } = subscription.toJSON();
  const { p256dh, auth } = keys ?? {};
  if (!endpoint || !p256dh || !auth) throw new Error('the browser names no place');
  return { endpoint, p256dh, auth };
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
