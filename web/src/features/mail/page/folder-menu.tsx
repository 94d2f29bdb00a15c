import { useLingui } from '@lingui/react/macro';
import { IconButton } from '../../../ui/button.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Menu, MenuItem } from '../../../ui/menu.tsx';
import { useMailPage } from './context.ts';
import { folderIcon, folderName } from './words.ts';

type FolderMenuProps = { without: string | null; onMove: (to: string) => void };

/** Into which folder something goes. */
export function FolderMenu({ without, onMove }: FolderMenuProps) {
  const { t } = useLingui();
  const { boxes } = useMailPage();
  // What is sent or written is told by how it came to be, not by being put somewhere.
  const targets = boxes.filter(
    ({ id, role }) => id !== without && role !== 'drafts' && role !== 'sent',
  );
  return (
    <Menu
      label={t`Verschieben nach`}
      trigger={<IconButton label={t`Verschieben`} icon={icons.iconDriveFileMove} />}
    >
      {targets.map((box) => (
        <MenuItem key={box.id} icon={folderIcon(box.role)} onAction={() => onMove(box.id)}>
          {folderName(box)}
        </MenuItem>
      ))}
    </Menu>
  );
}

type MarkMenuProps = { onSeen: (on: boolean) => void; onFlag: (on: boolean) => void };

/** Read or not, flagged or not. */
export function MarkMenu({ onSeen, onFlag }: MarkMenuProps) {
  const { t } = useLingui();
  return (
    <Menu
      label={t`Kennzeichnen`}
      trigger={<IconButton label={t`Kennzeichnen`} icon={icons.iconMoreVert} />}
    >
      <MenuItem
        icon={icons.iconMarkEmailUnread}
        onAction={() => onSeen(false)}
      >{t`Als ungelesen`}</MenuItem>
      <MenuItem icon={icons.iconMail} onAction={() => onSeen(true)}>{t`Als gelesen`}</MenuItem>
      <MenuItem icon={icons.iconFlag} onAction={() => onFlag(true)}>{t`Markieren`}</MenuItem>
      <MenuItem
        icon={icons.iconCancel}
        onAction={() => onFlag(false)}
      >{t`Markierung entfernen`}</MenuItem>
    </Menu>
  );
}
