import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { isProblem } from '../../../api/problem.ts';
import { fieldText } from '../../../api/problem-text.ts';
import { useAsk } from '../../../app/ask.tsx';
import { ProblemAlert } from '../../../app/problem-alert.tsx';
import { Button, IconButton } from '../../../ui/button.tsx';
import type { Column } from '../../../ui/data-table.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Alert } from '../../../ui/notice.tsx';
import { Page } from '../../../ui/page.tsx';
import { PickOne } from '../../../ui/picker.tsx';
import { FileDrop } from '../parts/file-drop.tsx';
import { List, useListQuery } from '../parts/list.tsx';
import { allPeopleQuery, tokensQuery, useDeed } from '../queries.ts';

type Token = Schema<'HardwareToken'>;

/** Hardware tokens: brought in from the vendor's file, handed out, taken back. */
export function TokensPage() {
  const { t } = useLingui();
  const [importing, setImporting] = useState(false);
  const [assigning, setAssigning] = useState<Token>();
  const { ask, dialog } = useAsk(['admin']);
  const tokens = useQuery(tokensQuery(useListQuery()));
  const takeBack = (token: Token) =>
    ask({
      title: t`Token ${token.serial} zurücknehmen?`,
      text: (
        <p>
          <Trans>
            {token.person_name} kann sich damit nicht mehr anmelden. Ist es der einzige zweite
            Faktor, richtet die Person bei der nächsten Anmeldung einen neuen ein.
          </Trans>
        </p>
      ),
      action: t`Token zurücknehmen`,
      danger: true,
      deed: () => assign(token.id, null),
      done: t`Token ${token.serial} ist frei.`,
    });
  const remove = (token: Token) =>
    ask({
      title: t`Token ${token.serial} entfernen?`,
      text: (
        <p>
          <Trans>
            Verloren geht das Geheimnis des Tokens. Benutzbar wird es erst wieder, wenn Sie die
            Datei des Herstellers noch einmal einspielen.
          </Trans>
        </p>
      ),
      action: t`Token entfernen`,
      danger: true,
      deed: () =>
        must(api.DELETE('/api/v1/admin/tokens/{id}', { params: { path: { id: token.id } } })),
      done: t`Token ${token.serial} ist entfernt.`,
    });
  const columns: Column<Token>[] = [
    {
      id: 'serial',
      header: t`Seriennummer`,
      isRowHeader: true,
      cell: (token) => <span className="fa-mono">{token.serial}</span>,
    },
    {
      id: 'algorithm',
      header: t`Verfahren`,
      cell: (token) =>
        token.algorithm === 'hotp' ? t`auf Knopfdruck (HOTP)` : t`nach der Uhr (TOTP)`,
    },
    {
      id: 'person',
      header: t`Ausgegeben an`,
      cell: (token) =>
        token.person_id ? (
          <Link to="/verwaltung/personen/$id" params={{ id: token.person_id }}>
            {token.person_name}
          </Link>
        ) : (
          <span className="fa-muted">{t`niemanden`}</span>
        ),
    },
    {
      id: 'actions',
      header: t`Was Sie tun können`,
      hideLabel: true,
      align: 'end',
      cell: (token) => (
        <span className="fa-row">
          {token.person_id ? (
            <Button
              small
              onPress={() => takeBack(token)}
              aria-label={t`Token ${token.serial} zurücknehmen`}
            >
              <Trans>Zurücknehmen</Trans>
            </Button>
          ) : (
            <Button
              small
              onPress={() => setAssigning(token)}
              aria-label={t`Token ${token.serial} ausgeben`}
            >
              <Trans>Ausgeben</Trans>
            </Button>
          )}
          <IconButton
            label={t`Token ${token.serial} entfernen`}
            icon={icons.iconDelete}
            danger
            onPress={() => remove(token)}
          />
        </span>
      ),
    },
  ];
  return (
    <Page
      title={t`Hardware-Token`}
      lead={<Trans>Geräte, die Einmalcodes anzeigen, für Personen ohne Telefon.</Trans>}
      actions={
        <Button variant="primary" icon={icons.iconUpload} onPress={() => setImporting(true)}>
          <Trans>Datei einspielen</Trans>
        </Button>
      }
    >
      <List
        label={t`Hardware-Token`}
        query={tokens}
        columns={columns}
        search={{ label: t`Token suchen`, placeholder: t`Seriennummer oder Person` }}
        empty={{
          icon: icons.iconPin,
          title: <Trans>Noch kein Token</Trans>,
          text: (
            <Trans>
              Spielen Sie die Datei ein, die der Hersteller mitgeliefert hat (PSKC oder CSV). Danach
              geben Sie die Token an Personen aus.
            </Trans>
          ),
        }}
      />
      {dialog}
      <ImportDialog isOpen={importing} onClose={() => setImporting(false)} />
      {assigning && <AssignDialog token={assigning} onClose={() => setAssigning(undefined)} />}
    </Page>
  );
}

