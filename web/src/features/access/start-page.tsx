import './problems.ts';
import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { ProblemAlert } from '../../app/problem-alert.tsx';
import { useSession } from '../../app/queries.ts';
import { loadCatalogue } from '../../i18n/index.ts';
import { SearchField } from '../../ui/fields.tsx';
import { Icon, icons } from '../../ui/icon.tsx';
import { EmptyState, Loading } from '../../ui/notice.tsx';
import { Page } from '../../ui/page.tsx';
import { TodayText } from '../../ui/time.tsx';
import { TargetTile } from './target-tile.tsx';
import { byFolder, byLastUse, search, type Target, targetsQuery } from './targets.ts';
import { TunnelDialog } from './tunnel-dialog.tsx';

export const StartRoute = createLazyRoute('/angemeldet/haus/')({ component: StartPage });

/** Meetings come after the page: most people have none right now. */
const SoonMeetings = lazy(() =>
  Promise.all([import('../conference/rooms/soon.tsx'), loadCatalogue('conference/rooms')]).then(
    ([{ SoonMeetings: section }]) => ({ default: section }),
    // The page works without them.
    () => ({ default: () => null }),
  ),
);

/** From this many on, a search and the last used ones are worth their place. */
const MANY = 7;
const RECENT = 4;

function StartPage() {
  const { t } = useLingui();
  const { person, meetings } = useSession();
  const greeting = useGreeting(person.display_name);
  const { data, error } = useQuery(targetsQuery);
  const [query, setQuery] = useState('');
  const [tunnel, setTunnel] = useState<Target | null>(null);
  const searchField = useRef<HTMLInputElement>(null);
  useSlashKey(searchField);

  const targets = byLastUse(data?.targets ?? []);
  const found = query.trim() ? search(targets, query) : null;
  const grid = (shown: readonly Target[], pair = false) => (
    <Tiles targets={shown} pair={pair} onTunnel={setTunnel} />
  );

  return (
    <Page title={greeting} lead={<TodayText />}>
      <Suspense>{!found && meetings !== false && <SoonMeetings />}</Suspense>
      {error && <ProblemAlert problem={error} />}
      {!data && !error && <Loading />}
      {data && targets.length === 0 && <NothingYet />}
      {targets.length >= MANY && (
        <SearchField
          label={t`Dienste und Anwendungen suchen`}
          labelHidden
          placeholder={t`Suchen …`}
          value={query}
          onChange={setQuery}
          inputRef={searchField}
          onSubmit={() => document.querySelector<HTMLElement>('.fa-tile__link')?.click()}
        />
      )}
      <p className="kern-sr-only" role="status">
        {found && <Trans>{found.length} Treffer</Trans>}
      </p>
      {found ? (
        found.length > 0 ? (
          <Section icon={icons.iconSearch} title={<Trans>Gefunden</Trans>} count={found.length}>
            {grid(found)}
          </Section>
        ) : (
          <EmptyState icon={icons.iconSearch} title={<Trans>Nichts gefunden</Trans>}>
            <p>
              <Trans>
                Zu „{query}“ gibt es nichts, das Sie nutzen dürfen. Fehlt Ihnen etwas, wenden Sie
                sich an Ihre IT-Stelle.
              </Trans>
            </p>
          </EmptyState>
        )
      ) : (
        <Everything targets={targets} grid={grid} />
      )}
      <TunnelDialog
        target={tunnel}
        gateway={data?.ssh_gateway ?? null}
        onClose={() => setTunnel(null)}
      />
    </Page>
  );
}

function Everything({
  targets,
  grid,
}: {
  targets: Target[];
  grid: (shown: readonly Target[], pair?: boolean) => ReactNode;
}) {
  const desktops = targets.filter(({ kind }) => kind === 'rdp');
  const applications = targets.filter(({ kind }) => kind !== 'rdp');
  const recent = targets.filter(({ last_used_on }) => last_used_on).slice(0, RECENT);
  return (
    <>
      {targets.length > MANY * 2 && recent.length > 0 && (
        <Section icon={icons.iconHistory} title={<Trans>Zuletzt verwendet</Trans>}>
          {grid(recent)}
        </Section>
      )}
      {desktops.length > 0 && (
        <Section icon={icons.iconDesktopWindows} title={<Trans>Arbeitsplätze</Trans>}>
          {grid(desktops)}
        </Section>
      )}
      {byFolder(applications).map((folder) => (
        <Section
          key={folder.name}
          icon={folder.name ? icons.iconFolder : icons.iconApps}
          title={folder.name || <Trans>Anwendungen</Trans>}
          count={folder.targets.length}
        >
          {grid(folder.targets)}
        </Section>
      ))}
    </>
  );
}

function Section({
  icon,
  title,
  count,
  children,
}: {
  icon: string;
  title: ReactNode;
  count?: number;
  children: ReactNode;
}) {
  return (
    <section>
      <div className="fa-section-head">
        <h2>
          <Icon of={icon} className="fa-list__icon" />
          {title}
          {count !== undefined && count > 4 && <span className="fa-count">{count}</span>}
        </h2>
      </div>
      {children}
    </section>
  );
}

function Tiles({
  targets,
  pair,
  onTunnel,
}: {
  targets: readonly Target[];
  pair: boolean;
  onTunnel: (target: Target) => void;
}) {
  return (
    <ul className={`fa-tiles ${pair ? 'fa-tiles--pair' : ''}`}>
      {targets.map((target) => (
        <li key={target.id}>
          <TargetTile target={target} onTunnel={() => onTunnel(target)} />
        </li>
      ))}
    </ul>
  );
}

function NothingYet() {
  return (
    <EmptyState icon={icons.iconApps} title={<Trans>Hier steht noch nichts</Trans>}>
      <p>
        <Trans>
          Ihre IT-Stelle hat Ihnen noch keinen Arbeitsplatz und keine Anwendung zugewiesen, oder die
          Regeln erlauben sie auf diesem Gerät oder zu dieser Zeit nicht. Fragen Sie dort nach;
          danach erscheint hier alles von selbst.
        </Trans>
      </p>
    </EmptyState>
  );
}

function useGreeting(name: string): string {
  const { t } = useLingui();
  const hour = new Date().getHours();
  if (hour >= 4 && hour < 11) return t`Guten Morgen, ${name}`;
  if (hour >= 18 || hour < 4) return t`Guten Abend, ${name}`;
  return t`Guten Tag, ${name}`;
}

/** "/" goes to the search, as in many applications, unless one is typing. */
function useSlashKey(field: { current: HTMLInputElement | null }) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== '/' || event.ctrlKey || event.altKey || event.metaKey) return;
      if ((event.target as HTMLElement).closest('input, textarea, select, [role=dialog]')) return;
      event.preventDefault();
      field.current?.focus();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [field]);
}
