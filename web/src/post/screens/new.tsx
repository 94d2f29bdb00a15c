import { Trans, useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { Button } from '../../ui/button.tsx';
import { Form, useForm } from '../../ui/form.tsx';
import { icons } from '../../ui/icon.tsx';
import { Alert } from '../../ui/notice.tsx';
import { type NewPassphrase, useNewPassphraseRule } from '../passphrase-rule.ts';
import type { Emptied, State } from '../state.ts';
import { ComplaintAlert } from './complaint.tsx';
import { NewPassphraseFields } from './new-passphrase.tsx';
import { Panel } from './panel.tsx';

type NewScreenProps = {
  state: State & { at: 'new' };
  onCreate: (passphrase: string) => Promise<void>;
};

/** There is no container on this device: why, what it is, and a passphrase for a new one. */
export function NewScreen({ state, onCreate }: NewScreenProps) {
  const { t } = useLingui();
  const { standing, emptied, complaint, working } = state;
  const form = useForm<NewPassphrase>({
    initial: { passphrase: '', again: '' },
    validate: useNewPassphraseRule(standing.minCharacters),
    submit: ({ passphrase }) => onCreate(passphrase),
  });
  return (
    <Panel title={t`Post auf diesem Gerät einrichten`} office={standing.office}>
      {emptied !== 'first' && <EmptiedAlert emptied={emptied} />}
      <p>
        <Trans>
          Ihre Post wird in diesem Browser in einem verschlossenen Container aufbewahrt, damit Sie
          sie auch ohne Verbindung lesen können. Er öffnet sich nur mit Ihrer Passphrase, und
          niemand kann sie wiederherstellen; Ihre Post selbst liegt weiter auf dem Server.
        </Trans>
      </p>
      <Form
        form={form}
        actions={
          <Button
            type="submit"
            variant="primary"
            block
            icon={icons.iconLock}
            pending={working || form.pending}
          >
            <Trans>Container anlegen</Trans>
          </Button>
        }
      >
        {complaint && <ComplaintAlert complaint={complaint} />}
        <NewPassphraseFields form={form} standing={standing} label={t`Neue Passphrase`} />
      </Form>
    </Panel>
  );
}

function EmptiedAlert({ emptied }: { emptied: Exclude<Emptied, 'first'> }): ReactNode {
  switch (emptied) {
    case 'evicted':
      return (
        <Alert tone="warning" title={<Trans>Der Browser hat den Container entfernt</Trans>}>
          <p>
            <Trans>
              Das geschieht, wenn der Platz knapp wird oder Websitedaten gelöscht werden. Was noch
              nicht gesendet war, ist verloren; alles andere wird vom Server neu geladen.
            </Trans>
          </p>
        </Alert>
      );
    case 'wiped_by_desk':
      return (
        <Alert tone="warning" title={<Trans>Der Container auf diesem Gerät wurde gelöscht</Trans>}>
          <p>
            <Trans>
              Ihre Leitstelle hat das veranlasst. Auf dem Server ist Ihre Post unverändert; Sie
              können den Container neu anlegen.
            </Trans>
          </p>
        </Alert>
      );
    case 'wiped_here':
      return (
        <Alert tone="success" live="polite" title={<Trans>Der Container ist gelöscht</Trans>}>
          <p>
            <Trans>Mit einer neuen Passphrase können Sie ihn neu anlegen.</Trans>
          </p>
        </Alert>
      );
  }
}
