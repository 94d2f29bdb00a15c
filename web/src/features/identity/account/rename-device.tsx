import { Trans, useLingui } from '@lingui/react/macro';
import { useQueryClient } from '@tanstack/react-query';
import { api, must, type Schema } from '../../../api/client.ts';
import { ProblemAlert } from '../../../app/problem-alert.tsx';
import { Button } from '../../../ui/button.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { Form, useForm } from '../../../ui/form.tsx';
import { announce } from '../../../ui/status.tsx';
import { devicesQuery, sessionsQuery } from './queries.ts';

const MAX_NAME_CHARS = 100;

type RenameDeviceProps = { device: Schema<'MyDevice'> | null; onClose: () => void };

/** A name by which the person and the control desk tell a device from others of its kind. */
export function RenameDevice({ device, onClose }: RenameDeviceProps) {
  return (
    <Dialog title={<Trans>Gerät benennen</Trans>} isOpen={device !== null} onClose={onClose}>
      {device && <RenameForm device={device} onClose={onClose} />}
    </Dialog>
  );
}

function RenameForm({ device, onClose }: { device: Schema<'MyDevice'>; onClose: () => void }) {
  const { t } = useLingui();
  const cache = useQueryClient();
  const form = useForm<{ name: string }>({
    initial: { name: device.name },
    validate: ({ name }) => (name.trim() ? {} : { name: t`Geben Sie einen Namen ein.` }),
    submit: async ({ name }) => {
      await must(
        api.PUT('/api/v1/me/devices/{id}', {
          params: { path: { id: device.id } },
          body: { name: name.trim() },
        }),
      );
      announce('success', t`Das Gerät heißt jetzt anders.`);
      await Promise.all([
        cache.invalidateQueries(devicesQuery),
        cache.invalidateQueries(sessionsQuery),
      ]);
      onClose();
    },
  });
  return (
    <Form
      form={form}
      failure={(problem) => <ProblemAlert problem={problem} />}
      actions={
        <>
          <Button onPress={onClose}>
            <Trans>Abbrechen</Trans>
          </Button>
          <Button type="submit" variant="primary" pending={form.pending}>
            <Trans>Namen speichern</Trans>
          </Button>
        </>
      }
    >
      <TextField
        label={t`Name des Geräts`}
        hint={t`Etwa „Notebook im Büro“. Auch Ihre Leitstelle liest ihn.`}
        autoFocus
        maxLength={MAX_NAME_CHARS}
        {...form.field('name')}
      />
    </Form>
  );
}
