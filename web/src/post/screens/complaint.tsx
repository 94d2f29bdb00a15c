import { Plural, Trans } from '@lingui/react/macro';
import { type ReactNode, useEffect, useState } from 'react';
import { Alert } from '../../ui/notice.tsx';
import type { Complaint } from '../state.ts';

const SECOND_MS = 1_000;

/** What went wrong with the last attempt, other than a wrong passphrase: that stands beside its field. */
export function ComplaintAlert({ complaint, left = 0 }: { complaint: Complaint; left?: number }) {
  const said = wordsFor(complaint, left);
  return (
    said && (
      <Alert tone={said.tone} live="assertive" title={said.what}>
        <p>{said.next}</p>
      </Alert>
    )
  );
}

type Said = { tone: 'danger' | 'warning'; what: ReactNode; next: ReactNode };

function wordsFor(complaint: Complaint, left: number): Said | null {
  switch (complaint.kind) {
    case 'wrong_passphrase':
      return null;
    case 'wait':
      if (left === 0) return null;
      return {
        tone: 'warning',
        what: <Trans>Zu viele Versuche hintereinander</Trans>,
        next: (
          <span aria-live="off">
            <Plural
              value={left}
              one="In einer Sekunde können Sie es noch einmal versuchen."
              other="In # Sekunden können Sie es noch einmal versuchen."
            />
          </span>
        ),
      };
    case 'no_line':
      return {
        tone: 'warning',
        what: <Trans>Der Server ist gerade nicht erreichbar</Trans>,
        next: <Trans>Prüfen Sie die Verbindung und versuchen Sie es noch einmal.</Trans>,
      };
    case 'too_many': {
      const { most } = complaint;
      return {
        tone: 'warning',
        what: <Trans>Sie haben schon auf genug Geräten einen Container</Trans>,
        next: (
          <Trans>
            Erlaubt sind {most}. Löschen Sie einen auf einem anderen Gerät, oder bitten Sie Ihre
            Leitstelle darum.
          </Trans>
        ),
      };
    }
    case 'no_licence':
      return {
        tone: 'warning',
        what: <Trans>Für die Sicherheits-App ist keine Lizenz mehr frei</Trans>,
        next: (
          <Trans>
            Jedes Telefon mit Post braucht eine. Bitten Sie Ihre Leitstelle, eine freizumachen, und
            versuchen Sie es dann noch einmal.
          </Trans>
        ),
      };
    case 'too_old': {
      const { browser, least } = complaint;
      return {
        tone: 'warning',
        what: <Trans>Dieser Browser ist Ihrer Verwaltung zu alt</Trans>,
        next: browser ? (
          <Trans>
            Er meldet sich als {browser}, verlangt ist mindestens Version {least}. Aktualisieren Sie
            ihn bitte.
          </Trans>
        ) : (
          <Trans>Er sagt nicht, welcher er ist. Nehmen Sie bitte einen anderen.</Trans>
        ),
      };
    }
    case 'no_authenticator':
      return {
        tone: 'warning',
        what: <Trans>Der Passkey hat nicht geantwortet</Trans>,
        next: (
          <Trans>
            Versuchen Sie es noch einmal. Haben Sie den Passkey gelöscht oder liegt er auf einem
            anderen Gerät, warten Sie bitte, bis die Verbindung wieder da ist.
          </Trans>
        ),
      };
    case 'no_room':
      return {
        tone: 'danger',
        what: <Trans>Der Browser hat keinen Platz mehr</Trans>,
        next: (
          <Trans>Geben Sie auf dem Gerät Speicher frei und versuchen Sie es noch einmal.</Trans>
        ),
      };
    case 'unexpected': {
      const { detail } = complaint;
      return {
        tone: 'danger',
        what: <Trans>Das hat nicht geklappt</Trans>,
        next: (
          <Trans>
            Versuchen Sie es noch einmal. Bleibt es dabei, nennen Sie Ihrer Leitstelle dieses
            Stichwort: <code className="fa-break">{detail}</code>
          </Trans>
        ),
      };
    }
  }
}

/** Counts the seconds of a pause down to zero; `attempt` begins anew. */
export function useSecondsLeft(complaint: Complaint | null, attempt: number): number {
  const seconds = complaint?.kind === 'wait' ? complaint.seconds : 0;
  const [left, setLeft] = useState(seconds);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt begins anew with the same number
  useEffect(() => {
    const end = Date.now() + seconds * SECOND_MS;
    const tick = () => setLeft(Math.max(0, Math.ceil((end - Date.now()) / SECOND_MS)));
    tick();
    if (seconds === 0) return;
    const timer = setInterval(tick, SECOND_MS / 4);
    return () => clearInterval(timer);
  }, [seconds, attempt]);
  return left;
}
