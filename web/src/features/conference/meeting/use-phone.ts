import { useSyncExternalStore } from 'react';

const query = '(max-width: 767px)';

/** Whether there is only as much room as on a phone. */
export function usePhone(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const phone = window.matchMedia(query);
      phone.addEventListener('change', listener);
      return () => phone.removeEventListener('change', listener);
    },
    () => window.matchMedia(query).matches,
  );
}
