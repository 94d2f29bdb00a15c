import { useLingui } from '@lingui/react/macro';
import { lazy, Suspense, useState } from 'react';
import { IconButton } from '../../../../ui/button.tsx';
import { icons } from '../../../../ui/icon.tsx';
import { Menu, MenuItem } from '../../../../ui/menu.tsx';
import { useMailPage } from '../context.ts';

const AbsenceDialog = lazy(async () => ({
  default: (await import('../away/absence-dialog.tsx')).AbsenceDialog,
}));
const FoldersDialog = lazy(async () => ({
  default: (await import('./folders-dialog.tsx')).FoldersDialog,
}));
const SignaturesDialog = lazy(async () => ({
  default: (await import('./signatures-dialog.tsx')).SignaturesDialog,
}));

/** What is set for a mailbox: its folders, signatures, and what is answered while one is away. */
export function SettingsMenu() {
  const { t } = useLingui();
  const { may, account } = useMailPage();
  const [open, setOpen] = useState<'away' | 'folders' | 'signatures' | null>(null);
  if (!may.write && !may.manage) return null;
  const close = () => setOpen(null);
  return (
    <>
      <Menu
        label={t`Postfach einrichten`}
        trigger={<IconButton label={t`Postfach einrichten`} icon={icons.iconSettings} />}
      >
        {may.write && (
          <MenuItem icon={icons.iconFolder} onAction={() => setOpen('folders')}>
            {t`Ordner verwalten`}
          </MenuItem>
        )}
        {may.manage && !account.without?.includes('absence') && (
          <MenuItem icon={icons.iconEvent} onAction={() => setOpen('away')}>
            {t`Abwesenheit`}
          </MenuItem>
        )}
        {may.manage && (
          <MenuItem icon={icons.iconDraft} onAction={() => setOpen('signatures')}>
            {t`Signaturen`}
          </MenuItem>
        )}
      </Menu>
      <Suspense>
        {open === 'away' && <AbsenceDialog onClose={close} />}
        {open === 'folders' && <FoldersDialog onClose={close} />}
        {open === 'signatures' && <SignaturesDialog onClose={close} />}
      </Suspense>
    </>
  );
}
