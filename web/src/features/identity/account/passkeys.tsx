import { Trans, useLingui } from '@lingui/react/macro';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { deviceName } from '../../../api/device-key.ts';
import { fieldProblems, showProblem } from '../../../app/problem-alert.tsx';
import { Button } from '../../../ui/button.tsx';
import { ConfirmDialog, Dialog } from '../../../ui/dialog.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { Form, useForm } from '../../../ui/form.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Card } from '../../../ui/page.tsx';
import { announce } from '../../../ui/status.tsx';
import { DateText } from '../../../ui/time.tsx';
import { makePasskey, passkeysPossible, wasCancelled } from '../webauthn.ts';
import { MAX_NAME_CHARS, nameFault } from './name-rule.ts';
import { secondFactorsQuery } from './queries.ts';

type Passkey = Schema<'MyPasskey'>;

/** The person's passkeys: make, remove. */
export function Passkeys({ passkeys }: { passkeys: readonly Passkey[] }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Passkey | null>(null);
  const remove = async (passkey: Passkey) => {
    await must(api.DELETE('/api/v1/me/passkeys/{id}', { params: { path: { id: passkey.id } } }));
    announce('success', t`Der Passkey ist entfernt.`);
    await cache.invalidateQueries(secondFactorsQuery);
  };
  return (
    <Card
      title={<Trans>Passkeys</Trans>}
      lead={
        <Trans>
          Anmelden mit Fingerabdruck, Gesicht, Geräte-PIN oder Sicherheitsschlüssel: ohne Passwort
          und ohne Code, und sicher gegen gefälschte Anmeldeseiten.
        </Trans>
      }
      actions={
        <Button
          small
          icon={icons.iconPasskey}
          isDisabled={!passkeysPossible()}
          onPress={() => setAdding(true)}
        >
          <Trans>Passkey hinzufügen</Trans>
        </Button>
      }
    >
      {passkeys.length === 0 && (
        <p>
          <Trans>Sie haben noch keinen Passkey.</Trans>
        </p>
      )}
      <ul className="fa-list">
        {passkeys.map((passkey) => (
          <li key={passkey.id}>
            <Icon of={icons.iconPasskey} className="fa-list__icon" />
            <div className="fa-list__text">
              <div className="fa-list__title">{passkey.name}</div>
              <div className="fa-muted fa-small">
                <Trans>Seit</Trans> <DateText value={passkey.created_at} />
                {passkey.last_used_on && (
                  <>
                    {' · '}
                    <Trans>zuletzt</Trans> <DateText value={passkey.last_used_on} />
                  </>
                )}
              </div>
            </div>
            <Button small danger onPress={() => setRemoving(passkey)}>
              <Trans>Entfernen</Trans>
            </Button>
          </li>
        ))}
      </ul>
      <AddPasskey isOpen={adding} onClose={() => setAdding(false)} />
      <ConfirmDialog
        title={<Trans>Passkey „{removing?.name}“ entfernen?</Trans>}
        action={t`Passkey entfernen`}
        danger
        isOpen={removing !== null}
        onClose={() => setRemoving(null)}
        onConfirm={() => removing && remove(removing)}
      >
        <p>
          <Trans>
            Mit ihm können Sie sich dann nicht mehr anmelden. Löschen Sie ihn auch auf dem Gerät
            selbst, sonst bietet es ihn weiter an.
          </Trans>
        </p>
      </ConfirmDialog>
    </Card>
  );
}

function AddPasskey({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const form = useForm({
    initial: { name: deviceName(navigator.userAgent) },
    validate: ({ name }) => {
      if (!name.trim()) return { name: t`Geben Sie dem Passkey einen Namen.` };
      const fault = nameFault(name.trim());
      return fault ? { name: fault } : {};
    },
    submit: async ({ name }) => {
      const { options, token } = await must(api.POST('/api/v1/me/passkeys/begin'));
      try {
        const credential = (await makePasskey(options)) as Record<string, never>;
        await must(
          api.POST('/api/v1/me/passkeys', { body: { token, name: name.trim(), credential } }),
        );
      } catch (error) {
        if (wasCancelled(error)) return;
        throw fieldProblems(error);
      }
      announce('success', t`Der Passkey ist eingerichtet. Bei der nächsten Anmeldung genügt er.`);
      await cache.invalidateQueries(secondFactorsQuery);
      onClose();
    },
  });
  return (
    <Dialog title={<Trans>Passkey hinzufügen</Trans>} isOpen={isOpen} onClose={onClose}>
      <p>
        <Trans>
          Gleich fragt Ihr Browser, wo der Passkey liegen soll. Auf einem Gerät, das andere
          mitbenutzen, legen Sie keinen an.
        </Trans>
      </p>
      <Form
        form={form}
        failure={showProblem}
        actions={
          <Button type="submit" variant="primary" icon={icons.iconPasskey} pending={form.pending}>
            <Trans>Passkey anlegen</Trans>
          </Button>
        }
      >
        <TextField
          label={t`Name`}
          hint={t`Woran Sie ihn wiedererkennen.`}
          maxLength={MAX_NAME_CHARS}
          {...form.field('name')}
        />
      </Form>
    </Dialog>
  );
}
