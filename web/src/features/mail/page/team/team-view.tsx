import { Trans, useLingui } from '@lingui/react/macro';
import { useId, useState } from 'react';
import { Button, IconButton } from '../../../../ui/button.tsx';
import { Icon, icons } from '../../../../ui/icon.tsx';
import { Menu, MenuItem } from '../../../../ui/menu.tsx';
import { Alert } from '../../../../ui/notice.tsx';
import type { Person, ThreadWork, WorkChange, WorkConflict } from '../../model.ts';
import { useMailPage } from '../context.ts';
import { faultText, fullDate } from '../words.ts';
import { NoteForm } from './note-form.tsx';
import type { TeamOfThread } from './use-team.ts';
import './team.css';

/** A longer note would push the message out of sight. */
const LONG_NOTE_CHARS = 400;
const LONG_NOTE_LINES = 5;

type TeamViewProps = { threadId: string; team: TeamOfThread };

/** Who works on a thread, and the note that only those see who have the mailbox. */
export function TeamView({ threadId, team }: TeamViewProps) {
  const { t } = useLingui();
  const { mail, may, tell } = useMailPage();
  const { me, people, work, conflicts } = team;
  const [writing, setWriting] = useState(false);
  const change = async (what: WorkChange): Promise<boolean> => {
    try {
      await mail.team()?.change(threadId, what);
      return true;
    } catch (fault) {
      const { what: said, next } = faultText(fault);
      tell({ text: `${said} ${next}`, failed: true });
      return false;
    }
  };
  const assign = (value: string | null) => void change({ what: 'assignee', value });
  const note = work?.note ?? '';
  return (
    <section className="fa-team" aria-label={t`Zusammenarbeit`} data-focus-home>
      {conflicts.map((conflict) => (
        <Conflict
          key={conflict.id}
          conflict={conflict}
          onDismiss={() => void mail.team()?.dismiss(conflict.id)}
        />
      ))}
      <div className="fa-team__who">
        <Assignee work={work} me={me} />
        {may.write && (
          <div className="fa-team__deeds fa-noprint">
            {me && work?.assignee?.id !== me.id && (
              <Button
                small
                {...(work?.assignee ? {} : { variant: 'primary' as const })}
                icon={icons.iconBackHand}
                onPress={() => assign(me.id)}
              >
                <Trans>Übernehmen</Trans>
              </Button>
            )}
            {work?.assignee && (
              <Button small icon={icons.iconUndo} onPress={() => assign(null)}>
                {work.assignee.id === me?.id ? (
                  <Trans>Abgeben</Trans>
                ) : (
                  <Trans>Zuständigkeit aufheben</Trans>
                )}
              </Button>
            )}
            <AssignMenu people={people} work={work} me={me} onAssign={assign} />
            {note === '' && !writing && (
              <Button
                small
                variant="tertiary"
                icon={icons.iconStickyNote2}
                onPress={() => setWriting(true)}
              >
                <Trans>Notiz schreiben</Trans>
              </Button>
            )}
          </div>
        )}
      </div>
      {writing ? (
        <NoteForm
          stands={note}
          onClose={() => setWriting(false)}
          onSave={(value, was) => change({ what: 'note', value, was })}
        />
      ) : (
        work && note !== '' && <Note work={work} me={me} onWrite={() => setWriting(true)} />
      )}
    </section>
  );
}

function Assignee({ work, me }: { work: ThreadWork | null; me: Person | null }) {
  const { t } = useLingui();
  const assignee = work?.assignee ?? null;
  const name = assignee?.name || t`jemand, den es hier nicht mehr gibt`;
  return (
    <p className="fa-team__assignee" role="status">
      <Icon of={assignee ? icons.iconPerson : icons.iconHelp} size="small" />
      <span>
        {assignee === null ? (
          <Trans>Noch kümmert sich niemand</Trans>
        ) : assignee.id === me?.id ? (
          <Trans>
            <strong>Sie</strong> kümmern sich darum
          </Trans>
        ) : (
          <Trans>
            <strong>{name}</strong> kümmert sich darum
          </Trans>
        )}
        {assignee && work?.assignedAtMs && (
          <span className="fa-muted fa-small">
            {' '}
            <Trans>seit {fullDate(work.assignedAtMs)}</Trans>
          </span>
        )}
        {work?.waiting && (
          <span className="fa-muted fa-small">
            {' '}
            <Trans>– wartet auf die Verbindung</Trans>
          </span>
        )}
      </span>
    </p>
  );
}

