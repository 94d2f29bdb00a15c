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
