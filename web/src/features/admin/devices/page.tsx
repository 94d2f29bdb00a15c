import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, must, type Schema } from '../../../api/client.ts';
import { useAsk } from '../../../app/ask.tsx';
import {
  DEVICE_KINDS,
  DEVICE_STATES,
  deviceIcon,
  deviceKindName,
  deviceState,
} from '../../../app/device-words.ts';
import { useSession } from '../../../app/queries.ts';
import { WordText } from '../../../app/word.tsx';
import { ButtonLink, IconButton } from '../../../ui/button.tsx';
import type { Column } from '../../../ui/data-table.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Menu, MenuItem } from '../../../ui/menu.tsx';
import { Page } from '../../../ui/page.tsx';
import { dateTime, day } from '../format.ts';
import { List, useListQuery } from '../parts/list.tsx';
import { oneOf, useUrlState } from '../parts/url-state.ts';
import { devicesQuery, given } from '../queries.ts';
import { optionsOf } from '../words.ts';
import { LicencesLine } from './licences.tsx';
import { PendingDevices } from './pending.tsx';

export type Device = Schema<'Device'>;

/** Devices of all people: those that wait come first and can be approved one after the other. */
export function DevicesPage() {
  const { t } = useLingui();
  const [{ suche, art, zustand, person }] = useUrlState();
  const isAdministrator = useSession().person.roles.includes('administrator');
  const deeds = useDeviceDeeds();
  const devices = useQuery(
    devicesQuery({
      ...useListQuery(),
      ...given({
        person,
        kind: oneOf(DEVICE_KINDS, art),
        state: oneOf(DEVICE_STATES, zustand),
      }),
    }),
  );
  const owner = person ? devices.data?.items[0]?.person_name : undefined;
  const columns: Column<Device>[] = [
    {
      id: 'name',
      header: t`Gerät`,
      isRowHeader: true,
      cell: (device) => (
        <span className="fa-name">
          <Icon of={deviceIcon(device.kind, device.name)} />
          <span>
            {device.name}
            <span className="fa-name__more">
              {device.container
                ? t`${deviceKindName(device.kind)}, mit Container`
                : deviceKindName(device.kind)}
              {device.licence && ` · ${t`mit Lizenz der Sicherheits-App`}`}
              {device.contact && ` · ${toldOf(device.contact)}`}
            </span>
          </span>
        </span>
      ),
    },
    {
      id: 'person',
      header: t`Person`,
      cell: (device) =>
        isAdministrator ? (
          <Link to="/verwaltung/personen/$id" params={{ id: device.person_id }}>
            {device.person_name}
          </Link>
        ) : (
          device.person_name
        ),
    },
    {
      id: 'state',
      header: t`Zustand`,
      cell: (device) => <WordText word={deviceState(device.state)} />,
    },
    {
      id: 'seen',
      header: t`Zuletzt benutzt`,
      cell: (device) => (
        <span>
          {device.contact
            ? dateTime(device.contact.at)
            : device.last_seen_on
              ? day(device.last_seen_on)
              : t`noch nie`}
          <span className="fa-name__more">
            <Trans>zuerst {dateTime(device.created_at)}</Trans>
          </span>
        </span>
      ),
    },
    {
      id: 'actions',
      header: t`Was Sie tun können`,
      hideLabel: true,
      align: 'end',
      cell: (device) => <DeviceMenu device={device} deeds={deeds} />,
    },
  ];
  const filtered = Boolean(suche || art || zustand || person);
  return (
    <Page title={t`Geräte`} lead={<Trans>Womit Personen arbeiten. Gesperrtes endet sofort.</Trans>}>
      <LicencesLine />
      {!filtered && <PendingDevices deeds={deeds} />}
      {owner && (
        <p>
          <Trans>Nur Geräte von {owner}.</Trans>{' '}
          <Link to="/verwaltung/geraete">
            <Trans>Alle zeigen</Trans>
          </Link>
        </p>
      )}
      <List
        label={t`Alle Geräte`}
        query={devices}
        columns={columns}
        search={{ label: t`Geräte suchen`, placeholder: t`Gerät oder Person` }}
        filters={[
          {
            name: 'zustand',
            label: t`Zustand`,
            options: optionsOf(DEVICE_STATES, (state) => deviceState(state).label),
          },
          { name: 'art', label: t`Art`, options: optionsOf(DEVICE_KINDS, deviceKindName) },
        ]}
        empty={{
          icon: icons.iconDevices,
          title: <Trans>Noch kein Gerät</Trans>,
          text: <Trans>Geräte erscheinen hier, sobald sich jemand damit anmeldet.</Trans>,
        }}
      />
      {deeds.dialog}
    </Page>
  );
}

/** What a browser says of itself. None of it is proven. */
function toldOf({ browser, platform }: Schema<'DeviceContact'>): string {
  return [browser, platform].filter(Boolean).join(', ');
}

export type DeviceDeeds = ReturnType<typeof useDeviceDeeds>;

