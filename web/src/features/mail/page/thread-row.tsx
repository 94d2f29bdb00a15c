import { Plural, useLingui } from '@lingui/react/macro';
import { Checkbox, GridListItem } from 'react-aria-components';
import { Icon, icons } from '../../../ui/icon.tsx';
import type { Address, MailboxRole, ThreadHead } from '../model.ts';
import { shortName } from './addresses.ts';
import { isolated, tamed } from './bidi.ts';
import { useMailPage } from './context.ts';
import { WorkBadge } from './team/work-badge.tsx';
import { folderName, fullDate, listDate } from './words.ts';

const MAX_NAMES = 3;

type ThreadRowProps = {
  thread: ThreadHead;
  /** It is shown beside the list. */
  open: boolean;
  /** In these, to whom it goes says more than from whom it comes. */
  role: MailboxRole | null;
  /** Named where threads of several folders are listed. */
  folder: Parameters<typeof folderName>[0] | undefined;
};

/** One thread in the list: who, what, when, and what is to be known of it. */
export function ThreadRow({ thread, open, role, folder }: ThreadRowProps) {
  const { t } = useLingui();
  const { may } = useMailPage();
  const { newest, emailCount, unreadCount, flagged } = thread;
  const subject = tamed(newest.subject) || t`(ohne Betreff)`;
  const outgoing = role === 'sent' || role === 'drafts';
  const names = namesOf(outgoing ? newest.to : newest.from);
  const who = names || (outgoing ? t`(noch niemand)` : t`(ohne Absender)`);
  const unread = unreadCount > 0;
  return (
    <GridListItem
      id={thread.id}
      textValue={`${who}: ${subject}`}
      className={`fa-mail__row ${unread ? 'fa-mail__row--unread' : ''} ${open ? 'fa-mail__row--open' : ''}`}
    >
      {may.write && (
        <Checkbox slot="selection" className="fa-mail__tick">
          <span className="fa-mail__tick-box">
            <Icon of={icons.iconCheck} size="small" />
          </span>
        </Checkbox>
      )}
      <div className="fa-mail__row-text">
        <div className="fa-mail__row-line">
          {unread && (
            <span className="fa-mail__unread">
              <span className="kern-sr-only">{t`ungelesen`}</span>
            </span>
          )}
          <bdi className="fa-mail__who">{who}</bdi>
          {emailCount > 1 && (
            <span className="fa-mail__many">
              <span aria-hidden="true">{emailCount}</span>
              <span className="kern-sr-only">
                <Plural value={emailCount} one="eine Nachricht" other="# Nachrichten" />
              </span>
            </span>
          )}
          <time
            className="fa-mail__date"
            dateTime={new Date(newest.receivedAtMs).toISOString()}
            title={fullDate(newest.receivedAtMs)}
          >
            {listDate(newest.receivedAtMs)}
          </time>
        </div>
        <div className="fa-mail__row-line">
          <span className="fa-mail__subject">
            {newest.draft && role !== 'drafts' && (
              <span className="fa-mail__draft-mark">{t`Entwurf`} </span>
            )}
            <bdi>{subject}</bdi>
          </span>
          <span className="fa-mail__marks">
            {thread.work && <WorkBadge work={thread.work} />}
            {newest.answered && <Mark icon={icons.iconReply} label={t`beantwortet`} />}
            {newest.hasAttachment && <Mark icon={icons.iconAttachFile} label={t`mit Anhang`} />}
            {newest.waiting && (
              <Mark icon={icons.iconSchedule} label={t`Änderung wartet auf die Verbindung`} />
            )}
            {flagged && (
              <Mark icon={icons.iconFlag} label={t`markiert`} className="fa-mail__flagged" />
            )}
          </span>
        </div>
        <div className="fa-mail__row-line">
          <bdi className="fa-mail__preview">{tamed(newest.preview)}</bdi>
          {folder && <bdi className="fa-mail__where">{folderName(folder)}</bdi>}
        </div>
        {open && <span className="kern-sr-only">{t`geöffnet`}</span>}
      </div>
    </GridListItem>
  );
}

function Mark({
  icon,
  label,
  className = '',
}: {
  icon: string;
  label: string;
  className?: string;
}) {
  return (
    <span className={className} title={label}>
      <Icon of={icon} size="small" label={label} />
    </span>
  );
}

function namesOf(addresses: readonly Address[]): string {
  const shown = addresses.slice(0, MAX_NAMES).map(shortName);
  const names = shown.length > 1 ? shown.map(isolated) : shown;
  const more = addresses.length - names.length;
  return names.join(', ') + (more > 0 ? ` +${more}` : '');
}
