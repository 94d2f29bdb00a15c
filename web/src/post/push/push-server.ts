import type { Schema } from '../../api/client.ts';
import type { SyncTimes } from '../../features/mail/store/sync-times.ts';
import type { Locale } from '../../i18n/index.ts';

const ADDRESS = '/api/v1/mail/push';
const PATIENCE_MS = 20_000;

/** What the server says of a device: whether it may be told, by which key, and until when it is. */
export type PushStanding = { isAllowed: boolean; key: string; until: string | null };

/** Where a browser is told. */
export type PushPlace = { endpoint: string; p256dh: string; auth: string };

/** Why the server did not take a device. */
export type PushRefusal = 'off' | 'not_named' | 'too_many' | 'no_line' | 'unexpected';

export class PushRefused extends Error {
  readonly why: PushRefusal;

  constructor(why: PushRefusal) {
    super(why);
    this.why = why;
  }
}

/** The server's side of notices while the page is closed. Everything refuses with `PushRefused`. */
export const pushServer = {
  async standing(): Promise<PushStanding> {
    return standingIn(await asked('GET'));
  },

  async subscribe(place: PushPlace, times: SyncTimes, language: Locale): Promise<void> {
    await asked('PUT', {
      ...place,
      language,
      from_minute: times.fromMin,
      to_minute: times.toMin,
      weekends: times.weekends,
      time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      without: times.without,
    });
  },

  async unsubscribe(): Promise<void> {
    await asked('DELETE');
  },
};

export type PushServer = typeof pushServer;

async function asked(method: string, body?: Schema<'SubscribePush'>): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(ADDRESS, {
      method,
      cache: 'no-store',
      // A line that answers nothing for so long is none.
      signal: AbortSignal.timeout(PATIENCE_MS),
      // Who is not signed in is told so; the sign-in's page would be no answer.
      redirect: 'error',
      ...(body && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
  } catch {
    throw new PushRefused('no_line');
  }
  if (response.ok) return response;
  const said = (await response.json().catch(() => null)) as { code?: unknown } | null;
  if (said?.code === 'push_off' || said?.code === 'phones_refused') throw new PushRefused('off');
  if (said?.code === 'push_service_not_named') throw new PushRefused('not_named');
  if (said?.code === 'too_many') throw new PushRefused('too_many');
  // A proxy in front says these while the server behind it is away.
  throw new PushRefused([502, 503, 504].includes(response.status) ? 'no_line' : 'unexpected');
}

async function standingIn(response: Response): Promise<PushStanding> {
  const said = (await response.json().catch(() => null)) as Partial<Schema<'MailPush'>> | null;
  if (typeof said?.enabled !== 'boolean' || typeof said.server_key !== 'string') {
    throw new PushRefused('unexpected');
  }
  return { isAllowed: said.enabled, key: said.server_key, until: said.until ?? null };
}
