import { Trans, useLingui } from '@lingui/react/macro';
import { lazy, Suspense, useCallback, useEffect, useState } from 'react';
import { ThemeMenu } from '../app/theme-menu.tsx';
import { keepUnsaved } from '../features/mail/unsaved.ts';
import { chooseLanguage, locale } from '../i18n/index.ts';
import { Button } from '../ui/button.tsx';
import { icons } from '../ui/icon.tsx';
import { Menu, MenuDivider, MenuItem } from '../ui/menu.tsx';
import type { PostShell } from './controller.ts';
import { MailDesk } from './mail-desk.tsx';
import { PassphraseDialog } from './passphrase-dialog.tsx';
import { Mark } from './screens/panel.tsx';
import { WipeDialog } from './screens/wipe-dialog.tsx';
import type { Office } from './standing.ts';

const OfflineDialog = lazy(() => import('./offline-dialog.tsx'));

type Opened = 'passphrase' | 'wipe' | 'offline' | 'times';
type DeskProps = { shell: PostShell; standing: Office; isOffline: boolean };

/** Around the open mail: whose it is, the lock, and what concerns this device's container. */
export default function Desk({ shell, standing, isOffline }: DeskProps) {
  const [open, setOpen] = useState<Opened | null>(null);
  const close = useCallback(() => setOpen(null), []);
  useEffect(() => {
    // Once in a container's life, and never where a line is missing anyway.
    if (isOffline) return;
    shell.offline.isToBeAsked().then(
      (isToBe) => isToBe && setOpen((already) => already ?? 'offline'),
      () => undefined,
    );
  }, [shell, isOffline]);
  return (
    <div className="fp-shell">
      <button type="button" className="fa-skip fp-skip" onClick={skip}>
        <Trans>Zum Inhalt springen</Trans>
      </button>
      <header className="fa-bar fa-noprint">
        <Mark office={standing.office} />
        <div className="fa-bar__end">
          <Button
            small
            icon={icons.iconLock}
            onPress={() => void keepUnsaved().then(() => shell.lock())}
          >
            <Trans context="Container">Sperren</Trans>
          </Button>
          <ThemeMenu />
          <PersonMenu standing={standing} onOpen={setOpen} />
        </div>
      </header>
      <main id="inhalt" tabIndex={-1} className="fp-main">
        <MailDesk
          shell={shell}
          onTimesClose={open === 'times' ? close : null}
          person={`${standing.person.displayName} (${standing.person.name})`}
        />
      </main>
      <PassphraseDialog
        shell={shell}
        standing={standing}
        isOpen={open === 'passphrase'}
        onClose={close}
      />
      {open === 'offline' && (
        <Suspense>
          <OfflineDialog shell={shell} person={standing.person} onClose={close} />
        </Suspense>
      )}
      <WipeDialog
        why="wanted"
        isOpen={open === 'wipe'}
        onClose={close}
        onWipe={() => shell.wipe()}
      />
    </div>
  );
}

/** No link: the address behind # is where one is in the mail. */
function skip(): void {
  document.getElementById('inhalt')?.focus();
}

type PersonMenuProps = { standing: Office; onOpen: (what: Opened) => void };

function PersonMenu({ standing, onOpen }: PersonMenuProps) {
  const { t } = useLingui();
  const { displayName, name } = standing.person;
  const other = locale() === 'de' ? 'en' : 'de';
  return (
    <Menu
      label={t`Post auf diesem Gerät`}
      trigger={
        <Button
          variant="tertiary"
          small
          icon={icons.iconAccountCircle}
          aria-label={t`Menü von ${displayName}`}
        >
          <span className="fa-account-name">{displayName}</span>
        </Button>
      }
      header={
        <>
          <strong>{displayName}</strong>
          <div className="fa-muted fa-small">{name}</div>
        </>
      }
    >
      <MenuItem icon={icons.iconPassword} onAction={() => onOpen('passphrase')}>
        {t`Passphrase ändern`}
      </MenuItem>
      <MenuItem icon={icons.iconSync} onAction={() => onOpen('times')}>
        {t`Abgleich und Hinweise`}
      </MenuItem>
      <MenuItem icon={icons.iconWifiOff} onAction={() => onOpen('offline')}>
        {t`Ohne Verbindung entsperren`}
      </MenuItem>
      <MenuItem icon={icons.iconLanguage} onAction={() => void chooseLanguage(other)}>
        {other === 'en' ? t`Sprache wechseln: English` : t`Sprache wechseln: Deutsch`}
      </MenuItem>
      <MenuItem icon={icons.iconHome} href={standing.mainOrigin}>
        {t`Zur Startseite von Fernamt`}
      </MenuItem>
      <MenuDivider />
      <MenuItem icon={icons.iconDelete} danger onAction={() => onOpen('wipe')}>
        {t`Container löschen`}
      </MenuItem>
    </Menu>
  );
}