/** What can be done with a device. Approving takes nothing away and needs no question. */
function useDeviceDeeds() {
  const { t } = useLingui();
  const { ask, dialog } = useAsk(['admin']);
  const path = (device: Device) => ({ params: { path: { id: device.id } } });
  const suspend = (device: Device) =>
    ask({
      title: t`„${device.name}“ vorläufig sperren?`,
      text: (
        <p>
          <Trans>
            Was {device.person_name} auf diesem Gerät offen hat, endet sofort; nicht gespeicherte
            Arbeit kann verloren gehen. Sie können es später wieder freigeben.
          </Trans>
        </p>
      ),
      action: t`Gerät vorläufig sperren`,
      danger: true,
      deed: () => must(api.POST('/api/v1/admin/devices/{id}/suspend', path(device))),
      done: t`„${device.name}“ ist vorläufig gesperrt.`,
    });
  const revoke = (device: Device) =>
    ask({
      title: t`„${device.name}“ endgültig sperren?`,
      text: (
        <>
          <p>
            <Trans>
              Was {device.person_name} auf diesem Gerät offen hat, endet sofort; nicht gespeicherte
              Arbeit kann verloren gehen. Der Schlüssel des Geräts gilt nie wieder.
            </Trans>
          </p>
          <p>
            <Trans>
              Das lässt sich nicht rückgängig machen. Die Person kann das Gerät nur neu anmelden.
            </Trans>
          </p>
        </>
      ),
      action: t`Gerät endgültig sperren`,
      danger: true,
      deed: () => must(api.POST('/api/v1/admin/devices/{id}/revoke', path(device))),
      done: t`„${device.name}“ ist endgültig gesperrt.`,
    });
  const approve = (device: Device) =>
    ask({
      title: t`„${device.name}“ freigeben?`,
      text: (
        <p>
          <Trans>{device.person_name} kann damit nutzen, was die Regeln erlauben.</Trans>
        </p>
      ),
      action: t`Gerät freigeben`,
      deed: () => must(api.POST('/api/v1/admin/devices/{id}/approve', path(device))),
      done: t`„${device.name}“ ist freigegeben.`,
    });
  const wipe = (device: Device) =>
    ask({
      title: t`Container auf „${device.name}“ löschen?`,
      text: (
        <>
          <p>
            <Trans>
              Die Mail, die verschlüsselt auf diesem Gerät liegt, lässt sich danach nicht mehr
              öffnen. Was {device.person_name} dort geschrieben und noch nicht gesendet hat, ist
              verloren. Auf dem Server bleibt alles.
            </Trans>
          </p>
          <p>
            <Trans>
              Das lässt sich nicht rückgängig machen. Das Gerät bleibt, wie es ist; gesperrt wird es
              dadurch nicht. Hat es eine Lizenz der Sicherheits-App, wird sie frei.
            </Trans>
          </p>
        </>
      ),
      action: t`Container löschen`,
      danger: true,
      deed: () => must(api.POST('/api/v1/admin/devices/{id}/wipe', path(device))),
      done: t`Der Container auf „${device.name}“ ist gelöscht.`,
    });
  const free = (device: Device) =>
    ask({
      title: t`Lizenz von „${device.name}“ freigeben?`,
      text: (
        <p>
          <Trans>
            Auf diesem Gerät liegt kein Container. Die Lizenz der Sicherheits-App kann dann ein
            anderes Telefon bekommen; dieses nimmt wieder eine, wenn {device.person_name} dort einen
            Container anlegt.
          </Trans>
        </p>
      ),
      action: t`Lizenz freigeben`,
      deed: () => must(api.POST('/api/v1/admin/devices/{id}/wipe', path(device))),
      done: t`Die Lizenz von „${device.name}“ ist frei.`,
    });
  return { approve, suspend, revoke, wipe, free, dialog };
}

function DeviceMenu({ device, deeds }: { device: Device; deeds: DeviceDeeds }) {
  const { t } = useLingui();
  if (device.kind === 'stick') {
    return (
      <ButtonLink to="/verwaltung/sticks/$id" params={{ id: device.id }} variant="tertiary" small>
        <Trans>
          Zum Stick
          <span className="kern-sr-only"> {device.person_name}</span>
        </Trans>
      </ButtonLink>
    );
  }
  if (device.state === 'revoked') return null;
  return (
    <Menu
      label={t`„${device.name}“ von ${device.person_name}`}
      header={
        <>
          <div>
            <Trans>Fingerabdruck</Trans>
          </div>
          <code className="fa-break fa-small">{device.fingerprint}</code>
          <div className="fa-muted fa-small">
            <Trans>Angemeldet am {dateTime(device.created_at)}</Trans>
          </div>
          {device.contact?.terms_accepted_at && (
            <div className="fa-muted fa-small">
              <Trans>
                Nutzungsbedingungen angenommen am {dateTime(device.contact.terms_accepted_at)}
              </Trans>
            </div>
          )}
        </>
      }
      trigger={
        <IconButton
          label={t`Was tun mit „${device.name}“ von ${device.person_name}?`}
          icon={icons.iconMoreVert}
        />
      }
    >
      {device.state !== 'approved' && (
        <MenuItem icon={icons.iconCheck} onAction={() => deeds.approve(device)}>
          {t`Freigeben`}
        </MenuItem>
      )}
      {device.state === 'approved' && (
        <MenuItem icon={icons.iconLock} onAction={() => deeds.suspend(device)}>
          {t`Vorläufig sperren`}
        </MenuItem>
      )}
      {device.container && (
        <MenuItem icon={icons.iconDelete} danger onAction={() => deeds.wipe(device)}>
          {t`Container löschen`}
        </MenuItem>
      )}
      {device.licence && !device.container && (
        <MenuItem icon={icons.iconDelete} onAction={() => deeds.free(device)}>
          {t`Lizenz freigeben`}
        </MenuItem>
      )}
      <MenuItem icon={icons.iconBlock} danger onAction={() => deeds.revoke(device)}>
        {t`Endgültig sperren`}
      </MenuItem>
    </Menu>
  );
}
