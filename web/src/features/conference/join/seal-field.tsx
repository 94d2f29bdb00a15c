import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Button } from '../../../ui/button.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Alert } from '../../../ui/notice.tsx';
import { keyOfHost } from '../end-to-end.ts';
import type { Answer } from './entry.ts';

type SealFieldProps = {
  answer: Answer;
  field: {
    name: string;
    value: string;
    onChange: (value: string) => void;
    error: string | undefined;
  };
};

/** For who came without the key: by number and PIN, from the list, or by a link that was cut off. */
export function SealField({ answer, field }: SealFieldProps) {
  const { t } = useLingui();
  const [made, setMade] = useState(false);
  const { held_by: inviter, id } = answer.meeting;
  const host = answer.role === 'host';
  return (
    <div className="fa-stack">
      <Alert tone="warning" title={<Trans>Hier fehlt noch der Schlüssel</Trans>}>
        <p>
          {host ? (
            <Trans>
              Haben Sie den Link mit dem Schlüssel schon weitergegeben, dann fügen Sie ihn hier ein.
              Sonst machen Sie jetzt einen Schlüssel; den Link dazu finden Sie in diesem Browser auf
              der Seite der Besprechung.
            </Trans>
          ) : (
            <Trans>
              Er steht nur im vollständigen Link, den {inviter} weitergibt, und nie auf dem Server.
              Ohne ihn sehen, hören und lesen Sie die anderen nicht, und niemand sieht oder hört
              Sie.
            </Trans>
          )}
        </p>
        {host && (
          <Button
            small
            icon={icons.iconKey}
            onPress={() => {
              field.onChange(keyOfHost(id));
              setMade(true);
            }}
          >
            {t`Neuen Schlüssel machen`}
          </Button>
        )}
      </Alert>
      <TextField
        {...field}
        label={t`Vollständiger Link oder Schlüssel`}
        optional
        autoComplete="off"
        spellCheck={false}
        {...(made && { hint: t`Dieser Schlüssel ist neu und steht nur in diesem Browser.` })}
      />
    </div>
  );
}

/** For who has a browser that cannot do it: nothing is sent in clear instead. */
export function CannotSeal() {
  return (
    <Alert tone="danger" title={<Trans>Dieser Browser kann hier nicht teilnehmen</Trans>}>
      <p>
        <Trans>
          Die Besprechung ist von Gerät zu Gerät verschlüsselt, und das kann dieser Browser nicht.
          Nehmen Sie einen aktuellen Firefox, Safari, Chrome oder Edge und öffnen Sie die Seite mit
          https.
        </Trans>
      </p>
    </Alert>
  );
}
