import { Trans } from '@lingui/react/macro';
import { useSyncExternalStore } from 'react';
import { line } from '../api/line.ts';
import { Icon, icons } from '../ui/icon.tsx';

/** Says that the line is down, and that nothing needs to be done. The region is always there. */
export function LineBanner() {
  const state = useSyncExternalStore(line.subscribe, line.get);
  return (
    <div role="status">
      {state === 'down' && (
        <div className="fa-banner">
          <Icon of={icons.iconWifiOff} size="small" />
          <span>
            <Trans>
              Die Verbindung ist unterbrochen. Es geht von selbst weiter, sobald sie wieder da ist.
            </Trans>
          </span>
        </div>
      )}
    </div>
  );
}
