import { SHARE_BYTES, type ShareKeeper } from '../features/mail/container/index.ts';
import { type Refusal, Refused } from './refusal.ts';
import { bytesOf, type Standing, standingOf } from './standing.ts';

const ADDRESS = '/api/v1/container';
const PATIENCE_MS = 20_000;
/** A server that says nothing of how long gets this much. */
const DEFAULT_WAIT_S = 5;
const MAX_WAIT_S = 60 * 60;

/** The container's side of the server. Everything refuses with `Refused`. */
export interface ContainerServer {
  standing(): Promise<Standing>;
  /** A new share for this device; `replace` forgets the one before, and with it what that one closed. */
  newShare(replace: boolean): Promise<Uint8Array>;
  releaseShare(): Promise<Uint8Array>;
  /** The person read these terms of use here and agrees. */
  acceptTerms(version: string): Promise<void>;
  /** The container is open, and has changed so often. */
  opened(generation: number): Promise<void>;
  forgetShare(): Promise<void>;
}

/** The server that this page came from. */
export const containerServer: ContainerServer = {
  async standing() {
    const standing = standingOf(await (await asked('GET', '')).json().catch(() => null));
    return standing ?? unexpected('GET /api/v1/container answered in another form');
  },
  newShare: async (replace) => shareIn(await asked('POST', '/share', { replace })),
  releaseShare: async () => shareIn(await asked('POST', '/share/release', {})),
  async acceptTerms(version) {
    await asked('POST', '/terms', { version });
  },
  async opened(generation) {
    await asked('POST', '/opened', { generation });
  },
  async forgetShare() {
    await asked('DELETE', '/share');
  },
};

/** Gives the share that the server keeps, and tells it how far the container is. */
export function keeperOf(
  server: ContainerServer,
  generation: () => Promise<number>,
  release: () => Promise<Uint8Array> = () => server.releaseShare(),
): ShareKeeper {
  return { release, opened: async () => server.opened(await generation()) };
}

async function asked(method: string, path: string, body?: unknown): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`${ADDRESS}${path}`, {
      method,
      cache: 'no-store',
      // A line that answers nothing for so long is none.
      signal: AbortSignal.timeout(PATIENCE_MS),
      // Who is not signed in is told so; the sign-in's page would be no answer.
      redirect: 'error',
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
  } catch {
    throw new Refused({ kind: 'no_line' });
  }
  if (response.ok) return response;
  throw new Refused(await refusalIn(response));
}

type Problem = { code?: unknown; params?: Record<string, unknown> };

async function refusalIn(response: Response): Promise<Refusal> {
  const { status, headers } = response;
  const said = (await response.json().catch(() => null)) as Problem | null;
  const code = typeof said?.code === 'string' ? said.code : `status ${status}`;
  // A proxy in front says these while the server behind it is away.
  if (status === 502 || status === 503 || status === 504) return { kind: 'no_line' };
  if (status === 401) return { kind: 'signed_out' };
  if (status === 429) return { kind: 'wait', seconds: secondsOf(headers.get('retry-after')) };
  switch (code) {
    case 'device_pending':
      return { kind: 'device', is: 'pending' };
    case 'device_suspended':
      return { kind: 'device', is: 'suspended' };
    case 'device_blocked':
      return { kind: 'device', is: 'blocked' };
    case 'phones_refused':
      return { kind: 'device', is: 'phone' };
    case 'sign_in_not_fresh':
      return { kind: 'not_fresh' };
    case 'container_terms_open':
    case 'container_terms_changed':
      return { kind: 'terms' };
    case 'too_many_containers':
      return { kind: 'too_many', most: countOf(said?.params?.most) };
    case 'no_licence_left':
      return { kind: 'no_licence', licences: countOf(said?.params?.licences) };
    case 'browser_too_old':
      return {
        kind: 'too_old',
        browser: String(said?.params?.browser ?? ''),
        least: countOf(said?.params?.least),
      };
    case 'container_share_missing':
      return { kind: 'no_share' };
    case 'container_share_exists':
      return { kind: 'share_exists' };
    case 'container_disk_older':
      return { kind: 'defect', defect: 'older_disk' };
    default:
      return { kind: 'unexpected', detail: code };
  }
}

async function shareIn(response: Response): Promise<Uint8Array> {
  const { share } = ((await response.json().catch(() => null)) ?? {}) as { share?: unknown };
  const bytes = bytesOf(share);
  return bytes?.length === SHARE_BYTES ? bytes : unexpected('the share has another length');
}

function countOf(said: unknown): number {
  const count = Number(said);
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

function secondsOf(said: string | null): number {
  const seconds = Number(said ?? Number.NaN);
  if (!Number.isFinite(seconds) || seconds < 0) return DEFAULT_WAIT_S;
  return Math.min(Math.ceil(seconds), MAX_WAIT_S);
}

function unexpected(detail: string): never {
  throw new Refused({ kind: 'unexpected', detail });
}
