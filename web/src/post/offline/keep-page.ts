import { ownScript } from '../../app/own-script.ts';

const ADDRESS = '/service-worker.js';
/** A server that says nothing for so long is out of reach. */
const PATIENCE_MS = 20_000;

/** Lets the page open without a line. A browser that refuses (a private window) shows it with a line only. */
export function startKeepingPage(): void {
  if (import.meta.env.DEV || !('serviceWorker' in navigator)) return;
  const register = () =>
    navigator.serviceWorker
      .register(ownScript(ADDRESS), { scope: '/', updateViaCache: 'none' })
      .catch(() => undefined);
  // What the page itself needs comes first.
  if (document.readyState === 'complete') void register();
  else window.addEventListener('load', () => void register(), { once: true });
}

/** After everything in the browser's caches was deleted. */
export function keepPageAgain(): void {
  navigator.serviceWorker?.controller?.postMessage('fill');
}

/**
 * Loads the server's page in place of the one that this browser keeps. Says `false`, and leaves that as it is, where the
 * server does not answer with its page: no line, a proxy in its place, a network that wants somebody to sign in.
 */
export async function renewPage(): Promise<boolean> {
  const asked = { cache: 'no-store', credentials: 'omit', redirect: 'error' } as const;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const answer = await fetch('/', { ...asked, signal }).catch(() => undefined);
  const page = answer?.ok ? await answer.text().catch(() => '') : '';
  if (!/name="build" content="[0-9a-f]{64}"/.test(page)) return false;
  if ('caches' in globalThis) {
    await Promise.all((await caches.keys()).map((name) => caches.delete(name)));
  }
  // It stays registered: notices of new mail hang on it.
  const worker = await navigator.serviceWorker?.getRegistration();
  await worker?.update().catch(() => undefined);
  location.reload();
  return true;
}
