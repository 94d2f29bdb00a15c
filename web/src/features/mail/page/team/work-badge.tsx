import { useLingui } from '@lingui/react/macro';
import { Icon, icons } from '../../../../ui/icon.tsx';
import type { ThreadWork } from '../../model.ts';
import { useMailPage } from '../context.ts';

/** In the list: who works on a thread, and that there is a note. */
export function WorkBadge({ work }: { work: ThreadWork }) {
  const { t } = useLingui();
  const { mail } = useMailPage();
  const { assignee, note } = work;
  const isMine = assignee !== null && assignee.id === mail.team()?.me()?.id;
  const name = assignee?.name || t`Jemand`;
  return (
    <>
      {note !== '' && (
        <span title={t`mit interner Notiz`}>
          <Icon of={icons.iconStickyNote2} size="small" label={t`mit interner Notiz`} />
        </span>
      )}
      {assignee && (
        <span className={`fa-mail__assignee ${isMine ? 'fa-mail__assignee--mine' : ''}`}>
          <span aria-hidden="true">{isMine ? t`Ich` : name}</span>
          <span className="kern-sr-only">
            {isMine ? t`Sie kümmern sich` : t`${name} kümmert sich`}
          </span>
        </span>
      )}
    </>
  );
}
