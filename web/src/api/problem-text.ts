import { t } from '@lingui/core/macro';
import { ApiProblem, LineProblem } from './problem.ts';

/** A refusal in words: what happened (and why, as far as known), and what to do now. */
export type ProblemText = { what: string; next: string };

/** The words for an error. Features add their own codes with `registerProblems`. */
export function problemText(error: unknown): ProblemText {
  if (error instanceof LineProblem) {
    return {
      what: t`Der Server ist gerade nicht zu erreichen.`,
      next: t`Prüfen Sie Ihre Internetverbindung. Sobald sie steht, versuchen Sie es noch einmal.`,
    };
  }
  if (error instanceof ApiProblem) {
    return texts[error.code]?.(error) ?? byStatus(error);
  }
  return unexpected();
}

/** Adds the words for a feature's own codes. */
export function registerProblems(more: Record<string, (problem: ApiProblem) => ProblemText>): void {
  Object.assign(texts, more);
}

const texts: Record<string, (problem: ApiProblem) => ProblemText> = {
  sign_in_failed: () => ({
    what: t`Die Anmeldung hat nicht geklappt.`,
    next: t`Name, Passwort oder Einmalcode stimmen nicht. Prüfen Sie die Feststelltaste und warten Sie auf einen neuen Einmalcode; jeder Code gilt nur einmal.`,
  }),
  slow_down: ({ retryAfterSeconds }) => ({
    what: t`Das waren zu viele Versuche in kurzer Zeit.`,
    next: retryAfterSeconds
      ? t`Zum Schutz Ihres Kontos geht es erst in ${retryAfterSeconds} Sekunden weiter. Ihr Konto ist nicht gesperrt.`
      : t`Warten Sie einen Augenblick und versuchen Sie es dann noch einmal. Ihr Konto ist nicht gesperrt.`,
  }),
  challenge_expired: () => ({
    what: t`Die Anmeldung hat zu lange gedauert.`,
    next: t`Versuchen Sie es bitte noch einmal.`,
  }),
  device_suspended: () => ({
    what: t`Dieses Gerät ist gesperrt.`,
    next: t`Wenden Sie sich an Ihre Leitstelle, oder melden Sie sich auf einem anderen Gerät an.`,
  }),
  device_pending: () => ({
    what: t`Das Gerät ist noch nicht freigegeben.`,
    next: t`Ihre Leitstelle entscheidet darüber. Danach können Sie sich hier anmelden.`,
  }),
  setup_link_used: () => ({
    what: t`Dieser Einrichtungslink ist verbraucht oder abgelaufen.`,
    next: t`Erzeugen Sie auf dem Server mit „fernamt setup“ einen neuen.`,
  }),
  not_allowed: () => ({
    what: t`Das ist nach den geltenden Regeln jetzt nicht erlaubt.`,
    next: t`Wenn Sie den Zugang brauchen, wenden Sie sich an Ihre IT-Stelle und nennen Sie Ziel und Uhrzeit.`,
  }),
  forbidden: () => ({
    what: t`Dafür hat Ihr Konto keine Berechtigung.`,
    next: t`Wenn Sie sie brauchen, wenden Sie sich an Ihre IT-Stelle.`,
  }),
  conflict: () => ({
    what: t`Der Eintrag hat sich inzwischen geändert.`,
    next: t`Laden Sie die Seite neu und nehmen Sie Ihre Änderung noch einmal vor.`,
  }),
  invalid_input: () => ({
    what: t`Einige Angaben sind so nicht möglich.`,
    next: t`Prüfen Sie die markierten Felder.`,
  }),
  too_large: () => ({
    what: t`Die Angaben sind zu umfangreich.`,
    next: t`Kürzen Sie sie, oder teilen Sie die Datei in mehrere.`,
  }),
};

function byStatus(problem: ApiProblem): ProblemText {
  if (problem.status === 404) {
    return {
      what: t`Diesen Eintrag gibt es nicht (mehr).`,
      next: t`Vielleicht wurde er inzwischen gelöscht. Laden Sie die Liste neu.`,
    };
  }
  if (problem.status === 403) return texts.forbidden?.(problem) ?? unexpected();
  if (problem.status === 409) return texts.conflict?.(problem) ?? unexpected();
  if (problem.status === 429) return texts.slow_down?.(problem) ?? unexpected();
  if (problem.status === 413) return texts.too_large?.(problem) ?? unexpected();
  if (problem.status === 400 || problem.status === 422) {
    return texts.invalid_input?.(problem) ?? unexpected();
  }
  if (problem.status === 503) {
    return {
      what: t`Der Dienst ist gerade ausgelastet oder startet neu.`,
      next: t`Versuchen Sie es in einer Minute noch einmal.`,
    };
  }
  return unexpected();
}

function unexpected(): ProblemText {
  return {
    what: t`Auf dem Server ist etwas Unerwartetes passiert.`,
    next: t`Versuchen Sie es noch einmal. Bleibt es dabei, sagen Sie Ihrer IT-Stelle Bescheid und nennen Sie die Uhrzeit.`,
  };
}

/** The words for a field's fault. */
export function fieldText(code: string): string {
  switch (code) {
    case 'required':
      return t`Diese Angabe fehlt.`;
    case 'too_long':
      return t`Diese Angabe ist zu lang.`;
    case 'too_short':
      return t`Diese Angabe ist zu kurz.`;
    case 'taken':
      return t`Das gibt es schon. Wählen Sie etwas anderes.`;
    default:
      return t`Diese Angabe ist so nicht möglich.`;
  }
}
