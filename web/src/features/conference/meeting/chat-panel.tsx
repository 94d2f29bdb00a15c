import { t } from '@lingui/core/macro';
import { Trans, useLingui } from '@lingui/react/macro';
import { type KeyboardEvent, memo, useCallback, useRef, useState } from 'react';
import { formatLocale } from '../../../i18n/index.ts';
import { Button, IconButton } from '../../../ui/button.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Menu, MenuDivider, MenuItem } from '../../../ui/menu.tsx';
import type { MeetingView } from './controller.ts';
import { withLinks } from './links.tsx';
import { NameMark, speakerOf } from './name-mark.tsx';
import { sealable } from './sealed-text.ts';
import { useFollow } from './use-follow.ts';
import type { Act, ChatMessage, ChatTo, Seat } from './wire.ts';
import { limits } from './wire.ts';
import { reactionName, reactionSigns, reactions, shownName } from './words.ts';

type ChatPanelProps = { view: MeetingView; onAct: (act: Act) => Promise<boolean> };

type Draft = { text: string; replyTo: ChatMessage | null; editing: ChatMessage | null };

const empty: Draft = { text: '', replyTo: null, editing: null };

/** What is written in the meeting, and the field to write. */
export function ChatPanel({ view, onAct }: ChatPanelProps) {
  const { t } = useLingui();
  const [draft, setDraft] = useState<Draft>(empty);
  const [to, setTo] = useState('everybody');
  const list = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const { chat, may, own, moreChat } = view;
  const { behind, onScroll, toEnd } = useFollow(list, chat, own?.id);

  const recipients = recipientsOf(view, t`Alle`, t`Moderation`);
  const answered = draft.replyTo && shownName(draft.replyTo);
  const chosen = recipients.find(({ id }) => id === to) ?? recipients[0];
  const begin = useCallback((change: Partial<Draft>) => {
    setDraft({ ...empty, ...change });
    field.current?.focus();
  }, []);
  const send = async () => {
    const text = draft.text.trim();
    if (!text || !chosen) return;
    const sent = draft.editing
      ? await onAct({ act: 'chat_edit', id: draft.editing.id, text })
      : await onAct({
          act: 'chat_send',
          to: chosen.to,
          text,
          ...(draft.replyTo && { reply_to: draft.replyTo.id }),
        });
    if (sent) setDraft(empty);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      void send();
    }
    if (event.key === 'Escape' && (draft.editing || draft.replyTo)) {
      event.stopPropagation();
      setDraft(empty);
    }
  };

  return (
    <div className="fa-chat">
      <div
        className="fa-chat__log"
        role="log"
        aria-label={t`Nachrichten`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        tabIndex={0}
        ref={list}
        onScroll={onScroll}
      >
        {moreChat && chat[0] && (
          <Button
            small
            variant="tertiary"
            onPress={() => void onAct({ act: 'chat_history', before: chat[0]?.id ?? 0 })}
          >
            <Trans>Ältere Nachrichten</Trans>
          </Button>
        )}
        {chat.length === 0 && (
          <p className="fa-muted fa-chat__none">
            <Trans>Noch hat niemand etwas geschrieben.</Trans>
          </p>
        )}
        {chat.map((message) => (
          <Entry
            key={message.id}
            message={message}
            met={view.met}
            answers={chat.find(({ id }) => id === message.reply_to)}
            mine={message.seat === own?.id}
            ownId={own?.id ?? ''}
            moderates={may.moderate}
            onAct={onAct}
            onBegin={begin}
          />
        ))}
      </div>
      {behind && (
        <div className="fa-chat__new">
          <Button
            small
            variant="primary"
            icon={icons.iconArrowDownward}
            onPress={() => {
              toEnd();
              // The button goes away; from here on one reads.
              list.current?.focus();
            }}
          >
            <Trans>Neue Nachrichten</Trans>
          </Button>
        </div>
      )}
      {view.seal === 'missing' ? (
        <p className="fa-muted fa-chat__closed">
          <Trans>
            Ohne den Schlüssel der Besprechung können Sie hier nicht lesen und schreiben.
          </Trans>
        </p>
      ) : recipients.length === 0 ? (
        <p className="fa-muted fa-chat__closed">
          <Trans>In dieser Besprechung schreibt gerade nur die Moderation.</Trans>
        </p>
      ) : (
        <form
          className="fa-chat__form"
          onSubmit={(event) => {
            event.preventDefault();
            void send();
          }}
        >
          {(draft.replyTo || draft.editing) && (
            <p className="fa-chat__context">
              <span>
                {draft.editing ? (
                  <Trans>Nachricht ändern</Trans>
                ) : (
                  <Trans>Antwort an {answered}</Trans>
                )}
              </span>
              <IconButton
                label={t`Verwerfen`}
                icon={icons.iconClose}
                onPress={() => setDraft(empty)}
              />
            </p>
          )}
          {!draft.editing && recipients.length > 1 && (
            <label className="fa-chat__to">
              <span>
                <Trans>An</Trans>
              </span>
              <select value={chosen?.id} onChange={(event) => setTo(event.target.value)}>
                {recipients.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
          )}
          <div className="fa-chat__write">
            <textarea
              ref={field}
              rows={2}
              aria-label={t`Nachricht schreiben`}
              placeholder={t`Nachricht schreiben`}
              maxLength={view.seal === 'held' ? sealable(limits.chat) : limits.chat}
              value={draft.text}
              onChange={(event) => setDraft({ ...draft, text: event.target.value })}
              onKeyDown={onKeyDown}
            />
            <IconButton
              type="submit"
              label={draft.editing ? t`Änderung speichern` : t`Senden`}
              icon={draft.editing ? icons.iconCheck : icons.iconSend}
              isDisabled={!draft.text.trim()}
            />
          </div>
        </form>
      )}
    </div>
  );
}

type Recipient = { id: string; name: string; to: ChatTo };

function recipientsOf({ may, roster, own }: MeetingView, all: string, hosts: string): Recipient[] {
  const people = may.chat_to_one ? [...roster.values()].filter(({ id }) => id !== own?.id) : [];
  return [
    ...(may.chat ? [{ id: 'everybody', name: all, to: { who: 'everybody' } as const }] : []),
    ...(may.chat_to_hosts && !may.moderate
      ? [{ id: 'hosts', name: hosts, to: { who: 'hosts' } as const }]
      : []),
    // The mark comes first: a field that is too narrow cuts the end.
    ...people.map(({ id, name, guest }) => ({
      id,
      name: guest ? t`Gast: ${name}` : name,
      to: { who: 'one', seat: id } as const,
    })),
  ];
}

type EntryProps = {
  message: ChatMessage;
  met: ReadonlyMap<string, Seat>;
  answers: ChatMessage | undefined;
  mine: boolean;
  ownId: string;
  moderates: boolean;
  onAct: (act: Act) => Promise<boolean>;
  onBegin: (draft: Partial<Draft>) => void;
};

/** Remembered, as there may be thousands, and each has a menu. */
const Entry = memo(function Entry(props: EntryProps) {
  const { message, met, answers, mine, ownId, moderates, onAct, onBegin } = props;
  const { t } = useLingui();
  const { id, name, text, at, edited_at: edited, to } = message;
  const recipient = shownName({ name: message.to_name ?? '', guest: message.to_guest });
  const react = (reaction: (typeof reactions)[number]) => {
    const given = message.reactions.find((one) => one.reaction === reaction);
    void onAct({ act: 'chat_react', id, reaction, on: !given?.seats.includes(ownId) });
  };
  return (
    <article className={`fa-message ${mine ? 'fa-message--mine' : ''}`}>
      <header className="fa-message__head">
        <span className="fa-message__name">{mine ? <Trans>Sie</Trans> : name}</span>
        {!mine && <NameMark of={speakerOf(message, met)} />}
        <time dateTime={at}>{timeOf(at)}</time>
        {to.who !== 'everybody' && (
          <span className="fa-message__private">
            <Icon of={icons.iconLock} size="small" />
            {to.who === 'hosts' ? (
              <Trans>nur Moderation</Trans>
            ) : mine ? (
              <Trans>nur {recipient}</Trans>
            ) : (
              <Trans>nur Sie</Trans>
            )}
          </span>
        )}
        <Menu
          label={t`Nachricht von ${name}`}
          trigger={<IconButton label={t`Nachricht von ${name}: mehr`} icon={icons.iconMoreHoriz} />}
        >
          <MenuItem
            icon={icons.iconReply}
            onAction={() => onBegin({ replyTo: message })}
          >{t`Antworten`}</MenuItem>
          {mine && (
            <MenuItem
              icon={icons.iconEdit}
              onAction={() => onBegin({ editing: message, text })}
            >{t`Ändern`}</MenuItem>
          )}
          {(mine || moderates) && (
            <MenuItem
              icon={icons.iconDelete}
              danger
              onAction={() => void onAct({ act: 'chat_delete', id })}
            >{t`Löschen`}</MenuItem>
          )}
          <MenuDivider />
          {reactions.slice(0, 4).map((reaction) => (
            <MenuItem key={reaction} onAction={() => react(reaction)}>
              {`${reactionSigns[reaction]}  ${reactionName(reaction)}`}
            </MenuItem>
          ))}
        </Menu>
      </header>
      {answers && (
        <blockquote className="fa-message__quote">
          {/* First, since the end of the line is cut. */}
          {answers.seat !== ownId && <NameMark of={speakerOf(answers, met)} />} {answers.name}:{' '}
          {answers.text}
        </blockquote>
      )}
      {message.sealed ? (
        <p className="fa-message__closed">
          <Icon of={icons.iconLock} size="small" />
          <Trans>Hier nicht zu entschlüsseln</Trans>
        </p>
      ) : (
        <p className="fa-message__text">{withLinks(text)}</p>
      )}
      {edited && (
        <p className="fa-message__edited">
          <Trans>geändert</Trans>
        </p>
      )}
      {message.reactions.length > 0 && (
        <ul className="fa-message__reactions">
          {message.reactions.map(({ reaction, seats }) => (
            <li key={reaction}>
              <button
                type="button"
                aria-pressed={seats.includes(ownId)}
                aria-label={t`${reactionName(reaction)}: ${seats.length}`}
                onClick={() => react(reaction)}
              >
                <span aria-hidden="true">
                  {reactionSigns[reaction]} {seats.length}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </article>
  );
}, showsTheSame);

/** Of all whom one has met, a message shows two. */
function showsTheSame({ met, ...before }: EntryProps, { met: now, ...after }: EntryProps): boolean {
  const shown = [after.message.seat, after.answers?.seat ?? ''];
  const keys = Object.keys(after) as (keyof typeof after)[];
  return (
    shown.every((seat) => met.get(seat) === now.get(seat)) &&
    keys.every((key) => before[key] === after[key])
  );
}

const timeOf = (moment: string) =>
  new Intl.DateTimeFormat(formatLocale(), { hour: '2-digit', minute: '2-digit' }).format(
    new Date(moment),
  );
