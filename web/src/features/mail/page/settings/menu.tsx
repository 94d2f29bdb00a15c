import { useLingui } from '@lingui/react/macro';
import { lazy, Suspense, useState } from 'react';
import { IconButton } from '../../../../ui/button.tsx';
import { icons } from '../../../../ui/icon.tsx';
import { Menu, MenuItem } from '../../../../ui/menu.tsx';
import { useMailPage } from '../context.ts';
import { useAsked } from '../use-asked.ts';

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
  const { mail, may, account } = useMailPage();
  const absence = useAsked(mail, 'absence', () => mail.absence());
  const [open, setOpen] = useState<'away' | 'folders' | 'signatures' | null>(null);
  if (!may.write && !may.manage) return null;
  const close = () => setOpen(null);
  // One that is on, be it only from next week, can be ended in any case.
  const isAbsenceOffered = !account.without?.includes('absence') || absence.data?.on === true;
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
        {may.manage && isAbsenceOffered && (
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
