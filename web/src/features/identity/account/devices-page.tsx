import { t } from '@lingui/core/macro';
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createLazyRoute } from '@tanstack/react-router';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { signOut } from '../../../api/session-keeper.ts';
import { deviceIcon, deviceState, methodName, type Word } from '../../../app/device-words.ts';
import { ProblemAlert } from '../../../app/problem-alert.tsx';
import { WordBadge } from '../../../app/word.tsx';
import { Button } from '../../../ui/button.tsx';
import { ConfirmDialog } from '../../../ui/dialog.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Badge, Loading } from '../../../ui/notice.tsx';
import { Card } from '../../../ui/page.tsx';
import { announce } from '../../../ui/status.tsx';
import { DateText, TimeText } from '../../../ui/time.tsx';
import { Programs } from './programs.tsx';
import { devicesQuery, sessionsQuery } from './queries.ts';
import { RenameDevice } from './rename-device.tsx';

export const DevicesRoute = createLazyRoute('/angemeldet/haus/konto/geraete')({
  component: DevicesPage,
});

type Device = Schema<'MyDevice'>;
type Session = Schema<'MySession'>;

function DevicesPage() {
  return (
    <>
      <Sessions />
      <Devices />
      <Programs />
    </>
  );
}

function Sessions() {
  const { t } = useLingui();
  const cache = useQueryClient();
  const { data, error } = useQuery(sessionsQuery);
  const [ending, setEnding] = useState<Session | null>(null);
  const end = async (session: Session) => {
    if (session.current) {
      await signOut();
      return;
    }
    await must(api.DELETE('/api/v1/me/sessions/{id}', { params: { path: { id: session.id } } }));
    announce('success', t`Die Sitzung ist beendet.`);
    await cache.invalidateQueries(sessionsQuery);
  };
  return (
    <Card
      title={<Trans>Angemeldet</Trans>}
      lead={
        <Trans>
          Hier sind Sie gerade angemeldet. Was Sie nicht kennen, beenden Sie, und ändern dann Ihr
          Passwort.
        </Trans>
      }
    >
      {error && <ProblemAlert problem={error} />}
      {!data && !error && <Loading />}
      <ul className="fa-list">
        {data?.map((session) => (
          <li key={session.id}>
            <Icon
              of={deviceIcon(session.device_kind, session.device_name)}
              className="fa-list__icon"
            />
            <div className="fa-list__text">
              <div className="fa-list__title">
                {session.device_name}
                {session.current && (
                  <Badge tone="info" icon={icons.iconCheckCircle}>
                    <Trans>Diese Sitzung</Trans>
                  </Badge>
                )}
              </div>
              <div className="fa-muted fa-small">
                {session.methods.map(methodName).join(' + ')} · <Trans>seit</Trans>{' '}
                <TimeText value={session.created_at} /> · <Trans>zuletzt</Trans>{' '}
                <TimeText value={session.seen_at} />
                {session.connections > 0 && (
                  <>
                    {' · '}
                    <Plural
                      value={session.connections}
                      one="# Verbindung offen"
                      other="# Verbindungen offen"
                    />
                  </>
                )}
              </div>
            </div>
            <Button small onPress={() => setEnding(session)}>
              {session.current ? <Trans>Abmelden</Trans> : <Trans>Beenden</Trans>}
            </Button>
          </li>
        ))}
      </ul>
      <ConfirmDialog
        title={
          ending?.current ? <Trans>Hier abmelden?</Trans> : <Trans>Diese Sitzung beenden?</Trans>
        }
        action={ending?.current ? t`Abmelden` : t`Sitzung beenden`}
        isOpen={ending !== null}
        onClose={() => setEnding(null)}
        onConfirm={() => ending && end(ending)}
      >
        <p>
          <Trans>
            Offene Arbeitsplätze und Anwendungen dieser Sitzung werden sofort getrennt. Was dort
            nicht gespeichert ist, kann verloren gehen.
          </Trans>
        </p>
      </ConfirmDialog>
    </Card>
  );
}