type AssignMenuProps = {
  people: readonly Person[];
  work: ThreadWork | null;
  me: Person | null;
  onAssign: (id: string) => void;
};

function AssignMenu({ people, work, me, onAssign }: AssignMenuProps) {
  const { t } = useLingui();
  const others = people.filter(({ id }) => id !== me?.id && id !== work?.assignee?.id);
  if (others.length === 0) return null;
  return (
    <Menu
      label={t`Zuweisen an`}
      trigger={
        <Button small icon={icons.iconPersonAdd}>
          <Trans>Zuweisen</Trans>
        </Button>
      }
    >
      {others.map(({ id, name, email }) => (
        <MenuItem key={id} icon={icons.iconPerson} onAction={() => onAssign(id)}>
          {name || email}
        </MenuItem>
      ))}
    </Menu>
  );
}

type NoteProps = { work: ThreadWork; me: Person | null; onWrite: () => void };

function Note({ work, me, onWrite }: NoteProps) {
  const { t } = useLingui();
  const { may } = useMailPage();
  const id = useId();
  const [isWhole, setWhole] = useState(false);
  const { note, noteBy, noteAtMs } = work;
  const isLong = note.length > LONG_NOTE_CHARS || note.split('\n').length > LONG_NOTE_LINES;
  const name = noteBy === null ? '' : noteBy.id === me?.id ? t`von Ihnen` : noteBy.name;
  return (
    <div className="fa-team__note">
      <div className="fa-team__note-head">
        <h3>
          <Icon of={icons.iconStickyNote2} size="small" />
          <Trans>Interne Notiz</Trans>
        </h3>
        {may.write && (
          <IconButton label={t`Interne Notiz ändern`} icon={icons.iconEdit} onPress={onWrite} />
        )}
      </div>
      <p
        className={`fa-team__text ${isLong && !isWhole ? 'fa-team__text--folded' : ''}`}
        id={`${id}-text`}
      >
        {note}
      </p>
      {isLong && (
        <div className="fa-noprint">
          <Button
            small
            variant="tertiary"
            aria-expanded={isWhole}
            aria-controls={`${id}-text`}
            onPress={() => setWhole(!isWhole)}
          >
            {isWhole ? <Trans>Weniger zeigen</Trans> : <Trans>Ganze Notiz zeigen</Trans>}
          </Button>
        </div>
      )}
      <p className="fa-muted fa-small">
        {[name, noteAtMs === null ? '' : fullDate(noteAtMs)].filter(Boolean).join(', ')}
      </p>
    </div>
  );
}

function Conflict({ conflict, onDismiss }: { conflict: WorkConflict; onDismiss: () => void }) {
  const { t } = useLingui();
  const { what, won, lost } = conflict;
  const by = conflict.by?.name || t`Jemand anders`;
  const title =
    what === 'note'
      ? won
        ? t`Ihre Notiz hat eine andere ersetzt`
        : t`${by} hat die Notiz später geändert als Sie`
      : won
        ? t`Inzwischen hatte sich ${by} die Unterhaltung vorgenommen`
        : t`Inzwischen kümmert sich ${by}`;
  return (
    <Alert
      tone="warning"
      live="polite"
      title={title}
      actions={
        <Button small onPress={onDismiss}>
          <Trans>Hinweis entfernen</Trans>
        </Button>
      }
    >
      {what === 'assignee' ? (
        <p>
          {won ? (
            <Trans>Ihre Änderung war die spätere; sie gilt.</Trans>
          ) : (
            <Trans>Ihre Änderung ohne Verbindung war die frühere; sie gilt nicht.</Trans>
          )}
        </p>
      ) : (
        <>
          <p>
            {won ? (
              <Trans>Ersetzt wurde die Notiz von {by}:</Trans>
            ) : (
              <Trans>Nicht übernommen wurde Ihre Notiz:</Trans>
            )}
          </p>
          <blockquote className="fa-team__lost">{lost || t`(leer)`}</blockquote>
        </>
      )}
    </Alert>
  );
}
