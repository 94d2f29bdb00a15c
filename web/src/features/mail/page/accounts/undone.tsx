import { plural, t } from '@lingui/core/macro';
import { Plural, Trans } from '@lingui/react/macro';
import { useState } from 'react';
import { Button } from '../../../../ui/button.tsx';
import { Alert } from '../../../../ui/notice.tsx';
import type { Post, Undone } from '../../model.ts';

/** More of them at once are counted only. */
const MAX_SHOWN = 5;

/** What was done on this device and came to nothing, until the person has taken note of it. */
export function UndoneList({ post, undone }: { post: Post; undone: readonly Undone[] }) {
  const [pending, setPending] = useState(false);
  const more = undone.length - MAX_SHOWN;
  return (
    <div className="fa-mail__sendings">
      <Alert
        tone="warning"
        live="polite"
        title={
          <Plural
            value={undone.length}
            one="Eine Änderung wurde nicht übernommen"
            other="# Änderungen wurden nicht übernommen"
          />
        }
        actions={
          <Button
            small
            pending={pending}
            onPress={() => {
              setPending(true);
              void post.forgetUndone().finally(() => setPending(false));
            }}
          >
            <Trans>Hinweis entfernen</Trans>
          </Button>
        }
      >
        <ul className="fa-accounts__undone">
          {undone.slice(0, MAX_SHOWN).map((one) => (
            <li key={one.id}>{sentenceOf(one)}</li>
          ))}
        </ul>
        {more > 0 && (
          <p className="fa-muted fa-small">
            <Plural value={more} one="und eine weitere" other="und # weitere" />
          </p>
        )}
        <p>{reasonOf(undone)}</p>
      </Alert>
    </div>
  );
}

function sentenceOf({ account, change, emails, subject }: Undone): string {
  const what = whatOf(change, emails, subject);
  return account === '' ? what : `${account}: ${what}`;
}

function whatOf(change: Undone['change'], count: number, subject: string | null): string {
  switch (change) {
    case 'mark':
      return plural(count, {
        one: 'eine Nachricht kennzeichnen',
        other: '# Nachrichten kennzeichnen',
      });
    case 'move':
      return plural(count, {
        one: 'eine Nachricht verschieben',
        other: '# Nachrichten verschieben',
      });
    case 'destroy':
      return plural(count, { one: 'eine Nachricht löschen', other: '# Nachrichten löschen' });
    case 'draft':
      return subject ? t`Entwurf „${subject}“ speichern` : t`einen Entwurf speichern`;
    case 'send':
      return subject ? t`„${subject}“ senden` : t`eine Nachricht senden`;
    case 'assignee':
      return t`festlegen, wer sich kümmert`;
    case 'note':
      return t`eine interne Notiz ändern`;
  }
}

function reasonOf(undone: readonly Undone[]): string {
  return undone.every(({ why }) => why === 'closed')
    ? t`Das Postfach wurde für Sie geschlossen, bevor eine Verbindung bestand.`
    : t`Der Mailserver hat sie abgelehnt; vermutlich wurden Ihre Rechte geändert.`;
}
