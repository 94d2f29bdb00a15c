import { Trans, useLingui } from '@lingui/react/macro';
import { type ReactNode, useEffect, useState } from 'react';
import { Button, ButtonAnchor } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Alert, Loading } from '../ui/notice.tsx';
import { announce } from '../ui/status.tsx';
import type { PostShell } from './controller.ts';
import type { OfflineStanding } from './offline-access.ts';
import { SIGN_IN_ANEW } from './places.ts';
import { type Refusal, refusalOf } from './refusal.ts';
import type { Office } from './standing.ts';

type OfflineDialogProps = {
  shell: PostShell;
  person: Office['person'];
  onClose: () => void;
};

/** Sets opening without a line up or ends it, or says why it is not to be had. */
export default function OfflineDialog({ shell, person, onClose }: OfflineDialogProps) {
  const { offline } = shell;
  const [standing, setStanding] = useState<OfflineStanding>();
  useEffect(() => {
    const known = offline.standing().then(setStanding);
    // Whatever the answer will be, nobody is asked twice.
    known.then(() => offline.noteAsked()).catch(onClose);
  }, [offline, onClose]);
  return (
    <Dialog title={<Trans>Ohne Verbindung entsperren</Trans>} isOpen onClose={onClose}>
      {standing ? (
        <Standing {...{ standing, shell, person, onClose }} />
      ) : (
        <Loading>
          <Trans>Einen Moment …</Trans>
        </Loading>
      )}
    </Dialog>
  );
}

type StandingProps = OfflineDialogProps & { standing: OfflineStanding };

function Standing({ standing, ...rest }: StandingProps): ReactNode {
  switch (standing) {
    case 'not_granted':
      return (
        <Told onClose={rest.onClose}>
          <Trans>
            Ihre Leitstelle lässt das nicht zu: Zum Entsperren braucht es immer eine Verbindung.
          </Trans>
        </Told>
      );
    case 'no_prf':
      return (
        <Told onClose={rest.onClose}>
          <Trans>
            Dieser Browser kann keinen Passkey, der dafür taugt (ihm fehlt „PRF“). Zum Entsperren
            braucht es hier immer eine Verbindung.
          </Trans>
        </Told>
      );
    case 'off':
      return <Offer {...rest} />;
    case 'on':
      return <TurnOff {...rest} />;
  }
}

function Told({ children, onClose }: { children: ReactNode; onClose: () => void }) {
  return (
    <>
      <p>{children}</p>
      <div className="fa-dialog__foot">
        <Button onPress={onClose}>
          <Trans>Schließen</Trans>
        </Button>
      </div>
    </>
  );
}

function Offer({ shell, person, onClose }: OfflineDialogProps) {
  const { t } = useLingui();
  const [pending, setPending] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>();
  const setUp = async () => {
    setPending(true);
    setRefusal(undefined);
    try {
      await shell.offline.setUp(person);
      announce('success', t`Das Entsperren ohne Verbindung ist eingerichtet`);
      onClose();
    } catch (error) {
      setRefusal(refusalOf(error));
    } finally {
      setPending(false);
    }
  };
  return (
    <>
      <p>
        <Trans>
          Sie können Ihre Post auf diesem Gerät auch dann entsperren, wenn keine Verbindung besteht:
          mit Ihrer Passphrase und einem Passkey dieses Geräts, also etwa Fingerabdruck, Gesicht,
          PIN oder Sicherheitsschlüssel.
        </Trans>
      </p>
      <p>
        <Trans>
          Das gilt so lange nach Ihrer letzten Anmeldung, wie Ihre Leitstelle es festgelegt hat. Sie
          bestätigen jetzt zweimal.
        </Trans>
      </p>
      {refusal && <Failure refusal={refusal} />}
      <div className="fa-dialog__foot">
        <Button onPress={onClose}>
          <Trans>Jetzt nicht</Trans>
        </Button>
        <Button variant="primary" pending={pending} onPress={() => void setUp()}>
          <Trans>Passkey einrichten</Trans>
        </Button>
      </div>
    </>
  );
}

function TurnOff({ shell, onClose }: OfflineDialogProps) {
  const { t } = useLingui();
  const turnOff = async () => {
    await shell.offline.turnOff();
    announce('success', t`Das Entsperren ohne Verbindung ist abgeschaltet`);
    onClose();
  };
  return (
    <>
      <p>
        <Trans>
          Auf diesem Gerät ist es eingerichtet: Passphrase und Passkey entsperren Ihre Post auch
          ohne Verbindung. Nach dem Abschalten braucht es dafür wieder den Server; den Passkey
          „Fernamt“ können Sie danach in den Einstellungen des Geräts löschen.
        </Trans>
      </p>
      <div className="fa-dialog__foot">
        <Button onPress={onClose}>
          <Trans>Schließen</Trans>
        </Button>
        <Button danger onPress={() => void turnOff()}>
          <Trans>Abschalten</Trans>
        </Button>
      </div>
    </>
  );
}

function Failure({ refusal }: { refusal: Refusal }) {
  switch (refusal.kind) {
    case 'no_prf':
      return (
        <Alert
          tone="warning"
          live="assertive"
          title={<Trans>Dieser Passkey taugt dafür nicht</Trans>}
        >
          <p>
            <Trans>
              Ihm fehlt eine Fähigkeit („PRF“). Nehmen Sie einen anderen, etwa den des Geräts statt
              eines Sicherheitsschlüssels. Den eben angelegten können Sie löschen.
            </Trans>
          </p>
        </Alert>
      );
    case 'no_authenticator':
      return (
        <Alert tone="warning" live="assertive" title={<Trans>Nicht eingerichtet</Trans>}>
          <p>
            <Trans>Kein Passkey hat geantwortet, oder Sie haben abgebrochen.</Trans>
          </p>
        </Alert>
      );
    case 'not_fresh':
    case 'signed_out':
      return (
        <Alert
          tone="warning"
          live="assertive"
          title={<Trans>Bitte melden Sie sich vorher noch einmal an</Trans>}
          actions={
            <ButtonAnchor small href={SIGN_IN_ANEW}>
              <Trans>Neu anmelden</Trans>
            </ButtonAnchor>
          }
        >
          <p>
            <Trans>Die Post wird dabei gesperrt.</Trans>
          </p>
        </Alert>
      );
    default:
      return (
        <Alert tone="danger" live="assertive" title={<Trans>Das hat nicht geklappt</Trans>}>
          <p>
            <Trans>Prüfen Sie die Verbindung und versuchen Sie es noch einmal.</Trans>
          </p>
        </Alert>
      );
  }
}
