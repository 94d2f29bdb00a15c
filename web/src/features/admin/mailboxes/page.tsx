import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, must } from '../../../api/client.ts';
import { useAsk } from '../../../app/ask.tsx';
import { Button, IconButton } from '../../../ui/button.tsx';
import type { Column } from '../../../ui/data-table.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Page } from '../../../ui/page.tsx';
import { day } from '../format.ts';
import { List, useListQuery } from '../parts/list.tsx';
import { AccessDialog } from './access-dialog.tsx';
import { MailboxDialog } from './mailbox-dialog.tsx';
import { type Delegate, type Mailbox, mailboxesQuery } from './queries.ts';

/** So many are named in a row of the table; the others are counted. */
const NAMED = 3;

/** Mailboxes that are nobody's own: made, named, opened to people, removed. */
export function MailboxesPage() {
  const { t } = useLingui();
  const [form, setForm] = useState<Mailbox | 'new'>();
  const [shared, setShared] = useState<Mailbox>();
  const { ask, dialog } = useAsk(['admin']);
  const mailboxes = useQuery(mailboxesQuery(useListQuery()));
  const remove = ({ id, name, address, delegates }: Mailbox) =>
    ask({
      title: t`Funktionspostfach „${name}“ löschen?`,
      text: (
        <>
          <p className="fa-wrap">
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
          <p className="fa-wrap">
            <Trans>
              Liegt das Postfach auf Ihrem Mailserver, bleibt dort eingetragen, wer es öffnen darf.
              Nehmen Sie das dort zurück, bevor {address} neu vergeben wird.
            </Trans>
          </p>
        </>
      ),
      action: t`Mit allen Nachrichten löschen`,
      danger: true,
      typed: { label: t`Geben Sie zur Bestätigung die Adresse des Postfachs ein`, word: address },
      deed: () => must(api.DELETE('/api/v1/admin/mailboxes/{id}', { params: { path: { id } } })),
      done: t`„${name}“ ist gelöscht.`,
    });
  const all = mailboxes.data?.items ?? [];
  /** Two may have the same name; their addresses differ. */
  const called = ({ id, name, address }: Mailbox) =>
    all.some((one) => one.id !== id && one.name === name) ? `${name} (${address})` : name;
  const columns: Column<Mailbox>[] = [
    {
      id: 'name',
      header: t`Name`,
      isRowHeader: true,
      cell: ({ name, address }) => (
        <span className="fa-name fa-name--address">
          <span>
            <span className="fa-name__long" title={name}>
              {name}
            </span>
            <span className="fa-name__more">{address}</span>
          </span>
        </span>
      ),
    },
    {
      id: 'delegates',
      header: t`Zugang`,
      cell: ({ delegates }) => <Named delegates={delegates} />,
    },
    {
      id: 'created',
      header: t`Angelegt`,
      cell: ({ created_at }) => <span className="fa-nowrap">{day(created_at)}</span>,
    },
    {
      id: 'actions',
      header: t`Was Sie tun können`,
      hideLabel: true,
      align: 'end',
      cell: (mailbox) => (
        <span className="fa-row">
          <Button
            small
            onPress={() => setShared(mailbox)}
            aria-label={t`Zugang zu ${called(mailbox)}`}
          >
            <Trans>Zugang</Trans>
          </Button>
          <IconButton
            label={t`${called(mailbox)} umbenennen`}
            icon={icons.iconEdit}
            onPress={() => setForm(mailbox)}
          />
          <IconButton
            label={t`${called(mailbox)} löschen`}
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
          icon: icons.iconMail,
          title: <Trans>Noch kein Funktionspostfach</Trans>,
          text: <Trans>Legen Sie eines an, und geben Sie danach Personen Zugang.</Trans>,
        }}
      />
      {dialog}
      {form && (
        <MailboxDialog
          mailbox={form === 'new' ? null : form}
          onClose={() => setForm(undefined)}
          onMade={(made) => {
            setForm(undefined);
            // Nobody may work in it yet.
            setShared(made);
          }}
        />
      )}
      {shared && <AccessDialog mailbox={shared} onClose={() => setShared(undefined)} />}
    </Page>
  );
}

function Named({ delegates }: { delegates: readonly Delegate[] }) {
  const { t } = useLingui();
  if (delegates.length === 0) return <span className="fa-muted">{t`niemand`}</span>;
  // One more than that takes no more room than saying that there is one.
  const shown = delegates.length > NAMED + 1 ? delegates.slice(0, NAMED) : delegates;
  const names = shown.map(({ person }) => person.display_name).join(', ');
  const more = delegates.length - shown.length;
  if (more === 0) return names;
  return (
    <Trans>
      {names} und {more} weitere
    </Trans>
  );
}
