import { type Shell, ShellCache } from './shell-cache.ts';

/** Put here by `build/post-app.ts` once the names of all files are known. */
declare const __POST_SHELL__: Shell;

/** As much of a service worker's events as is used here; TypeScript knows either pages or workers. */
type Lasting = Event & { waitUntil(work: Promise<unknown>): void };
type Fetched = Lasting & { request: Request; respondWith(answer: Promise<Response>): void };
type Worker = {
  addEventListener(name: 'install' | 'activate' | 'message', call: (event: Lasting) => void): void;
  addEventListener(name: 'fetch', call: (event: Fetched) => void): void;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
};

const worker = self as unknown as Worker;
const shell = new ShellCache(
  __POST_SHELL__,
  caches,
  (request) => fetch(request),
  self.location.origin,
);

// Tabs of the build before go on with its files, which are kept; nobody is made to reload.
worker.addEventListener('install', (event) => {
  event.waitUntil(shell.fill().then(() => worker.skipWaiting()));
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(shell.tidy().then(() => worker.clients.claim()));
});

// The page deleted everything that was kept, with its container.
worker.addEventListener('message', (event) => {
  event.waitUntil(shell.mend());
});

worker.addEventListener('fetch', (event) => {
  const answer = shell.answer(event.request);
  if (!answer) return;
  event.respondWith(answer);
  // Not kept whole, and no line: the next visit tries again.
  if (event.request.mode === 'navigate') {
    event.waitUntil(answer.then(() => shell.mend()).catch(() => undefined));
  }
});
