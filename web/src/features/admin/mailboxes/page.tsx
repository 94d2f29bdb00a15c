import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { isProblem } from '../../../api/problem.ts';
import { fieldText } from '../../../api/problem-text.ts';
import { useAsk } from '../../../app/ask.tsx';
import { ProblemAlert } from '../../../app/problem-alert.tsx';
import { Button, IconButton } from '../../../ui/button.tsx';
import type { Column } from '../../../ui/data-table.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Page } from '../../../ui/page.tsx';
import { day } from '../format.ts';
import { List, useListQuery } from '../parts/list.tsx';
import { useDeed } from '../queries.ts';
import { Delegates } from './delegates.tsx';
import { mailboxesQuery, ofMailbox } from './queries.ts';

type Mailbox = Schema<'FunctionalMailbox'>;

const MAX_NAME_CHARS = 100;
const MAX_LOCAL_PART_CHARS = 64;

/** Mailboxes that are nobody's own: made, named, opened to people, removed. */
export function MailboxesPage() {
  const { t } = useLingui();
  const [form, setForm] = useState<Mailbox | 'new'>();
  const [shared, setShared] = useState<string>();
  const { ask, dialog } = useAsk(['admin']);
  const mailboxes = useQuery(mailboxesQuery(useListQuery()));
  const open = mailboxes.data?.items.find(({ id }) => id === shared);
  const remove = ({ id, name, address, delegates }: Mailbox) =>
    ask({
      title: t`Funktionspostfach „${name}“ löschen?`,
      text: (
        <>
          <p>
            <Trans>
              Verloren gehen alle Nachrichten darin mit ihren Anhängen, Entwürfen und internen
              Notizen. Nachrichten an {address} werden danach abgewiesen.
            </Trans>
          </p>
          <p>
            <Plural
              value={delegates.length}
              _0="Zurzeit hat niemand Zugang."
              one="Eine Person verliert ihren Zugang, auch wenn sie gerade darin arbeitet."
              other="# Personen verlieren ihren Zugang, auch wenn sie gerade darin arbeiten."
            />
          </p>
        </>
      ),
      action: t`Mit allen Nachrichten löschen`,
      danger: true,
      deed: () => must(api.DELETE('/api/v1/admin/mailboxes/{id}', { params: { path: { id } } })),
      done: t`„${name}“ ist gelöscht.`,
    });
  const columns: Column<Mailbox>[] = [
    {
      id: 'name',
      header: t`Name`,
      isRowHeader: true,
      cell: ({ name, address }) => (
        <span className="fa-name">
          <span>
            {name}
            <span className="fa-name__more">{address}</span>
          </span>
        </span>
      ),
    },
    {
      id: 'delegates',
      header: t`Zugang`,
      cell: ({ delegates }) =>
        delegates.length === 0 ? (
          <span className="fa-muted">{t`niemand`}</span>
        ) : (
          delegates.map(({ person }) => person.display_name).join(', ')
        ),
    },
    { id: 'created', header: t`Angelegt`, cell: ({ created_at }) => day(created_at) },
    {
      id: 'actions',
      header: t`Was Sie tun können`,
      hideLabel: true,
      align: 'end',
      cell: (mailbox) => (
        <span className="fa-row">
          <Button
            small
            onPress={() => setShared(mailbox.id)}
            aria-label={t`Zugang zu ${mailbox.name}`}
          >
            <Trans>Zugang</Trans>
          </Button>
          <IconButton
            label={t`${mailbox.name} umbenennen`}
            icon={icons.iconEdit}
            onPress={() => setForm(mailbox)}
          />
          <IconButton
            label={t`${mailbox.name} löschen`}
            icon={icons.iconDelete}
            danger
            onPress={() => remove(mailbox)}
          />
        </span>
      ),
    },
  ];
  return (
    <Page
      title={t`Funktionspostfächer`}
      lead={
        <Trans>
          Postfächer für Aufgaben statt für Personen, zum Beispiel das Bürgerbüro. Mehrere arbeiten
          darin, jede Person mit ihren Rechten.
        </Trans>
      }
      actions={
        <Button variant="primary" icon={icons.iconAdd} onPress={() => setForm('new')}>
          <Trans>Funktionspostfach anlegen</Trans>
        </Button>
      }
    >
      <List
        label={t`Funktionspostfächer`}
        query={mailboxes}
        columns={columns}
        search={{ label: t`Funktionspostfächer suchen`, placeholder: t`Name oder Adresse` }}
        empty={{
          icon: icons.iconGroups,
          title: <Trans>Noch kein Funktionspostfach</Trans>,
          text: <Trans>Legen Sie eines an, und geben Sie danach Personen Zugang.</Trans>,
        }}
      />
      {dialog}
      {form && (
        <MailboxDialog mailbox={form === 'new' ? null : form} onClose={() => setForm(undefined)} />
      )}
      {open && (
        <Dialog
          title={<Trans>Zugang zu „{open.name}“</Trans>}
          isOpen
          onClose={() => setShared(undefined)}
          footer={
            <Button onPress={() => setShared(undefined)}>
              <Trans>Fertig</Trans>
            </Button>
          }
        >
          <Delegates name={open.name} delegates={open.delegates} granting={ofMailbox(open.id)} />
        </Dialog>
      )}
    </Page>
  );
}

function MailboxDialog({ mailbox, onClose }: { mailbox: Mailbox | null; onClose: () => void }) {
  const { t } = useLingui();
  const [name, setName] = useState(mailbox?.name ?? '');
  const [localPart, setLocalPart] = useState('');
  const save = useDeed(
    () =>
      mailbox
        ? must(
            api.PATCH('/api/v1/admin/mailboxes/{id}', {
              params: { path: { id: mailbox.id } },
              body: { name: name.trim() },
            }),
          )
        : must(
            api.POST('/api/v1/admin/mailboxes', {
              body: { name: name.trim(), local_part: localPart.trim().toLowerCase() },
            }),
          ),
    { done: mailbox ? t`Umbenannt.` : t`„${name.trim()}“ ist angelegt.`, onDone: onClose },
  );
  const errorOf = (path: string) => {
    const found = isProblem(save.error) && save.error.fields.find((field) => field.path === path);
    return found ? fieldText(found.code, found.params) : undefined;
  };
  const hasField = errorOf('name') !== undefined || errorOf('local_part') !== undefined;
  const isWhole = name.trim() !== '' && (mailbox !== null || localPart.trim() !== '');
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
      footer={
        <>
          <Button onPress={onClose}>
            <Trans>Abbrechen</Trans>
          </Button>
          <Button
            variant="primary"
            isDisabled={!isWhole}
            pending={save.isPending}
            onPress={() => save.mutate()}
          >
            {mailbox ? <Trans>Umbenennen</Trans> : <Trans>Anlegen</Trans>}
          </Button>
        </>
      }
    >
      <div className="fa-stack">
        <TextField
          label={t`Name`}
          name="mailbox-name"
          hint={t`So steht das Postfach in der Post und als Absender.`}
          maxLength={MAX_NAME_CHARS}
          value={name}
          error={errorOf('name')}
          onChange={setName}
        />
        {!mailbox && (
          <TextField
            label={t`Adresse vor dem @`}
            name="mailbox-address"
            hint={t`Kleine Buchstaben, Ziffern, Punkt und Bindestrich. Sie lässt sich später nicht ändern.`}
            maxLength={MAX_LOCAL_PART_CHARS}
            value={localPart}
            error={errorOf('local_part')}
            onChange={setLocalPart}
          />
        )}
        {save.error && !hasField && <ProblemAlert problem={save.error} />}
      </div>
    </Dialog>
  );
}
