import { useLingui } from '@lingui/react/macro';
import { type ReactNode, useSyncExternalStore } from 'react';
import { IconButton } from './button.tsx';
import * as icons from './icons/index.ts';
import { Alert, type Tone } from './notice.tsx';

type Toast = { id: number; tone: Tone; title: string; detail?: string | undefined };

/** What stays until it is closed; more at once push out the oldest. */
const MAX_FAULTS = 2;
const SHOWN_MS = 6_000;

let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function publish(next: readonly Toast[]) {
  toasts = next;
  for (const listener of listeners) listener();
}

function dismiss(id: number) {
  publish(toasts.filter((toast) => toast.id !== id));
}

/**
 * Says that something is done, in a corner and to readers. The latest news replaces the one before,
 * so that they never pile up over the page; errors stay until they are closed. What the person must
 * act on belongs on the page instead.
 */
export function announce(tone: Tone, title: string, detail?: string) {
  const toast = { id: nextId++, tone, title, detail };
  const faults = toasts.filter((shown) => shown.tone === 'danger');
  publish([...faults.slice(tone === 'danger' ? 1 - MAX_FAULTS : -MAX_FAULTS), toast]);
  if (tone !== 'danger') setTimeout(() => dismiss(toast.id), SHOWN_MS);
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The one permanent status region; stands once in the app. */
export function StatusRegion(): ReactNode {
  const { t } = useLingui();
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <div
      className="fa-toasts fa-noprint"
      role="status"
      aria-live="polite"
      aria-atomic="false"
      // Else it were hidden from readers as long as a dialog is open.
      data-react-aria-top-layer
    >
      {shown.map((toast) => (
        <Alert
          key={toast.id}
          tone={toast.tone}
          title={
            <span className="fa-toast__row">
              <span className="fa-grow">{toast.title}</span>
              <IconButton
                label={t`Meldung schließen`}
                icon={icons.iconClose}
                onPress={() => dismiss(toast.id)}
              />
            </span>
          }
        >
          {toast.detail && <p>{toast.detail}</p>}
        </Alert>
      ))}
    </div>
  );
}
