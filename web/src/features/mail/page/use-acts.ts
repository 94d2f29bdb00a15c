import { plural, t } from '@lingui/core/macro';
import { useCallback, useMemo } from 'react';
import type { EmailChange, EmailHead, ThreadHead } from '../model.ts';
import { boxFor, type Notice, useMailPage } from './context.ts';
import { faultText, folderName } from './words.ts';

/** Threads whose messages are looked up for one act. */
const MAX_THREADS_AT_ONCE = 500;

export type Acts = {
  /** Puts messages into another folder; can be undone. */
  move: (emails: readonly EmailHead[], to: string) => Promise<void>;
  /** Into the trash; can be undone. What lies there already is to be asked about before. */
  remove: (emails: readonly EmailHead[]) => Promise<void>;
  destroy: (emails: readonly EmailHead[]) => Promise<void>;
  flag: (emails: readonly EmailHead[], on: boolean) => Promise<void>;
  see: (emails: readonly EmailHead[], on: boolean) => Promise<void>;
  /** The messages of threads that an act in this folder means; without a folder, all of them. */
  emailsOf: (threads: readonly ThreadHead[], folder: string | null) => Promise<EmailHead[]>;
};

/** What can be done to messages: shown at once, told, and undone where that is possible. */
export function useActs(): Acts {
  const { mail, boxes, tell } = useMailPage();

  const changed = useCallback(
    async (work: () => Promise<unknown>, notice?: Notice) => {
      try {
        await work();
        if (notice) tell(notice);
      } catch (fault) {
        const { what, next } = faultText(fault);
        tell({ text: `${what} ${next}`, failed: true });
      }
    },
    [tell],
  );

  return useMemo(() => {
    const keyword = (keyword: 'seen' | 'flagged') => {
      return (emails: readonly EmailHead[], on: boolean) => {
        const ids = emails.filter((email) => email[keyword] !== on).map(({ id }) => id);
        if (ids.length === 0) return Promise.resolve();
        return changed(() => mail.change(ids, { kind: 'keyword', keyword, on }));
      };
    };
    const move = (emails: readonly EmailHead[], to: string, text: string) => {
      const moves = movesOf(emails, to);
      const all = async (how: (from: string, ids: string[]) => Promise<void>) => {
        for (const [from, ids] of moves) await how(from, ids);
      };
      if (moves.size === 0) return Promise.resolve();
      return changed(() => all((from, ids) => mail.change(ids, moved(from, to))), {
        text,
        undo: () =>
          changed(() => all((from, ids) => mail.change(ids, moved(to, from))), {
            text: t`Rückgängig gemacht`,
          }),
      });
    };
    return {
      move: (emails, to) => {
        const target = boxes.find(({ id }) => id === to);
        const name = target ? folderName(target) : '';
        const text = plural(emails.length, {
          one: `Nachricht nach „${name}“ verschoben`,
          other: `# Nachrichten nach „${name}“ verschoben`,
        });
        return move(emails, to, text);
      },
      remove: (emails) => {
        const trash = boxFor(boxes, 'trash');
        const text = plural(emails.length, {
          one: 'Nachricht in den Papierkorb gelegt',
          other: '# Nachrichten in den Papierkorb gelegt',
        });
        return trash ? move(emails, trash.id, text) : Promise.resolve();
      },
      destroy: (emails) =>
        changed(
          () =>
            mail.change(
              emails.map(({ id }) => id),
              { kind: 'destroy' },
            ),
          {
            text: plural(emails.length, {
              one: 'Nachricht endgültig gelöscht',
              other: '# Nachrichten endgültig gelöscht',
            }),
          },
        ),
      flag: keyword('flagged'),
      see: keyword('seen'),
      emailsOf: async (threads, folder) => {
        const found: EmailHead[] = [];
        for (const { id } of threads.slice(0, MAX_THREADS_AT_ONCE)) {
          const emails = await mail.thread(id).catch(() => []);
          found.push(
            ...emails.filter(({ mailboxIds }) => folder === null || mailboxIds.includes(folder)),
          );
        }
        return found;
      },
    };
  }, [mail, boxes, changed]);
}

const moved = (from: string, to: string): EmailChange => ({ kind: 'move', from, to });

/** Messages by the folder they leave. */
function movesOf(emails: readonly EmailHead[], to: string): Map<string, string[]> {
  const moves = new Map<string, string[]>();
  for (const { id, mailboxIds } of emails) {
    const from = mailboxIds.find((box) => box !== to);
    if (from === undefined || mailboxIds.includes(to)) continue;
    moves.set(from, [...(moves.get(from) ?? []), id]);
  }
  return moves;
}
