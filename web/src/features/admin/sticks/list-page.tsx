import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Schema } from '../../../api/client.ts';
import { useSession } from '../../../app/queries.ts';
import { WordText } from '../../../app/word.tsx';
import { ButtonLink, IconButton } from '../../../ui/button.tsx';
import type { Column } from '../../../ui/data-table.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Menu, MenuItem } from '../../../ui/menu.tsx';
import { Alert, EmptyState } from '../../../ui/notice.tsx';
import { Page } from '../../../ui/page.tsx';
import { day, shortDay } from '../format.ts';
import { List, useListQuery } from '../parts/list.tsx';
import { oneOf, useUrlState } from '../parts/url-state.ts';
import { given } from '../queries.ts';
import { optionsOf } from '../words.ts';
import { type StickDeeds, useStickDeeds } from './deeds.tsx';
import { DeliveryFault } from './delivery.tsx';
import { usePackages } from './packages.tsx';
import { copiedSticksQuery, sticksQuery } from './queries.ts';
import {
  lineNumbers,
  lineWord,
  STICK_FILTERS,
  STICK_STATES,
  stateNote,
  stickFilterName,
  stickState,
  systemName,
} from './words.ts';

type Stick = Schema<'Stick'>;

/** All sticks: whose, how they stand, when and over what line they were last used. */
export function SticksPage() {
  const { t } = useLingui();
  const [{ suche, zustand, person }] = useUrlState();
  const isAdministrator = useSession().person.roles.includes('administrator');
  const deeds = useStickDeeds();
  const columns = useColumns(deeds);
  const filter = oneOf(STICK_FILTERS, zustand);
  const sticks = useQuery(
    sticksQuery({
      ...useListQuery(),
      ...given({ person, state: oneOf(STICK_STATES, zustand) }),
      ...(filter === 'copied' && { copied: true }),
    }),
  );
  const owner = person ? sticks.data?.items[0]?.person_name : undefined;
  const filtered = Boolean(suche || filter || person);
  const none = !filtered && sticks.data?.total === 0;
  const make = isAdministrator && (
    <ButtonLink to="/verwaltung/sticks/neu" variant="primary" icon={icons.iconAdd}>
      <Trans>Sticks anlegen</Trans>
    </ButtonLink>
  );
  return (
    <Page
      title={t`Sticks`}
      lead={
        <Trans>USB-Sticks, mit denen Personen an jedem Rechner arbeiten, ohne Installation.</Trans>
      }
      {...(make && !none && { actions: make })}
    >
      <DeliveryFault />
      {filter !== 'copied' && <CopiedAlarm />}
      {owner && (
        <p>
          <Trans>Nur Sticks von {owner}.</Trans>{' '}
          <Link to="/verwaltung/sticks">
            <Trans>Alle zeigen</Trans>
          </Link>
        </p>
      )}
      {none ? (
        <FirstStick make={make} />
      ) : (
        <List
          label={t`Alle Sticks`}
          query={sticks}
          columns={columns}
          search={{ label: t`Sticks suchen`, placeholder: t`Person oder Stick` }}
          filters={[
            {
              name: 'zustand',
              label: t`Zustand`,
              options: optionsOf(STICK_FILTERS, stickFilterName),
            },
          ]}
          empty={{
            icon: icons.iconUsb,
            title: <Trans>Nichts gefunden</Trans>,
            text: <Trans>Kein Stick passt zu dieser Suche.</Trans>,
          }}
        />
      )}
      {deeds.dialog}
    </Page>
  );
}

/** A copy of a stick was refused: somebody must look at it. */
export function CopiedAlarm() {
  const copied = useQuery(copiedSticksQuery).data;
  if (!copied || copied.total === 0) return null;
  const names = [...new Set(copied.items.map((stick) => stick.person_name))].join(', ');
  return (
    <Alert
      tone="danger"
      title={
        <Plural
          value={copied.total}
          one="Ein kopierter Stick wurde abgewiesen"
          other="# kopierte Sticks wurden abgewiesen"
        />
      }
      actions={
        <ButtonLink to="/verwaltung/sticks" search={{ zustand: 'copied' }} small>
          <Trans>Ansehen</Trans>
        </ButtonLink>
      }
    >
      <p>
        {copied.total > copied.items.length ? (
          <Trans>Betroffen: {names} und weitere. Original und Kopie sind gesperrt.</Trans>
        ) : (
          <Trans>Betroffen: {names}. Original und Kopie sind gesperrt.</Trans>
        )}
      </p>
    </Alert>
  );
}

