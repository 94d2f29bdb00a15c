import { showPost, tellOfMail } from '../push/push-events.ts';
import { type Shell, ShellCache } from './shell-cache.ts';

/** Put here by `build/post-app.ts` once the names of all files are known. */
declare const __POST_SHELL__: Shell;

/** As much of a service worker's events as is used here; TypeScript knows either pages or workers. */
type Lasting = Event & { waitUntil(work: Promise<unknown>): void };
type Fetched = Lasting & { request: Request; respondWith(answer: Promise<Response>): void };
type Pushed = Lasting & { data: { json(): unknown } | null };
type Pressed = Lasting & { notification: Notification };
type Worker = {
  addEventListener(name: 'install' | 'activate' | 'message', call: (event: Lasting) => void): void;
  addEventListener(name: 'fetch', call: (event: Fetched) => void): void;
  addEventListener(name: 'push', call: (event: Pushed) => void): void;
  addEventListener(name: 'notificationclick', call: (event: Pressed) => void): void;
  skipWaiting(): Promise<void>;
  registration: Parameters<typeof tellOfMail>[0];
  clients: { claim(): Promise<void> } & Parameters<typeof showPost>[0];
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

worker.addEventListener('push', (event) => {
  const said = () => event.data?.json();
  event.waitUntil(tellOfMail(worker.registration, said, navigator.languages));
});

worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(showPost(worker.clients));
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
