import { useLingui as useLanguage } from '@lingui/react';
import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link, Navigate, Outlet, useLocation } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef } from 'react';
import { RefusedPage } from '../../app/pages.tsx';
import { useSession } from '../../app/queries.ts';
import { loadCatalogue } from '../../i18n/index.ts';
import { Button } from '../../ui/button.tsx';
import { Icon, icons } from '../../ui/icon.tsx';
import { Menu, MenuItem } from '../../ui/menu.tsx';
import { EmptyState, Loading } from '../../ui/notice.tsx';
import { Page } from '../../ui/page.tsx';
import { devicesQuery } from './queries.ts';
import { type SectionGroup, sectionAt, sectionsFor } from './sections.ts';
import './problems.ts';
import './admin.css';

/** Seldom needed: who follows an old link to a part that this house does not have. */
const NoMeetings = lazy(() =>
  Promise.all([import('../conference/rooms/none.tsx'), loadCatalogue('conference/rooms')]).then(
    ([page]) => ({ default: page.NoMeetings }),
  ),
);

/** The administration: its own navigation beside the page, on a phone above it. */
export function AdminLayout() {
  // Subscribes to the language, so that the sections' names change with it.
  useLanguage();
  const session = useSession();
  const { roles } = session.person;
  const has = { meetings: session.meetings !== false, mail: session.mail === true };
  const { pathname } = useLocation();
  const groups = sectionsFor({ roles, ...has });
  const here = sectionAt(pathname);
  const allowed = here?.roles.some((role) => roles.includes(role)) ?? true;
  const first = groups[0]?.sections[0];
  if (!allowed && here?.to === '/verwaltung' && first) return <Navigate to={first.to} replace />;
  return (
    <div className="fa-admin">
      {groups.flatMap((group) => group.sections).length > 1 && (
        <>
          <SideNavigation groups={groups} />
          <PhoneNavigation groups={groups} current={here?.label ?? ''} />
        </>
      )}
      <div className="fa-admin__page">
        {!allowed ? (
          <RefusedPage reason="role" />
        ) : here?.only === 'meetings' && !has.meetings ? (
          <Suspense fallback={<Loading />}>
            <NoMeetings />
          </Suspense>
        ) : here?.only === 'mail' && !has.mail ? (
          <NoMail title={here.label} />
        ) : (
          <Outlet />
        )}
      </div>
    </div>
  );
}

/** Stands where a link leads to the mail of a house that has none. */
function NoMail({ title }: { title: string }) {
  const { tenant_name: house } = useSession();
  return (
    <Page title={title}>
      <EmptyState icon={icons.iconMail} title={<Trans>{house} hat hier keine Post</Trans>}>
        <p>
          <Trans>
            Sie ist in der Konfiguration des Servers ausgeschaltet. Wer ihn betreibt, schaltet sie
            dort unter [mail] ein.
          </Trans>
        </p>
      </EmptyState>
    </Page>
  );
}

function SideNavigation({ groups }: { groups: SectionGroup[] }) {
  const { t } = useLingui();
  const pending = usePendingDevices();
  const { pathname } = useLocation();
  const nav = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each page marks another link
  useEffect(() => {
    const link = nav.current?.querySelector<HTMLElement>('[data-status="active"]');
    if (!nav.current || !link) return;
    const below = link.offsetTop + link.offsetHeight - nav.current.clientHeight;
    // In a low window the list scrolls by itself; where one is must not be cut off.
    if (below > nav.current.scrollTop) nav.current.scrollTop = below;
  }, [pathname]);
  return (
    <nav className="fa-admin__nav fa-noprint" aria-label={t`Verwaltung`} ref={nav}>
      {groups.map((group) => (
        <div key={group.label}>
          <p className="fa-admin__nav-title" id={`rubrik-${group.label}`}>
            {group.label}
          </p>
          <ul aria-labelledby={`rubrik-${group.label}`}>
            {group.sections.map((section) => (
              <li key={section.to}>
                <Link to={section.to} activeOptions={{ exact: section.to === '/verwaltung' }}>
                  <Icon of={section.icon} size="small" />
                  <span className="fa-grow">{section.label}</span>
                  {section.to === '/verwaltung/geraete' && pending > 0 && (
                    <span className="fa-admin__count">
                      {pending}
                      <span className="kern-sr-only"> {t`warten auf Freigabe`}</span>
                    </span>
                  )}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

function PhoneNavigation({ groups, current }: { groups: SectionGroup[]; current: string }) {
  const { t } = useLingui();
  const pending = usePendingDevices();
  return (
    <nav className="fa-admin__phone-nav fa-noprint" aria-label={t`Verwaltung`}>
      <Menu
        label={t`Bereiche der Verwaltung`}
        trigger={
          <Button icon={icons.iconMenu} block>
            {t`Verwaltung: ${current}`}
          </Button>
        }
      >
        {groups
          .flatMap((group) => group.sections)
          .map((section) => (
            <MenuItem key={section.to} icon={section.icon} href={section.to}>
              {section.to === '/verwaltung/geraete' && pending > 0
                ? t`${section.label} (${pending} warten)`
                : section.label}
            </MenuItem>
          ))}
      </Menu>
    </nav>
  );
}

/** How many devices wait; asked for by those who can do something about it. */
function usePendingDevices(): number {
  const { roles } = useSession().person;
  const { data } = useQuery({
    ...devicesQuery({ state: 'pending', limit: 1 }),
    enabled: roles.includes('administrator') || roles.includes('control_desk'),
  });
  return data?.total ?? 0;
}
