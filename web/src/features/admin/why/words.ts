import { t } from '@lingui/core/macro';
import type { Schema } from '../../../api/client.ts';
import {
  DEVICE_KINDS,
  DEVICE_STATES,
  deviceKindName,
  deviceState,
  METHODS,
  methodName,
} from '../../../app/device-words.ts';
import { day, list } from '../format.ts';
import { runsOf } from '../rules/sentence.ts';
import { weekdayName } from '../words.ts';

type Condition = Schema<'WhyCondition'>;

/** Why it is so, in a sentence, and what would change it. */
export function reasonText(answer: Schema<'WhyAnswer'>): { what: string; next: string } {
  switch (answer.reason) {
    case 'rule':
      return answer.allowed
        ? { what: t`Eine Regel erlaubt es, und keine verweigert es.`, next: '' }
        : {
            what: t`Eine Regel verweigert es. Das gilt vor jeder Erlaubnis.`,
            next: t`Soll es doch gehen, ändern Sie diese Regel.`,
          };
    case 'owner':
      return {
        what: t`Es ist ein eigenes Ziel der Person, und keine Regel verweigert es.`,
        next: '',
      };
    case 'not_owner':
      return {
        what: t`Es ist ein eigenes Ziel einer anderen Person. Nur sie selbst erreicht es.`,
        next: t`Soll es mehreren offenstehen, tragen Sie es unter „Ziele“ ein.`,
      };
    case 'own_targets_off':
      return {
        what: t`Es ist ein eigenes Ziel der Person, aber eigene Ziele sind ausgeschaltet.`,
        next: t`Darüber wird unter „Eigene Ziele“ entschieden.`,
      };
    case 'person_disabled':
      return {
        what: t`Das Konto der Person ist deaktiviert.`,
        next: t`Aktivieren Sie das Konto, wenn die Person wieder arbeiten soll.`,
      };
    case 'target_disabled':
      return {
        what: t`Das Ziel ist ausgeschaltet.`,
        next: t`Schalten Sie das Ziel ein.`,
      };
    case 'device_blocked':
      return {
        what: t`Das Gerät ist gesperrt. Gesperrte Geräte erreichen nie etwas.`,
        next: t`Geben Sie das Gerät frei, wenn es vertrauenswürdig ist.`,
      };
    case 'faulty_rules':
      return {
        what: t`Eine Regel lässt sich nicht auswerten. Zur Sicherheit ist dann alles verweigert.`,
        next: t`Öffnen Sie die Regeln und beheben Sie den Fehler.`,
      };
    default:
      return answer.rules.length > 0
        ? {
            what: t`Keine Regel erlaubt es. Die Regeln, die dieses Ziel betreffen, passen hier nicht.`,
            next: t`Unten steht bei jeder, welche Bedingung fehlt.`,
          }
        : {
            what: t`Keine Regel betrifft dieses Ziel. Was keine Regel erlaubt, ist verweigert.`,
            next: t`Schreiben Sie eine Regel, die dieses Ziel nennt.`,
          };
  }
}

/** A condition in a sentence: what the rule asks for and, where it fails, what was there. */
export function conditionText(condition: Condition): string {
  const { code, holds } = condition;
  const expected = list(condition.expected.map(termText), 'disjunction');
  const actual = list(condition.actual.map(termText));
  switch (code) {
    case 'enabled':
      return t`Die Regel ist ausgeschaltet.`;
    case 'subject':
      if (condition.expected.some(({ kind }) => kind === 'everybody'))
        return t`Sie gilt für alle Personen.`;
      return holds
        ? t`Sie gilt für: ${expected}. Die Person gehört dazu.`
        : t`Sie gilt für: ${expected}. Die Person gehört nicht dazu.`;
    case 'target':
      if (condition.expected.some(({ kind }) => kind === 'all_targets'))
        return t`Sie gilt für alle Ziele.`;
      return holds
        ? t`Sie nennt das Ziel, unmittelbar oder durch Bündel oder Art.`
        : t`Sie nennt dieses Ziel nicht.`;
    case 'device_kind': {
      const [kinds, kind] = [expected, actual];
      return holds
        ? t`Das Gerät hat die verlangte Art: ${kind}.`
        : t`Verlangt wird ein Gerät der Art ${kinds}. Hier ist es: ${kind}.`;
    }
    case 'device_state': {
      const [states, state] = [expected, actual];
      return holds
        ? t`Der Zustand des Geräts passt: ${state}.`
        : t`Verlangt wird der Zustand: ${states}. Hier ist er: ${state}.`;
    }
    case 'second_factor': {
      const methods = actual;
      return holds
        ? t`Ein zweiter Faktor wurde benutzt.`
        : t`Verlangt wird ein zweiter Faktor. Angemeldet ist die Person nur mit: ${methods}.`;
    }
    case 'zone':
      return holds
        ? t`Der Zugang passt: ${actual}.`
        : t`Verlangt wird der Zugang über ${expected}. Hier ist es: ${actual}.`;
    case 'network':
      return holds
        ? t`Die Adresse ${actual} liegt im verlangten Netz.`
        : t`Verlangt wird eine Adresse aus ${expected}. Hier ist es: ${actual}.`;
    case 'time': {
      const windows = list((condition.windows ?? []).map(windowText), 'disjunction');
      const moment = momentText(condition.moment ?? null);
      return holds
        ? t`Es ist innerhalb der Zeiten: ${windows}.`
        : t`Erlaubt sind die Zeiten: ${windows}. Gefragt ist: ${moment}.`;
    }
    case 'valid_from': {
      const first = expected;
      return holds ? t`Die Regel gilt schon, seit ${first}.` : t`Die Regel gilt erst ab ${first}.`;
    }
    case 'valid_until': {
      const last = expected;
      return holds ? t`Die Regel gilt noch, bis ${last}.` : t`Die Regel galt nur bis ${last}.`;
    }
    case 'expert': {
      if (holds) return t`Der Cedar-Text trifft zu.`;
      const errors = condition.errors?.join('; ');
      return errors
        ? t`Der Cedar-Text lässt sich hier nicht auswerten: ${errors}`
        : t`Der Cedar-Text trifft nicht zu.`;
    }
    default:
      return [code, expected, actual].filter(Boolean).join(' · ');
  }
}

type Term = Schema<'WhyTerm'>;

/** What a condition speaks of, as the reader calls it. */
function termText({ kind, text }: Term): string {
  switch (kind) {
    case 'device_kind':
      return named(text, DEVICE_KINDS, deviceKindName);
    case 'device_state':
      return named(text, DEVICE_STATES, (state) => deviceState(state).label);
    case 'method':
      return named(text, METHODS, methodName);
    case 'date':
      return day(text);
    default:
      return text;
  }
}

function named<Value extends string>(
  word: string,
  known: readonly Value[],
  name: (value: Value) => string,
): string {
  const value = known.find((candidate) => candidate === word);
  return value ? name(value) : word;
}

const shortDay = (number: number) => weekdayName(number).slice(0, 2);

/** "Mo–Fr 06:00–20:00" */
function windowText({ weekdays, from, to }: Schema<'TimeWindow'>): string {
  const runs = runsOf(weekdays).map(([first, last]) =>
    first === last ? shortDay(first) : `${shortDay(first)}–${shortDay(last)}`,
  );
  return `${runs.join(', ')} ${from}–${to}`;
}

function momentText(moment: Schema<'WhyMoment'> | null): string {
  return moment ? `${shortDay(moment.weekday)} ${day(moment.date)} ${moment.time}` : '';
}
