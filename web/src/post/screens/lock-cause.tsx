import { Trans } from '@lingui/react/macro';
import type { LockCause } from '../../features/mail/container/index.ts';

/** Why it is locked, for whoever comes back and wonders; nothing on a fresh page. */
export function LockCauseText({ cause }: { cause: LockCause | null }) {
  if (!cause) return null;
  return <p>{sentenceOf(cause)}</p>;
}

function sentenceOf(cause: LockCause) {
  switch (cause) {
    case 'asked':
      return <Trans>Sie haben die Post gesperrt.</Trans>;
    case 'elsewhere':
      return <Trans>Die Post wurde in einem anderen Fenster oder Tab gesperrt.</Trans>;
    case 'idle':
      return <Trans>Die Post hat sich gesperrt, weil Sie eine Weile nichts getan haben.</Trans>;
    case 'over':
      return <Trans>Die Post hat sich gesperrt, weil die Zeit ohne Verbindung zu Ende ist.</Trans>;
    case 'left':
      return <Trans>Die Post hat sich gesperrt, als der Browser diese Seite angehalten hat.</Trans>;
  }
}
