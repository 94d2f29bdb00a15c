import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { useAsk } from '../../../app/ask.tsx';
import { deviceIcon, methodName } from '../../../app/device-words.ts';
import { Loaded } from '../../../app/loaded.tsx';
import { useSession } from '../../../app/queries.ts';
import { Button } from '../../../ui/button.tsx';
import { SearchField } from '../../../ui/fields.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Badge, EmptyState } from '../../../ui/notice.tsx';
import { Page } from '../../../ui/page.tsx';
import { dateTime, list, since } from '../format.ts';
import { Pages } from '../parts/pages.tsx';
import { useSearchText, useUrlState } from '../parts/url-state.ts';
import { given, PAGE_SIZE, sessionsQuery } from '../queries.ts';

type OpenSession = Schema<'OpenSession'>;

/** Who is signed in now and what runs. */
export function SessionsPage() {
  const { t } = useLingui();
  const [{ suche, seite = 1 }, change] = useUrlState();
  const search = useSearchText();
  const sessions = useQuery(
    sessionsQuery({ ...given({ q: suche }), offset: (seite - 1) * PAGE_SIZE, limit: PAGE_SIZE }),
  );
  return (
    <Page
      title={t`Sitzungen`}
      lead={
        <Trans>
          Wer jetzt angemeldet ist und was gerade läuft. Eine Geschichte davon wird nicht geführt.
        </Trans>
      }
    >
      <div className="fa-table-bar">
        <SearchField {...search} label={t`Sitzungen suchen`} placeholder={t`Person oder Gerät`} />
      </div>
      <Loaded query={sessions}>
        {({ items, total }) =>
          items.length === 0 ? (
            <EmptyState
              icon={icons.iconLinkOff}
              title={suche ? <Trans>Nichts gefunden</Trans> : <Trans>Niemand ist angemeldet</Trans>}
            />
          ) : (
            <>
              <ul className="fa-rules">
                {items.map((session) => (
                  <SessionItem key={session.id} session={session} />
                ))}
              </ul>
              <Pages
                page={seite}
                pageSize={PAGE_SIZE}
                total={total}
                onPage={(next) => change({ seite: next })}
              />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function SessionItem({ session }: { session: OpenSession }) {
  const { t } = useLingui();
  const own = useSession().id === session.id;
  const { ask, dialog } = useAsk(['admin']);
  const [now] = useState(() => Date.now());
  const running = session.connections;
  const end = () =>
    ask({
      title: t`Sitzung von ${session.person_name} beenden?`,
      text: (
        <>
          <p>
            {running.length === 0 ? (
              <Trans>Die Person ist danach auf „{session.device_name}“ abgemeldet.</Trans>
            ) : (
              <Trans>
                Die Person wird auf „{session.device_name}“ abgemeldet. Sofort enden:{' '}
                {list(running.map(({ target_name }) => `„${target_name}“`))}. Nicht gespeicherte
                Arbeit darin kann verloren gehen.
              </Trans>
            )}
          </p>
          <p>
            <Trans>Anmelden kann sich die Person sofort wieder.</Trans>
          </p>
        </>
      ),
      action: t`Sitzung beenden`,
      danger: true,
      deed: () =>
        must(api.DELETE('/api/v1/admin/sessions/{id}', { params: { path: { id: session.id } } })),
      done: t`Die Sitzung von ${session.person_name} ist beendet.`,
    });
  const endConnection = (connection: Schema<'Connection'>) =>
    ask({
      title: t`Verbindung zu „${connection.target_name}“ beenden?`,
      text: (
        <p>
          <Trans>
            Sie endet für {session.person_name} sofort; nicht gespeicherte Arbeit darin kann
            verloren gehen. Angemeldet bleibt die Person, und öffnen kann sie das Ziel wieder.
          </Trans>
        </p>
      ),
      action: t`Verbindung beenden`,
      danger: true,
      deed: () =>
        must(
          api.DELETE('/api/v1/admin/connections/{id}', { params: { path: { id: connection.id } } }),
        ),
      done: t`Die Verbindung zu „${connection.target_name}“ ist beendet.`,
    });
  return (
    <li className="fa-rule kern-level-2">
      <div className="fa-rule__head">
        <Icon of={deviceIcon(session.device_kind, session.device_name)} className="fa-list__icon" />
        <h2>{session.person_name}</h2>
        {own && (
          <Badge tone="info" icon={icons.iconPerson}>
            <Trans>das sind Sie</Trans>
          </Badge>
        )}
        <span className="fa-rule__action">
          <Button
            small
            danger
            isDisabled={own}
            onPress={end}
            aria-label={t`Sitzung beenden: ${session.person_name}, „${session.device_name}“`}
          >
            <Trans>Sitzung beenden</Trans>
          </Button>
        </span>
      </div>
      <p className="fa-muted">
        <Trans>
          {session.device_name} · Zugang {session.zone} · angemeldet mit{' '}
          {list(session.methods.map(methodName))} · seit {dateTime(session.created_at)}, längstens
          bis {dateTime(session.expires_at)}
        </Trans>
      </p>
      {running.length > 0 && (
        <>
          <h3 className="fa-session__title">
            <Plural
              value={running.length}
              one="Eine Verbindung läuft"
              other="# Verbindungen laufen"
            />
          </h3>
          <ul className="fa-connections">
            {running.map((connection) => (
              <li key={connection.id}>
                <span>
                  {connection.target_name}{' '}
                  <span className="fa-muted fa-small">{since(connection.since, now)}</span>
                </span>
                <Button
                  small
                  variant="tertiary"
                  danger
                  onPress={() => endConnection(connection)}
                  aria-label={t`Verbindung beenden: ${session.person_name}, „${connection.target_name}“`}
                >
                  <Trans>Verbindung beenden</Trans>
                </Button>
              </li>
            ))}
          </ul>
        </>
      )}
      {dialog}
    </li>
  );
}
