import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createLazyRoute } from '@tanstack/react-router';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { ProblemAlert } from '../../../app/problem-alert.tsx';
import { useSession } from '../../../app/queries.ts';
import { Button } from '../../../ui/button.tsx';
import { ConfirmDialog, Dialog } from '../../../ui/dialog.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Alert, Loading } from '../../../ui/notice.tsx';
import { Card } from '../../../ui/page.tsx';
import { announce } from '../../../ui/status.tsx';
import { DateText } from '../../../ui/time.tsx';
import { EnrolmentSteps } from '../enrolment.tsx';
import { RecoveryCodes } from '../recovery-codes.tsx';
import type { Enrolment } from '../sign-in.ts';
import { Passkeys } from './passkeys.tsx';
import { PasswordCard } from './password-card.tsx';
import { secondFactorsQuery } from './queries.ts';

export const SecurityRoute = createLazyRoute('/angemeldet/haus/konto/sicherheit')({
  component: SecurityPage,
});

function SecurityPage() {
  const { data, error } = useQuery(secondFactorsQuery);
  const { person } = useSession();
  if (error) return <ProblemAlert problem={error} />;
  if (!data) return <Loading />;
  return (
    <>
      <Passkeys passkeys={data.passkeys} />
      <OneTimeCodes tokens={data.otp_tokens} />
      <Recovery left={data.recovery_codes_left} />
      <PasswordCard here={person.password_here} />
    </>
  );
}

function OneTimeCodes({ tokens }: { tokens: readonly Schema<'MyOtpToken'>[] }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const [enrolment, setEnrolment] = useState<Enrolment | null>(null);
  const [problem, setProblem] = useState<unknown>();
  const [pending, setPending] = useState(false);
  const hasApp = tokens.some(({ hardware }) => !hardware);

  const begin = async () => {
    setPending(true);
    setProblem(undefined);
    try {
      setEnrolment(await must(api.POST('/api/v1/me/totp/begin')));
    } catch (error) {
      setProblem(error);
    } finally {
      setPending(false);
    }
  };
  const confirm = async (token: string, code: string) => {
    await must(api.POST('/api/v1/me/totp', { body: { token, code } }));
    setEnrolment(null);
    announce('success', t`Einmalcodes kommen ab jetzt aus der neuen App.`);
    await cache.invalidateQueries(secondFactorsQuery);
  };

  return (
    <Card
      title={<Trans>Einmalcodes</Trans>}
      lead={
        <Trans>
          Der zweite Schritt der Anmeldung: ein Code aus einer App oder von einem Token.
        </Trans>
      }
      actions={
        <Button small icon={icons.iconQrCode2} pending={pending} onPress={() => void begin()}>
          {hasApp ? <Trans>Neues Telefon einrichten</Trans> : <Trans>App einrichten</Trans>}
        </Button>
      }
    >
      {problem !== undefined && <ProblemAlert problem={problem} />}
      <ul className="fa-list">
        {tokens.map((token) => (
          <li key={token.id}>
            <Icon
              of={token.hardware ? icons.iconBadge : icons.iconMobile}
              className="fa-list__icon"
            />
            <div className="fa-list__text">
              <div className="fa-list__title">
                {token.hardware ? (
                  <Trans>Token {token.serial}</Trans>
                ) : (
                  <Trans>App auf dem Telefon</Trans>
                )}
              </div>
              {token.confirmed_at && (
                <div className="fa-muted fa-small">
                  <Trans>Eingerichtet am</Trans> <DateText value={token.confirmed_at} />
                </div>
              )}
            </div>
          </li>
        ))}
      </ul>
      <Dialog
        title={<Trans>App für Einmalcodes einrichten</Trans>}
        isOpen={enrolment !== null}
        onClose={() => setEnrolment(null)}
      >
        {hasApp && (
          <p>
            <Trans>
              Sobald Sie den ersten Code bestätigt haben, gilt die bisherige App nicht mehr.
            </Trans>
          </p>
        )}
        {enrolment && (
          <EnrolmentSteps
            enrolment={enrolment}
            submitLabel={t`Bestätigen`}
            onCode={(code) => confirm(enrolment.token, code)}
          />
        )}
      </Dialog>
    </Card>
  );
}

/** Fewer than this many are worth a warning. */
const FEW_CODES = 3;

function Recovery({ left }: { left: number }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const session = useSession();
  const [asking, setAsking] = useState(false);
  const [codes, setCodes] = useState<string[] | null>(null);
  const make = async () => {
    const made = await must(api.POST('/api/v1/me/recovery-codes'));
    setCodes(made.codes);
    await cache.invalidateQueries(secondFactorsQuery);
  };
  return (
    <Card
      title={<Trans>Wiederherstellungscodes</Trans>}
      lead={<Trans>Für den Tag, an dem das Telefon fehlt. Jeder gilt einmal.</Trans>}
      actions={
        <Button small icon={icons.iconRefresh} onPress={() => setAsking(true)}>
          <Trans>Neue Codes erzeugen</Trans>
        </Button>
      }
    >
      {left < FEW_CODES ? (
        <Alert
          tone="warning"
          title={
            left === 0 ? (
              <Trans>Sie haben keinen Code mehr</Trans>
            ) : (
              <Plural
                value={left}
                one="Sie haben nur noch # Code"
                other="Sie haben nur noch # Codes"
              />
            )
          }
        >
          <p>
            <Trans>Erzeugen Sie neue, solange Sie angemeldet sind.</Trans>
          </p>
        </Alert>
      ) : (
        <p>
          <Plural value={left} one="# Code ist noch gültig." other="# Codes sind noch gültig." />
        </p>
      )}
      <ConfirmDialog
        title={<Trans>Neue Codes erzeugen?</Trans>}
        action={t`Neue Codes erzeugen`}
        isOpen={asking}
        onClose={() => setAsking(false)}
        onConfirm={make}
      >
        <p>
          <Trans>Alle bisherigen Codes verlieren ihre Gültigkeit, auch die ausgedruckten.</Trans>
        </p>
      </ConfirmDialog>
      <Dialog
        title={<Trans>Ihre neuen Wiederherstellungscodes</Trans>}
        isOpen={codes !== null}
        onClose={() => setCodes(null)}
        footer={
          <Button variant="primary" onPress={() => setCodes(null)}>
            <Trans>Codes sind sicher verwahrt</Trans>
          </Button>
        }
      >
        {codes && (
          <RecoveryCodes codes={codes} name={session.person.name} tenant={session.tenant_name} />
        )}
      </Dialog>
    </Card>
  );
}
