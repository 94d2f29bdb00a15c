import { plural, t } from '@lingui/core/macro';
import type { Refusal } from '../model.ts';
import { isolated } from './bidi.ts';
import { sizeText } from './words.ts';

/** More recipients of one refusal are counted only. */
const MAX_NAMED = 3;

/** Why a message was not sent, and what to do now, a sentence or two. */
export function refusalText({ code, recipients, most }: Refusal): string {
  switch (code) {
    case 'invalidRecipients':
    case 'noRecipients':
      return recipients.length > 0
        ? t`Diese Adressen gibt es nicht, oder die Post reicht nicht bis dorthin. Ändern oder entfernen Sie sie.`
        : t`Die Nachricht hatte niemanden, an den sie gehen konnte.`;
    case 'forbiddenFrom':
    case 'forbiddenMailFrom':
    case 'forbiddenToSend':
      return t`Unter dieser Absenderadresse dürfen Sie nicht senden. Wählen Sie eine andere.`;
    case 'tooManyRecipients':
      return most === null
        ? t`Es sind zu viele Empfängerinnen und Empfänger. Teilen Sie die Nachricht auf.`
        : plural(most, {
            one: 'Sie darf nur an eine Adresse gehen. Teilen Sie die Nachricht auf.',
            other: 'Sie darf an höchstens # Adressen gehen. Teilen Sie die Nachricht auf.',
          });
    case 'tooLarge':
    case 'requestTooLarge':
      return most === null
        ? t`Sie ist zu groß. Entfernen Sie Anhänge oder verteilen Sie sie auf mehrere Nachrichten.`
        : t`Sie ist zu groß; höchstens ${sizeText(most)} gehen. Verteilen Sie die Anhänge auf mehrere Nachrichten.`;
    case 'malware':
      return t`In einem Anhang steckt Schadsoftware. Entfernen Sie ihn und sagen Sie Ihrer IT-Stelle, woher er kommt.`;
    case 'notScanned':
      return t`Ein Anhang ist zu groß, um auf Schadsoftware geprüft zu werden. Entfernen oder teilen Sie ihn.`;
    case 'overQuota':
      return t`Das Postfach ist voll. Löschen Sie Nachrichten und leeren Sie den Papierkorb.`;
    case 'blobNotFound':
    case 'gone':
      return t`Ein Anhang oder der Absender ist nicht mehr da. Fügen Sie ihn noch einmal hinzu.`;
    case 'invalidEmail':
    case 'invalidProperties':
      return t`Der Server kann die Nachricht so nicht lesen. Prüfen Sie Adressen, Betreff und Anhänge.`;
    default:
      return t`Der Server hat sie abgelehnt und nicht gesagt, was sich ändern ließe. Ihre IT-Stelle hilft weiter.`;
  }
}

/** Those it is about, cut where there are many; empty where it is about all. */
export function refusedNames({ recipients }: Refusal): string {
  const named = recipients.slice(0, MAX_NAMED).map(isolated).join(', ');
  const more = recipients.length - MAX_NAMED;
  if (more <= 0) return named;
  const rest = plural(more, { one: 'eine weitere', other: '# weitere' });
  return t`${named} und ${rest}`;
}
