import { Trans, useLingui } from '@lingui/react/macro';
import { type ReactNode, useMemo } from 'react';
import { showProblem } from '../../app/problem-alert.tsx';
import { Button } from '../../ui/button.tsx';
import { CopyField } from '../../ui/copy-field.tsx';
import { CodeField } from '../../ui/fields.tsx';
import { Form, useForm } from '../../ui/form.tsx';
import type { Enrolment } from './sign-in.ts';

type EnrolmentStepsProps = {
  enrolment: Enrolment;
  /** Sends the first code; throws the server's refusal. */
  onCode: (code: string) => Promise<void>;
  submitLabel: string;
  aside?: ReactNode;
};

/** Setting up an authenticator app: scan, or type the secret, then prove it with a first code. */
export function EnrolmentSteps({ enrolment, onCode, submitLabel, aside }: EnrolmentStepsProps) {
  const { t } = useLingui();
  // As an image, not as markup: a picture cannot run anything.
  const picture = useMemo(
    () => `data:image/svg+xml;utf8,${encodeURIComponent(enrolment.qr_svg)}`,
    [enrolment.qr_svg],
  );
  const form = useForm({
    initial: { code: '' },
    validate: ({ code }) =>
      /^\d{6,8}$/.test(code)
        ? {}
        : { code: t`Geben Sie die sechs Ziffern ein, die die App zeigt.` },
    submit: ({ code }) => onCode(code),
  });
  return (
    <div className="fa-stack">
      <ol className="fa-steps">
        <li>
          <p>
            <Trans>
              Öffnen Sie auf Ihrem Telefon eine App für Einmalcodes, zum Beispiel Aegis, FreeOTP
              oder die Passwort-App Ihres Telefons.
            </Trans>
          </p>
        </li>
        <li>
          <p>
            <Trans>Lesen Sie mit der App dieses Bild ein:</Trans>
          </p>
          <img className="fa-qr" src={picture} alt={t`QR-Code mit dem Schlüssel für die App`} />
          <details className="fa-plain-details">
            <summary>
              <Trans>Das Bild lässt sich nicht einlesen?</Trans>
            </summary>
            <div className="fa-stack fa-stack--tight">
              <p>
                <Trans>Tippen Sie in der App diesen Schlüssel ein (zeitbasiert, 6 Ziffern):</Trans>
              </p>
              <CopyField label={t`Schlüssel`} value={grouped(enrolment.secret)} />
              <p>
                <a href={enrolment.otpauth_uri}>
                  <Trans>Auf diesem Telefon direkt in der App öffnen</Trans>
                </a>
              </p>
            </div>
          </details>
        </li>
        <li>
          <p>
            <Trans>Geben Sie den Code ein, den die App jetzt zeigt:</Trans>
          </p>
        </li>
      </ol>
      <Form
        form={form}
        failure={showProblem}
        actions={
          <>
            <Button type="submit" variant="primary" pending={form.pending}>
              {submitLabel}
            </Button>
            {aside}
          </>
        }
      >
        <CodeField label={t`Einmalcode aus der App`} {...form.field('code')} />
      </Form>
    </div>
  );
}

const grouped = (secret: string) => secret.replace(/(.{4})(?=.)/g, '$1 ');