function Devices() {
  const { t } = useLingui();
  const cache = useQueryClient();
  const { data, error } = useQuery(devicesQuery);
  const [revoking, setRevoking] = useState<Device | null>(null);
  const [renaming, setRenaming] = useState<Device | null>(null);
  const lost = revoking?.kind === 'stick';
  const devices = data?.filter(
    ({ kind, state }) => kind !== 'ssh_key' && kind !== 'api_client' && state !== 'revoked',
  );
  const revoke = async (device: Device) => {
    await must(api.DELETE('/api/v1/me/devices/{id}', { params: { path: { id: device.id } } }));
    announce(
      'success',
      device.kind === 'stick' ? t`Der Stick ist gesperrt.` : t`Das Gerät ist gesperrt.`,
    );
    await Promise.all([
      cache.invalidateQueries(devicesQuery),
      cache.invalidateQueries(sessionsQuery),
    ]);
  };
  return (
    <Card
      title={<Trans>Meine Geräte</Trans>}
      lead={
        <Trans>
          Jeder Browser, mit dem Sie sich anmelden, ist ein eigenes Gerät; Ihr Stick auch.
        </Trans>
      }
    >
      {error && <ProblemAlert problem={error} />}
      {!devices && !error && <Loading />}
      <ul className="fa-list">
        {devices?.map((device) => {
          const state = stateOf(device);
          return (
            <li key={device.id}>
              <Icon of={deviceIcon(device.kind, device.name)} className="fa-list__icon" />
              <div className="fa-list__text">
                <div className="fa-list__title">
                  {device.name}
                  {device.current && (
                    <Badge tone="info" icon={icons.iconCheckCircle}>
                      <Trans>Dieses Gerät</Trans>
                    </Badge>
                  )}
                  {device.state !== 'approved' && <WordBadge word={state} />}
                </div>
                <div className="fa-muted fa-small">
                  <Trans>Seit</Trans> <DateText value={device.created_at} />
                  {device.last_seen_on && (
                    <>
                      {' · '}
                      <Trans>zuletzt</Trans> <DateText value={device.last_seen_on} />
                    </>
                  )}
                </div>
              </div>
              <Button
                small
                aria-label={t`„${device.name}“ benennen`}
                onPress={() => setRenaming(device)}
              >
                <Trans>Benennen</Trans>
              </Button>
              {!device.current && (
                <Button
                  small
                  danger
                  aria-label={
                    device.kind === 'stick'
                      ? t`Als verloren melden: „${device.name}“`
                      : t`„${device.name}“ sperren`
                  }
                  onPress={() => setRevoking(device)}
                >
                  {device.kind === 'stick' ? (
                    <Trans>Als verloren melden</Trans>
                  ) : (
                    <Trans>Sperren</Trans>
                  )}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
      <RenameDevice device={renaming} onClose={() => setRenaming(null)} />
      <ConfirmDialog
        title={
          lost ? (
            <Trans>„{revoking?.name}“ als verloren melden?</Trans>
          ) : (
            <Trans>„{revoking?.name}“ sperren?</Trans>
          )
        }
        action={lost ? t`Als verloren melden` : t`Gerät sperren`}
        danger
        isOpen={revoking !== null}
        onClose={() => setRevoking(null)}
        onConfirm={() => revoking && revoke(revoking)}
      >
        {lost ? (
          <p>
            <Trans>
              Der Stick wird sofort und für immer gesperrt; was gerade über ihn läuft, endet. Das
              lässt sich nicht rückgängig machen, auch wenn er wieder auftaucht. Ihre Leitstelle
              gibt Ihnen einen neuen.
            </Trans>
          </p>
        ) : (
          <p>
            <Trans>
              Alle Sitzungen auf diesem Gerät enden sofort. Es kann sich nicht mehr anmelden, bis es
              neu freigegeben ist.
            </Trans>
          </p>
        )}
      </ConfirmDialog>
    </Card>
  );
}

/** A stick that waits does so for its person, not for the control desk. */
function stateOf({ kind, state }: Device): Word {
  return kind === 'stick' && state === 'pending'
    ? { label: t`noch nicht aktiviert`, tone: 'info', icon: icons.iconHourglassTop }
    : deviceState(state);
}
