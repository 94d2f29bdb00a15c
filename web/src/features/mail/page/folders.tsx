import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Button, IconButton } from '../../../ui/button.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import type { Mailbox } from '../model.ts';
import { SharingButton, Switcher } from './accounts/switcher.tsx';
import { useMailPage } from './context.ts';
import { useHasFiles } from './files/context.ts';
import { go, hashOf, NOWHERE, type Place, usePlace } from './place.ts';
import { SettingsMenu } from './settings/menu.tsx';
import type { MailStatus } from './use-asked.ts';
import { folderIcon, folderName, timeOf } from './words.ts';

type FoldersProps = { status: MailStatus; current: string | null };

/** The folders, with what is new in them; below, how fresh all of it is. */
export function Folders({ status, current }: FoldersProps) {
  const { t } = useLingui();
  const { mail, account, may, boxes, write } = useMailPage();
  const hasFiles = useHasFiles();
  const [asking, setAsking] = useState(false);
  const { line, syncedAtMs } = status;
  const sync = () => {
    setAsking(true);
    // Without a line, the banner says so.
    void mail
      .sync()
      .catch(() => undefined)
      .finally(() => setAsking(false));
  };
  return (
    <div className="fa-mail__folders">
      <Switcher />
      {may.send && (
        <div className="fa-mail__write">
          <Button
            variant="primary"
            block
            icon={icons.iconEdit}
            onPress={() => write({ kind: 'new' })}
          >
            <Trans>Neue Nachricht</Trans>
          </Button>
        </div>
      )}
      <nav className="fa-mail__boxes" aria-label={t`Ordner`}>
        <ul>
          {orderly(boxes).map(({ box, depth }) => (
            <li key={box.id}>
              <FolderLink box={box} depth={depth} current={box.id === current} />
            </li>
          ))}
          {hasFiles && account.kind === 'own' && (
            <li>
              <FilesLink />
            </li>
          )}
        </ul>
      </nav>
      <SharingButton />
      <div className="fa-mail__fresh fa-muted">
        <span>
          {line === 'syncing' ? (
            <Trans>Wird abgeglichen …</Trans>
          ) : syncedAtMs === null ? (
            <Trans>Noch nie abgeglichen</Trans>
          ) : (
            <Trans>Stand: {timeOf(syncedAtMs)}</Trans>
          )}
        </span>
        <SettingsMenu />
        <IconButton
          label={t`Jetzt abrufen`}
          icon={icons.iconRefresh}
          isDisabled={asking || line !== 'online'}
          onPress={sync}
        />
      </div>
    </div>
  );
}

/** The files that were put aside on this device. */
function FilesLink() {
  const place: Place = { ...NOWHERE, files: true };
  const { files } = usePlace();
  return (
    <a
      href={hashOf(place)}
      aria-current={files ? 'page' : undefined}
      className="fa-mail__folder fa-mail__folder--files"
      style={{ paddingInlineStart: '0.75rem' }}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        go(place);
      }}
    >
      <Icon of={icons.iconInventory2} size="small" />
      <span className="fa-mail__folder-name">
        <Trans>Ablage</Trans>
      </span>
    </a>
  );
}

function FolderLink({ box, depth, current }: { box: Mailbox; depth: number; current: boolean }) {
  const place = { ...NOWHERE, folder: box.id };
  const count = box.role === 'drafts' ? box.totalEmails : box.unreadEmails;
  return (
    <a
      href={hashOf(place)}
      aria-current={current ? 'page' : undefined}
      className="fa-mail__folder"
      style={{ paddingInlineStart: `${0.75 + depth}rem` }}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        go(place);
      }}
    >
      <Icon of={folderIcon(box.role)} size="small" />
      <bdi className="fa-mail__folder-name">{folderName(box)}</bdi>
      {count > 0 && (
        <span className={`fa-mail__count ${box.role === 'drafts' ? 'fa-muted' : ''}`}>
          <span aria-hidden="true">{count}</span>
          <span className="kern-sr-only">
            {box.role === 'drafts' ? (
              <Plural value={count} one="ein Entwurf" other="# Entwürfe" />
            ) : (
              <Plural value={count} one="eine ungelesen" other="# ungelesen" />
            )}
          </span>
        </span>
      )}
    </a>
  );
}

/** Roles first, then the others by name, each below its parent. */
function orderly(boxes: readonly Mailbox[]): { box: Mailbox; depth: number }[] {
  const known = new Set(boxes.map(({ id }) => id));
  const seen = new Set<string>();
  const below = (parent: string | null, depth: number): { box: Mailbox; depth: number }[] =>
    boxes
      .filter(({ id, parentId }) => {
        // What has no parent here stands at the top.
        const under = parentId !== null && known.has(parentId) ? parentId : null;
        return under === parent && !seen.has(id) && seen.add(id);
      })
      .sort(
        (one, other) =>
          rank(one) - rank(other) ||
          one.sortOrder - other.sortOrder ||
          one.name.localeCompare(other.name),
      )
      .flatMap((box) => [{ box, depth }, ...below(box.id, depth + 1)]);
  const found = below(null, 0);
  // A ring of parents has no top.
  return [...found, ...boxes.filter(({ id }) => !seen.has(id)).map((box) => ({ box, depth: 0 }))];
}

const ROLES = ['inbox', 'drafts', 'sent', 'archive', 'junk', 'trash', 'other'];
const rank = ({ role }: Mailbox) => ROLES.indexOf(role);
