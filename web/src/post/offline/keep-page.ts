import { ownScript } from '../../app/own-script.ts';

const ADDRESS = '/service-worker.js';

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

/** Loads the server's page in place of the one that this browser keeps. Without a line the kept one stays. */
export async function renewPage(): Promise<void> {
  try {
    await fetch('/', { cache: 'no-store', credentials: 'omit', redirect: 'manual' });
  } catch {
    return;
  }
  if ('caches' in globalThis) {
    await Promise.all((await caches.keys()).map((name) => caches.delete(name)));
  }
  // It stays registered: notices of new mail hang on it.
  const worker = await navigator.serviceWorker?.getRegistration();
  await worker?.update().catch(() => undefined);
  location.reload();
}
