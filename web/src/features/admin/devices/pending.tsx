import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, useRef } from 'react';
import { api, must } from '../../../api/client.ts';
import { deviceIcon, deviceKindName } from '../../../app/device-words.ts';
import { ProblemAlert } from '../../../app/problem-alert.tsx';
import { Button, ButtonLink } from '../../../ui/button.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Card } from '../../../ui/page.tsx';
import { announce } from '../../../ui/status.tsx';
import { dateTime } from '../format.ts';
import { devicesQuery, useDeed } from '../queries.ts';
import type { Device, DeviceDeeds } from './page.tsx';

/** What is shown at once; the rest moves up. */
const SHOWN = 20;
const APPROVE = 'button[data-approve]';

/**
 * Devices that wait. By keyboard: the arrows walk through them, Enter approves and goes on to the
 * next, Delete refuses.
 */
export function PendingDevices({ deeds }: { deeds: DeviceDeeds }) {
  const { t } = useLingui();
  const list = useRef<HTMLUListElement>(null);
  const pending = useQuery(devicesQuery({ state: 'pending', limit: SHOWN }));
  const approve = useDeed(
    (device: Device) =>
      must(api.POST('/api/v1/admin/devices/{id}/approve', { params: { path: { id: device.id } } })),
    { done: (device) => t`„${device.name}“ von ${device.person_name} ist freigegeben.` },
  );
  const devices = pending.data?.items ?? [];
  if (devices.length === 0) return null;

  const buttons = () => [...(list.current?.querySelectorAll<HTMLButtonElement>(APPROVE) ?? [])];
  const step = (by: number) => {
    const all = buttons();
    const here = all.findIndex((button) => button.closest('li')?.contains(document.activeElement));
    const next = all[here + by];
    next?.focus();
    return Boolean(next);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      step(event.key === 'ArrowDown' ? 1 : -1);
    }
    if (event.key === 'Delete') {
      const id = document.activeElement?.closest('li')?.dataset.device;
      const device = devices.find((candidate) => candidate.id === id);
      if (device) deeds.revoke(device);
    }
  };
  const approveAndGoOn = (device: Device) => {
    // Before the row goes, or the focus would go with it.
    if (!step(1) && !step(-1)) document.querySelector<HTMLElement>('main h1')?.focus();
    approve.mutate(device, {
      onError: () => announce('danger', t`„${device.name}“ wurde nicht freigegeben.`),
    });
  };
  return (
    <Card
      title={
        <Plural
          value={pending.data?.total ?? devices.length}
          one="Ein Gerät wartet auf Freigabe"
          other="# Geräte warten auf Freigabe"
        />
      }
      lead={
        <Trans>
          Fragen Sie im Zweifel bei der Person nach. Mit der Tastatur: Pfeile wechseln, Eingabe gibt
          frei, Entf lehnt ab.
        </Trans>
      }
    >
      {approve.error && <ProblemAlert problem={approve.error} />}
      <ul className="fa-list" ref={list} onKeyDownCapture={onKeyDown}>
        {devices.map((device) => (
          <li key={device.id} data-device={device.id}>
            <Icon of={deviceIcon(device.kind, device.name)} className="fa-list__icon" />
            <div className="fa-list__text">
              <div className="fa-list__title">
                {device.person_name}
                <span className="fa-muted fa-regular">
                  {device.name} · {deviceKindName(device.kind)}
                </span>
              </div>
              <div className="fa-muted fa-small">
                <Trans>
                  Angemeldet am {dateTime(device.created_at)}, Fingerabdruck{' '}
                  <code className="fa-break">{device.fingerprint}</code>
                </Trans>
              </div>
            </div>
            {device.kind === 'stick' ? (
              <StickLink device={device} />
            ) : (
              <div className="fa-row">
                <Button
                  small
                  variant="primary"
                  icon={icons.iconCheck}
                  data-approve
                  pending={approve.isPending && approve.variables.id === device.id}
                  aria-label={t`„${device.name}“ von ${device.person_name} freigeben`}
                  onPress={() => approveAndGoOn(device)}
                >
                  <Trans>Freigeben</Trans>
                </Button>
                <Button
                  small
                  danger
                  variant="tertiary"
                  aria-label={t`„${device.name}“ von ${device.person_name} ablehnen`}
                  onPress={() => deeds.revoke(device)}
                >
                  <Trans>Ablehnen</Trans>
                </Button>
              </div>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** What can be done about a stick stands on its own page. */
function StickLink({ device }: { device: Device }) {
  return (
    <ButtonLink to="/verwaltung/sticks/$id" params={{ id: device.id }} small>
      <Trans>
        Zum Stick
        <span className="kern-sr-only"> {device.person_name}</span>
      </Trans>
    </ButtonLink>
  );
}