const assign = (id: string, person_id: string | null) =>
  must(
    api.PUT('/api/v1/admin/tokens/{id}/person', { params: { path: { id } }, body: { person_id } }),
  );

function ImportDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t } = useLingui();
  const send = useDeed((file: string) =>
    must(api.POST('/api/v1/admin/tokens/import', { body: { file } })),
  );
  const close = () => {
    send.reset();
    onClose();
  };
  return (
    <Dialog
      title={<Trans>Hardware-Token einspielen</Trans>}
      isOpen={isOpen}
      onClose={close}
      footer={
        <Button variant={send.data ? 'primary' : 'secondary'} onPress={close}>
          {send.data ? <Trans>Fertig</Trans> : <Trans>Abbrechen</Trans>}
        </Button>
      }
    >
      <p>
        <Trans>
          Die Datei des Herstellers enthält die Geheimnisse der Token. Löschen Sie sie danach von
          Ihrem Rechner.
        </Trans>
      </p>
      <FileDrop
        action={t`Datei auswählen`}
        accept=".xml,.pskc,.csv,.txt"
        pending={send.isPending}
        onFile={(file) => void file.text().then((text) => send.mutate(text))}
      />
      {send.error &&
        (isProblem(send.error) && send.error.fields.length > 0 ? (
          <Alert
            tone="danger"
            live="assertive"
            title={<Trans>Die Datei ist so nicht lesbar</Trans>}
          >
            <ul className="fa-summary-list">
              {send.error.fields.map(({ code, params }) => (
                <li key={`${code}-${params.entry}`}>{fieldText(code, params)}</li>
              ))}
            </ul>
          </Alert>
        ) : (
          <ProblemAlert problem={send.error} />
        ))}
      {send.data && (
        <Alert
          tone="success"
          live="polite"
          title={
            <Plural
              value={send.data.added}
              _0="Kein neues Token in der Datei"
              one="Ein Token ist neu"
              other="# Token sind neu"
            />
          }
        >
          {send.data.known.length > 0 && (
            <p>
              <Trans>Schon bekannt und nicht verändert: {send.data.known.join(', ')}.</Trans>
            </p>
          )}
        </Alert>
      )}
    </Dialog>
  );
}

function AssignDialog({ token, onClose }: { token: Token; onClose: () => void }) {
  const { t } = useLingui();
  const people = useQuery(allPeopleQuery);
  const [person, setPerson] = useState('');
  const hand = useDeed(() => assign(token.id, person), {
    done: t`Token ${token.serial} ist ausgegeben.`,
    onDone: onClose,
  });
  return (
    <Dialog
      title={<Trans>Token {token.serial} ausgeben</Trans>}
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>
            <Trans>Abbrechen</Trans>
          </Button>
          <Button
            variant="primary"
            isDisabled={!person}
            pending={hand.isPending}
            onPress={() => hand.mutate()}
          >
            <Trans>Token ausgeben</Trans>
          </Button>
        </>
      }
    >
      <PickOne
        label={t`An wen?`}
        name="token-person"
        choices={people.data?.map((candidate) => ({
          id: candidate.id,
          label: candidate.display_name,
          hint: candidate.name,
        }))}
        value={person}
        onChange={setPerson}
      />
      {hand.error && <ProblemAlert problem={hand.error} />}
    </Dialog>
  );
}
