import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createLazyRoute, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { deviceState } from '../../../app/device-words.ts';
import { fieldProblems, ProblemAlert, showProblem } from '../../../app/problem-alert.tsx';
import { WordBadge } from '../../../app/word.tsx';
import { Button } from '../../../ui/button.tsx';
import { ConfirmDialog, Dialog } from '../../../ui/dialog.tsx';
import { TextAreaField, TextField } from '../../../ui/fields.tsx';
import { Form, useForm } from '../../../ui/form.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { EmptyState, Loading } from '../../../ui/notice.tsx';
import { Card } from '../../../ui/page.tsx';
import { announce } from '../../../ui/status.tsx';
import { DateText } from '../../../ui/time.tsx';
import { devicesQuery } from './queries.ts';

export const SshKeysRoute = createLazyRoute('/angemeldet/haus/konto/ssh-schluessel')({
  component: SshKeysPage,
});

type Device = Schema<'MyDevice'>;

function SshKeysPage() {
  const { t } = useLingui();
  const cache = useQueryClient();
  const { data, error } = useQuery(devicesQuery);
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Device | null>(null);
  const keys = data?.filter(({ kind, state }) => kind === 'ssh_key' && state !== 'revoked');
  const remove = async (device: Device) => {
    await must(api.DELETE('/api/v1/me/devices/{id}', { params: { path: { id: device.id } } }));
    announce('success', t`Der Schlüssel ist entfernt.`);
    await cache.invalidateQueries(devicesQuery);
  };
  return (
    <Card
      title={<Trans>SSH-Schlüssel</Trans>}
      lead={
        <Trans>
          Für Tunnel mit OpenSSH oder PuTTY. Wie das geht, steht in der{' '}
          <Link to="/hilfe" hash="ssh">
            Hilfe
          </Link>
          .
        </Trans>
      }
      actions={
        <Button small icon={icons.iconAdd} onPress={() => setAdding(true)}>
          <Trans>Schlüssel hinzufügen</Trans>
        </Button>
      }
    >
      {error && <ProblemAlert problem={error} />}
      {!keys && !error && <Loading />}
      {keys?.length === 0 && (
        <EmptyState icon={icons.iconKey} level={3} title={<Trans>Noch kein Schlüssel</Trans>}>
          <p>
            <Trans>
              Ohne Schlüssel melden Sie sich über SSH mit Passwort und Einmalcode an. Mit Schlüssel
              brauchen Sie nur noch den Einmalcode.
            </Trans>
          </p>
        </EmptyState>
      )}
      <ul className="fa-list">
        {keys?.map((key) => {
          const state = deviceState(key.state);
          return (
            <li key={key.id}>
              <Icon of={icons.iconKey} className="fa-list__icon" />
              <div className="fa-list__text">
                <div className="fa-list__title">
                  {key.name}
                  <WordBadge word={state} />
                </div>
                <div className="fa-mono fa-small fa-break">{key.fingerprint}</div>
                <div className="fa-muted fa-small">
                  <Trans>Seit</Trans> <DateText value={key.created_at} />
                </div>
              </div>
              <Button small danger onPress={() => setRemoving(key)}>
                <Trans>Entfernen</Trans>
              </Button>
            </li>
          );
        })}
      </ul>
      <AddKey isOpen={adding} onClose={() => setAdding(false)} />
      <ConfirmDialog
        title={<Trans>Schlüssel „{removing?.name}“ entfernen?</Trans>}
        action={t`Schlüssel entfernen`}
        danger
        isOpen={removing !== null}
        onClose={() => setRemoving(null)}
        onConfirm={() => removing && remove(removing)}
      >
        <p>
          <Trans>Tunnel, die mit ihm offen sind, werden sofort getrennt.</Trans>
        </p>
      </ConfirmDialog>
    </Card>
  );
}

const EMPTY = { name: '', public_key: '' };

function AddKey({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const form = useForm({
    initial: EMPTY,
    validate: ({ name, public_key: key }) => ({
      ...(!name.trim() && { name: t`Geben Sie dem Schlüssel einen Namen.` }),
      ...(/PRIVATE KEY/.test(key)
        ? {
            public_key: t`Das ist der private Schlüssel. Geben Sie ihn nie aus der Hand; hier gehört die Datei mit der Endung .pub hin.`,
          }
        : !/^(ssh-|ecdsa-|sk-)\S+ \S+/.test(key.trim()) && {
            public_key: t`Fügen Sie die ganze Zeile aus der Datei mit der Endung .pub ein.`,
          }),
    }),
    submit: async ({ name, public_key }) => {
      try {
        const body = { name: name.trim(), public_key: public_key.trim() };
        const device = await must(api.POST('/api/v1/me/devices/ssh-key', { body }));
        announce(
          'success',
          t`Der Schlüssel ist hinterlegt.`,
          device.state === 'pending'
            ? t`Er gilt, sobald Ihre Leitstelle ihn freigegeben hat.`
            : undefined,
        );
      } catch (error) {
        throw fieldProblems(error);
      }
      form.reset(EMPTY);
      await cache.invalidateQueries(devicesQuery);
      onClose();
    },
  });
  return (
    <Dialog title={<Trans>SSH-Schlüssel hinzufügen</Trans>} isOpen={isOpen} onClose={onClose}>
      <Form
        form={form}
        failure={showProblem}
        actions={
          <Button type="submit" variant="primary" pending={form.pending}>
            <Trans>Schlüssel hinterlegen</Trans>
          </Button>
        }
      >
        <TextField
          label={t`Name`}
          hint={t`Zum Beispiel „Notebook zu Hause“.`}
          maxLength={100}
          {...form.field('name')}
        />
        <TextAreaField
          label={t`Öffentlicher Schlüssel`}
          hint={t`Der Inhalt der Datei mit der Endung .pub; er beginnt mit „ssh-ed25519“ oder „ecdsa-“.`}
          mono
          rows={4}
          spellCheck={false}
          {...form.field('public_key')}
        />
      </Form>
    </Dialog>
  );
}
