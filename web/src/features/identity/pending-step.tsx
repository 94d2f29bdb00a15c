import { Trans } from '@lingui/react/macro';
import { useEffect, useState } from 'react';
import { api, must } from '../../api/client.ts';
import { isProblem } from '../../api/problem.ts';
import { Button } from '../../ui/button.tsx';
import { icons } from '../../ui/icon.tsx';
import { Alert } from '../../ui/notice.tsx';
import { Facts } from '../../ui/page.tsx';
import type { Waiting } from './sign-in.ts';

type Standing = 'pending' | 'approved' | 'refused' | 'unknown';

type PendingStepProps = { waiting: Waiting; onRetry: () => void };

/** The device waits for the control desk; the page notices the decision by itself. */
export function PendingStep({ waiting, onRetry }: PendingStepProps) {
  const standing = useStanding(waiting);
  return (
    <>
      <Answer standing={standing} />
      {standing === 'pending' && (
        <>
          <p>
            <Trans>
              Eilt es, rufen Sie Ihre Leitstelle an und lesen Sie vor, was hier steht. Auf einem
              bereits freigegebenen Gerät können Sie sich sofort anmelden.
            </Trans>
          </p>
          <Facts
            items={[
              [<Trans key="name">Gerät</Trans>, waiting.name],
              [
                <Trans key="fingerprint">Fingerabdruck</Trans>,
                <code key="value" className="fa-break">
                  {waiting.fingerprint}
                </code>,
              ],
            ]}
          />
        </>
      )}
      <Button
        variant={standing === 'pending' ? 'secondary' : 'primary'}
        block
        icon={icons.iconArrowForward}
        onPress={onRetry}
      >
        <Trans>Zur Anmeldung</Trans>
      </Button>
    </>
  );
}

function Answer({ standing }: { standing: Standing }) {
  switch (standing) {
    case 'pending':
      return (
        <Alert tone="info" live="polite" title={<Trans>Ihre Leitstelle ist benachrichtigt</Trans>}>
          <p>
            <Trans>
              Passwort und zweiter Schritt waren richtig. In Ihrer Behörde wird jedes neue Gerät
              einmal freigegeben. Lassen Sie diese Seite offen: Sie sagt Ihnen, sobald entschieden
              ist.
            </Trans>
          </p>
        </Alert>
      );
    case 'approved':
      return (
        <Alert tone="success" live="assertive" title={<Trans>Ihr Gerät ist freigegeben</Trans>}>
          <p>
            <Trans>Melden Sie sich jetzt an.</Trans>
          </p>
        </Alert>
      );
    case 'refused':
      return (
        <Alert
          tone="danger"
          live="assertive"
          title={<Trans>Ihre Leitstelle hat dieses Gerät nicht freigegeben</Trans>}
        >
          <p>
            <Trans>
              Fragen Sie dort nach dem Grund, oder melden Sie sich auf einem anderen Gerät an.
            </Trans>
          </p>
        </Alert>
      );
    case 'unknown':
      return (
        <Alert
          tone="warning"
          live="polite"
          title={<Trans>Ob schon entschieden ist, zeigt die nächste Anmeldung</Trans>}
        >
          <p>
            <Trans>Diese Seite stand zu lange offen, um es selbst zu erfahren.</Trans>
          </p>
        </Alert>
      );
  }
}

const SECOND_MS = 1_000;

function useStanding({ token, ask_every_s: every, expires_at: until }: Waiting): Standing {
  const [standing, setStanding] = useState<Standing>('pending');
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const askLater = (seconds: number) => {
      if (Date.now() + seconds * SECOND_MS >= Date.parse(until)) setStanding('unknown');
      else timer = setTimeout(() => void ask(), seconds * SECOND_MS);
    };
    const ask = async () => {
      try {
        const { state } = await must(api.POST('/api/v1/sign-in/device', { body: { token } }));
        if (state === 'pending') askLater(every);
        else setStanding(state === 'approved' ? 'approved' : 'refused');
      } catch (error) {
        if (isProblem(error, 'challenge_expired')) setStanding('unknown');
        else askLater((isProblem(error) && error.retryAfterSeconds) || every);
      }
    };
    askLater(every);
    return () => clearTimeout(timer);
  }, [token, every, until]);
  return standing;
}
