import { Trans, useLingui } from '@lingui/react/macro';
import { Link, Outlet } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { signOut } from '../api/session-keeper.ts';
import { Button } from '../ui/button.tsx';
import { Icon, icons } from '../ui/icon.tsx';
import { Menu, MenuDivider, MenuItem } from '../ui/menu.tsx';
import { Brand } from './brand.tsx';
import { useSession } from './queries.ts';
import { ThemeMenu } from './theme-menu.tsx';

/** The house behind the sign-in: bar, rail (on a phone at the foot), content. */
export function Shell({ children }: { children?: ReactNode }) {
  const { t } = useLingui();
  const session = useSession();
  const administers = session.administration_here && session.person.roles.length > 0;
  return (
    <div className="fa-shell">
      <a className="fa-skip" href="#inhalt">
        <Trans>Zum Inhalt springen</Trans>
      </a>
      <header className="fa-bar fa-noprint">
        <Brand tenant={session.tenant_name} />
        <div className="fa-bar__end">
          <ThemeMenu />
          <AccountMenu />
        </div>
      </header>
      <nav className="fa-rail fa-noprint" aria-label={t`Bereiche`}>
        <ul>
          <li>
            <Link to="/" activeOptions={{ exact: true }}>
              <Icon of={icons.iconHome} />
              <Trans>Start</Trans>
            </Link>
          </li>
          {session.mail && (
            <li>
              <a href={`//post.${location.host}/`}>
                <Icon of={icons.iconMail} />
                <Trans>Post</Trans>
              </a>
            </li>
          )}
          {session.meetings !== false && (
            <li>
              <Link to="/besprechungen">
                <Icon of={icons.iconGroups} />
                <Trans>Besprechungen</Trans>
              </Link>
            </li>
          )}
          <li>
            <Link to="/konto">
              <Icon of={icons.iconPerson} />
              <Trans>Mein Konto</Trans>
            </Link>
          </li>
          {administers && (
            <li>
              <Link to="/verwaltung">
                <Icon of={icons.iconAdminPanelSettings} />
                <Trans>Verwaltung</Trans>
              </Link>
            </li>
          )}
          <li>
            <Link to="/hilfe">
              <Icon of={icons.iconHelp} />
              <Trans>Hilfe</Trans>
            </Link>
          </li>
        </ul>
      </nav>
      <main id="inhalt" tabIndex={-1} className="fa-main">
        {children ?? <Outlet />}
      </main>
    </div>
  );
}

function AccountMenu() {
  const { t } = useLingui();
  const { person } = useSession();
  return (
    <Menu
      label={t`Mein Konto`}
      trigger={
        <Button
          variant="tertiary"
          small
          icon={icons.iconAccountCircle}
          aria-label={t`Konto von ${person.display_name}`}
        >
          <span className="fa-account-name">{person.display_name}</span>
        </Button>
      }
      header={
        <>
          <strong>{person.display_name}</strong>
          <div className="fa-muted fa-small">{person.name}</div>
        </>
      }
    >
      <MenuItem icon={icons.iconDevices} href="/konto/geraete">{t`Meine Geräte`}</MenuItem>
      <MenuItem icon={icons.iconSecurity} href="/konto/sicherheit">{t`Sicherheit`}</MenuItem>
      <MenuItem
        icon={icons.iconTune}
        href="/konto/darstellung"
      >{t`Sprache und Darstellung`}</MenuItem>
      <MenuDivider />
      <MenuItem icon={icons.iconLogout} onAction={() => void signOut()}>{t`Abmelden`}</MenuItem>
    </Menu>
  );
}
