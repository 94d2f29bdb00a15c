/** Whether the server answers. Everything that fetches reports here; the banner listens. */
type LineState = 'up' | 'down';

let state: LineState = 'up';
let probing: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();
const PROBE_MS = 4_000;

/** The line's state, for `useSyncExternalStore`. */
export const line = {
  get: () => state,
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

/** An answer came, whatever it said. */
export function lineAnswered(): void {
  set('up');
}

/** A request got no answer. From now on the server is asked until it answers. */
export function lineFailed(): void {
  set('down');
  if (!probing) probing = setTimeout(probe, PROBE_MS);
}

async function probe(): Promise<void> {
  probing = undefined;
  try {
    await fetch('/api/v1/sign-in/challenge', { cache: 'no-store' });
    set('up');
  } catch {
    probing = setTimeout(probe, PROBE_MS);
  }
}

function set(next: LineState): void {
  if (state === next) return;
  state = next;
  for (const listener of listeners) listener();
}

window.addEventListener('offline', lineFailed);
window.addEventListener('online', () => {
  clearTimeout(probing);
  void probe();
});
