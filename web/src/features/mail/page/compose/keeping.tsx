import { Trans } from '@lingui/react/macro';
import { Alert } from '../../../../ui/notice.tsx';
import type { Elsewhere } from '../../model.ts';
import { timeOf } from '../words.ts';
import type { Keeping } from './use-draft.ts';

/** The same draft was open in another tab or on another device, and more became of it there. */
export function ToldElsewhere({ elsewhere: { sent, draft } }: { elsewhere: Elsewhere }) {
  return (
    <Alert
      tone="warning"
      live="assertive"
      title={
        sent ? (
          <Trans>Diese Nachricht wurde schon in einem anderen Fenster gesendet</Trans>
        ) : (
          <Trans>Dieser Entwurf wurde in einem anderen Fenster geändert oder gelöscht</Trans>
        )
      }
    >
      <p>
        {draft === null ? (
          <Trans>Hier steht derselbe Text. Sie können das Fenster schließen.</Trans>
        ) : sent ? (
          <Trans>
            Was hier anders ist, liegt jetzt als neuer Entwurf vor. Senden Sie ihn nur, wenn er
            zusätzlich hinausgehen soll.
          </Trans>
        ) : (
          <Trans>Ihr Text liegt jetzt als eigener Entwurf vor; nichts davon ist verloren.</Trans>
        )}
      </p>
    </Alert>
  );
}

/** Whether what is typed is kept. */
export function KeepingText({ keeping }: { keeping: Keeping }) {
  return (
    <span className="fa-muted fa-small fa-write__keeping" role="status">
      {keeping.state === 'kept' && <Trans>Entwurf gespeichert, {timeOf(keeping.atMs)}</Trans>}
      {keeping.state === 'keeping' && <Trans>Wird gespeichert …</Trans>}
      {keeping.state === 'failed' && (
        <span className="fa-write__failed">
          <Trans>Entwurf nicht gespeichert</Trans>
        </span>
      )}
    </span>
  );
}
