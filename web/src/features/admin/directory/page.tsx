import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { useAsk } from '../../../app/ask.tsx';
import { Loaded } from '../../../app/loaded.tsx';
import { ProblemAlert } from '../../../app/problem-alert.tsx';
import { Button } from '../../../ui/button.tsx';
import { icons } from '../../../ui/icon.tsx';
import { EmptyState, StateText } from '../../../ui/notice.tsx';
import { Card, Facts, Page } from '../../../ui/page.tsx';
import { announce } from '../../../ui/status.tsx';
import { dateTime } from '../format.ts';
import { directoriesQuery, useDeed } from '../queries.ts';
import { ChangeDirectory, DirectoryForm } from './form.tsx';
import { directoryFault } from './words.ts';

type Directory = Schema<'Directory'>;

/** Where people and groups come from. */
export function DirectoryPage() {
  const { t } = useLingui();
  const directories = useQuery(directoriesQuery);
  const [editing, setEditing] = useState<'new' | string>();
  return (
    <Page
      title={t`Verzeichnis`}
      lead={
        <Trans>
          Personen und Gruppen aus Active Directory oder LDAP. Abgeglichen wird jede Minute: Wer
          dort gesperrt wird, ist hier innerhalb einer Minute draußen.
        </Trans>
      }
      narrow
    >
      <Loaded query={directories}>
        {(data) => {
          if (editing === 'new') {
            return <DirectoryForm onDone={() => setEditing(undefined)} />;
          }
          if (data.length === 0) return <Nothing onConnect={() => setEditing('new')} />;
          return (
            <>
              {data.map((directory) =>
                editing === directory.id ? (
                  <ChangeDirectory
                    key={directory.id}
                    id={directory.id}
                    onDone={() => setEditing(undefined)}
                  />
                ) : (
                  <Connected
                    key={directory.id}
                    directory={directory}
                    onEdit={() => setEditing(directory.id)}
                  />
                ),
              )}
              <div className="fa-row">
                <Button icon={icons.iconAdd} onPress={() => setEditing('new')}>
                  <Trans>Weiteres Verzeichnis verbinden</Trans>
                </Button>
              </div>
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Nothing({ onConnect }: { onConnect: () => void }) {
  return (
    <Card>
      <EmptyState
        icon={icons.iconHub}
        title={<Trans>Noch kein Verzeichnis verbunden</Trans>}
        actions={
          <Button variant="primary" icon={icons.iconLink} onPress={onConnect}>
            <Trans>Verzeichnis verbinden</Trans>
          </Button>
        }
      >
        <p>
          <Trans>
            Sie brauchen die Adresse des Servers (ldaps://) und ein Konto, das lesen darf.
            Passwörter aus dem Verzeichnis speichert Fernamt nicht.
          </Trans>
        </p>
      </EmptyState>
    </Card>
  );
}

function Connected({ directory, onEdit }: { directory: Directory; onEdit: () => void }) {
  const { t } = useLingui();
  const { ask, dialog } = useAsk(['admin']);
  const path = { params: { path: { id: directory.id } } };
  const sync = useDeed(() => must(api.POST('/api/v1/admin/directories/{id}/sync', path)), {
    // A round that failed answers too; only the result below tells which it was.
    onDone: () => announce('info', t`Der Abgleich ist gelaufen.`, t`Das Ergebnis steht unten.`),
  });
  const remove = () =>
    ask({
      title: t`„${directory.name}“ trennen?`,
      text: (
        <>
          <p>
            <Trans>
              Alle Personen aus diesem Verzeichnis werden deaktiviert. Ihre Sitzungen, Tunnel und
              Arbeitsplätze enden sofort; nicht gespeicherte Arbeit darin kann verloren gehen.
            </Trans>
          </p>
          <p>
            <Trans>
              Verloren gehen die Zugangsdaten dieser Verbindung. Das Verzeichnis selbst bleibt
              unberührt.
            </Trans>
          </p>
        </>
      ),
      action: t`Verzeichnis trennen`,
      danger: true,
      deed: () => must(api.DELETE('/api/v1/admin/directories/{id}', path)),
      done: t`„${directory.name}“ ist getrennt.`,
    });
  return (
    <Card
      title={directory.name}
      actions={
        <>
          <Button
            small
            variant="primary"
            icon={icons.iconSync}
            pending={sync.isPending}
            onPress={() => sync.mutate()}
          >
            <Trans>Jetzt abgleichen</Trans>
          </Button>
          <Button small icon={icons.iconEdit} onPress={onEdit}>
            <Trans>Bearbeiten</Trans>
          </Button>
        </>
      }
    >
      {sync.error && <ProblemAlert problem={sync.error} />}
      <Facts
        items={[
          [
            t`Letzter Abgleich`,
            directory.last_sync_at ? dateTime(directory.last_sync_at) : t`noch nie`,
          ],
          ...(directory.last_sync
            ? ([[t`Ergebnis`, <SyncResult key="result" report={directory.last_sync} />]] as const)
            : []),
          [t`Server`, directory.url],
          [t`Sucht als`, directory.bind_dn],
          [t`Sucht in`, directory.base_dn],
        ]}
      />
      <div className="fa-row">
        <Button small danger variant="tertiary" icon={icons.iconLinkOff} onPress={remove}>
          <Trans>Verzeichnis trennen</Trans>
        </Button>
      </div>
      {dialog}
    </Card>
  );
}

function SyncResult({ report }: { report: Schema<'SyncReport'> }) {
  if (!report.ok) {
    const { what, next } = directoryFault(report.code, report.params);
    return (
      <StateText tone="danger">
        {what} {next}
      </StateText>
    );
  }
  return (
    <div className="fa-stack fa-stack--tight">
      <StateText tone="success">
        <Trans>
          <Plural value={report.people} one="# Person" other="# Personen" /> und{' '}
          <Plural value={report.groups} one="# Gruppe" other="# Gruppen" />
        </Trans>
      </StateText>
      {report.name_clashes > 0 && (
        <StateText tone="warning">
          <Plural
            value={report.name_clashes}
            one="# Person blieb draußen: Ihren Anmeldenamen hat schon ein Konto von Fernamt."
            other="# Personen blieben draußen: Ihre Anmeldenamen haben schon Konten von Fernamt."
          />
        </StateText>
      )}
      {report.kept_groups > 0 && (
        <StateText tone="warning">
          <Plural
            value={report.kept_groups}
            one="# Gruppe nennt das Verzeichnis nicht mehr. Sie bleibt mit ihren Mitgliedern, weil Regeln oder Funktionen von ihr abhängen."
            other="# Gruppen nennt das Verzeichnis nicht mehr. Sie bleiben mit ihren Mitgliedern, weil Regeln oder Funktionen von ihnen abhängen."
          />
        </StateText>
      )}
    </div>
  );
}
