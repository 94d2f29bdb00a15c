import { Trans, useLingui } from '@lingui/react/macro';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { fieldProblems, showProblem } from '../../../app/problem-alert.tsx';
import { Button } from '../../../ui/button.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { Form, useForm } from '../../../ui/form.tsx';
import { announce } from '../../../ui/status.tsx';
import { addressFor, isLocalPart, MAX_LOCAL_PART_CHARS } from './address.ts';

type Mailbox = Schema<'FunctionalMailbox'>;

const MAX_NAME_CHARS = 100;

type MailboxDialogProps = {
  /** The one that gets another name; none to make one. */
  mailbox: Mailbox | null;
  onClose: () => void;
  onMade: (mailbox: Mailbox) => void;
};

/** Makes a functional mailbox, or gives one another name. */
export function MailboxDialog({ mailbox, onClose, onMade }: MailboxDialogProps) {
  const { t } = useLingui();
  const client = useQueryClient();
  // As long as nobody writes an address of their own, it follows the name.
  const [follows, setFollows] = useState(true);
  const save = async (name: string, local_part: string) => {
    if (mailbox) {
      const path = { id: mailbox.id };
      await must(api.PATCH('/api/v1/admin/mailboxes/{id}', { params: { path }, body: { name } }));
      announce('success', t`Umbenannt.`);
      onClose();
      return;
    }
    const made = await must(api.POST('/api/v1/admin/mailboxes', { body: { name, local_part } }));
    announce('success', t`„${name}“ ist angelegt.`);
    onMade(made);
  };
  const form = useForm({
    initial: { 'mailbox-name': mailbox?.name ?? '', 'mailbox-address': '' },
    validate: ({ 'mailbox-name': name, 'mailbox-address': address }) => ({
      ...(!name.trim() && { 'mailbox-name': t`Geben Sie dem Postfach einen Namen.` }),
      ...(!mailbox &&
        !isLocalPart(address.trim().toLowerCase()) && {
          'mailbox-address': t`Die Adresse besteht aus kleinen Buchstaben ohne Umlaute, Ziffern, Punkt, Binde- und Unterstrich. Sie beginnt mit Buchstabe oder Ziffer.`,
        }),
    }),
    submit: async ({ 'mailbox-name': name, 'mailbox-address': address }) => {
      try {
        await save(name.trim(), address.trim().toLowerCase());
      } catch (error) {
        throw fieldProblems(error, { name: 'mailbox-name', local_part: 'mailbox-address' });
      } finally {
        void client.invalidateQueries({ queryKey: ['admin', 'mailboxes'] });
      }
    },
  });
  const address = form.field('mailbox-address');
  return (
    <Dialog
      title={
        mailbox ? (
          <Trans>„{mailbox.name}“ umbenennen</Trans>
        ) : (
          <Trans>Funktionspostfach anlegen</Trans>
        )
      }
      isOpen
      onClose={onClose}
    >
      <Form
        form={form}
        failure={showProblem}
        actions={
          <>
            <Button type="submit" variant="primary" pending={form.pending}>
              {mailbox ? <Trans>Umbenennen</Trans> : <Trans>Postfach anlegen</Trans>}
            </Button>
            <Button onPress={onClose}>
              <Trans>Abbrechen</Trans>
            </Button>
          </>
        }
      >
        <TextField
          label={t`Name`}
          hint={t`So steht das Postfach in der Post und als Absender.`}
          autoFocus
          maxLength={MAX_NAME_CHARS}
          {...form.field('mailbox-name')}
          onChange={(name) => {
            form.set('mailbox-name', name);
            if (follows && !mailbox) form.set('mailbox-address', addressFor(name));
          }}
        />
        {!mailbox && (
          <TextField
            label={t`Adresse vor dem @`}
            hint={t`Kleine Buchstaben, Ziffern, Punkt und Bindestrich. Sie lässt sich später nicht ändern.`}
            maxLength={MAX_LOCAL_PART_CHARS}
            autoComplete="off"
            spellCheck={false}
            {...address}
            onChange={(value) => {
              setFollows(value === '');
              address.onChange(value);
            }}
          />
        )}
      </Form>
    </Dialog>
  );
}