function FirstStick({ make }: { make: React.ReactNode }) {
  return (
    <EmptyState
      icon={icons.iconUsb}
      title={<Trans>Noch kein Stick</Trans>}
      {...(make && { actions: make })}
    >
      <p>
        <Trans>
          Ein Stick ist ein gewöhnlicher USB-Stick mit einem Programm darauf. Die Person steckt ihn
          an irgendeinem Rechner ein, gibt Passphrase und Einmalcode ein und sieht ihre Ziele.
          Installiert wird nichts, und Fernamt hinterlässt dort nichts.
        </Trans>
      </p>
      <ol className="fa-steps fa-steps--start">
        <li>
          <p>
            <Trans>Sie legen Sticks an, für einzelne Personen oder eine ganze Gruppe.</Trans>
          </p>
        </li>
        <li>
          <p>
            <Trans>Sie entpacken das Paket auf einen USB-Stick und geben ihn aus.</Trans>
          </p>
        </li>
        <li>
          <p>
            <Trans>Die Person bekommt ihren Aktivierungscode getrennt davon, als Brief.</Trans>
          </p>
        </li>
      </ol>
    </EmptyState>
  );
}

function useColumns(deeds: StickDeeds): Column<Stick>[] {
  const { t } = useLingui();
  return [
    {
      id: 'person',
      header: t`Person`,
      isRowHeader: true,
      cell: (stick) => (
        <span className="fa-name fa-name--wide">
          <Icon of={icons.iconUsb} />
          <span>
            <Link to="/verwaltung/sticks/$id" params={{ id: stick.id }}>
              {stick.person_name}
            </Link>
            <span className="fa-name__more">{stick.name}</span>
          </span>
        </span>
      ),
    },
    {
      id: 'state',
      header: t`Zustand`,
      cell: (stick) => (
        <TwoLines first={<WordText word={stickState(stick)} />} second={stateNote(stick)} />
      ),
    },
    {
      id: 'line',
      header: t`Leitung`,
      cell: ({ line, line_on: on }) =>
        line ? (
          <TwoLines
            first={<WordText word={lineWord(line)} />}
            second={`${lineNumbers(line)}${on ? ` (${shortDay(on)})` : ''}`}
          />
        ) : (
          <span className="fa-muted">–</span>
        ),
    },
    {
      id: 'seen',
      header: t`Zuletzt benutzt`,
      cell: ({ last_seen_on: seen, program, system }) => (
        <TwoLines
          first={seen ? day(seen) : t`noch nie`}
          second={[program, system && systemName(system)].filter(Boolean).join(', ')}
        />
      ),
    },
    {
      id: 'actions',
      header: t`Was Sie tun können`,
      hideLabel: true,
      align: 'end',
      cell: (stick) => <StickMenu stick={stick} deeds={deeds} />,
    },
  ];
}

function TwoLines({ first, second }: { first: React.ReactNode; second: string }) {
  return (
    <span className="fa-two-lines">
      <span>{first}</span>
      {second && <span className="fa-muted fa-small">{second}</span>}
    </span>
  );
}

function StickMenu({ stick, deeds }: { stick: Stick; deeds: StickDeeds }) {
  const { t } = useLingui();
  const packages = usePackages();
  if (stick.state === 'revoked') return null;
  return (
    <Menu
      label={t`Stick von ${stick.person_name}`}
      trigger={
        <IconButton
          label={t`Was tun mit dem Stick von ${stick.person_name}?`}
          icon={icons.iconMoreVert}
        />
      }
    >
      <MenuItem icon={icons.iconDownload} onAction={() => packages.mutate([stick])}>
        {t`Paket herunterladen`}
      </MenuItem>
      <MenuItem icon={icons.iconKey} onAction={() => deeds.newCode(stick)}>
        {t`Neuer Aktivierungscode`}
      </MenuItem>
      {mayResume(stick) && (
        <MenuItem icon={icons.iconCheck} onAction={() => deeds.resume(stick)}>
          {t`Freigeben`}
        </MenuItem>
      )}
      {stick.state === 'approved' && (
        <MenuItem icon={icons.iconLock} onAction={() => deeds.suspend(stick)}>
          {t`Vorläufig sperren`}
        </MenuItem>
      )}
      <MenuItem icon={icons.iconBlock} danger onAction={() => deeds.lose(stick)}>
        {t`Als verloren melden`}
      </MenuItem>
      <MenuItem icon={icons.iconStopCircle} danger onAction={() => deeds.end(stick)}>
        {t`Stick beenden`}
      </MenuItem>
    </Menu>
  );
}

/** A copied stick needs a new key, not a release. */
export function mayResume({ state, copied }: Stick): boolean {
  return !copied && (state === 'suspended' || state === 'pending');
}
