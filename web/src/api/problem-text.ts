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
    return (texts[error.code] ?? byStatuses[error.status])?.(error) ?? unexpected();
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
  device_blocked: () => ({
    what: t`Dieses Gerät ist gesperrt.`,
    next: t`Wenden Sie sich an Ihre Leitstelle, oder melden Sie sich auf einem anderen Gerät an.`,
  }),
  device_pending: () => ({
    what: t`Das Gerät ist noch nicht freigegeben.`,
    next: t`Ihre Leitstelle entscheidet darüber. Danach können Sie sich hier anmelden.`,
  }),
  device_proof: () => ({
    what: t`Dieser Browser konnte seinen Geräteschlüssel nicht vorweisen.`,
    next: t`Laden Sie die Seite neu. Bleibt es dabei, erlauben Sie dieser Adresse das Speichern von Websitedaten.`,
  }),
  too_many_devices: () => ({
    what: t`Für Ihr Konto sind schon sehr viele Geräte eingetragen.`,
    next: t`Sperren Sie auf einem anderen Gerät unter „Mein Konto“ eines, das Sie nicht mehr benutzen.`,
  }),
  directory_unreachable: () => ({
    what: t`Das Verzeichnis Ihrer Behörde antwortet nicht, deshalb lässt sich Ihr Passwort gerade nicht prüfen.`,
    next: t`Versuchen Sie es in einigen Minuten noch einmal. Ihre IT-Stelle sieht die Störung.`,
  }),
  second_factor_missing: () => ({
    what: t`Dafür müssen Sie mit einem zweiten Schritt angemeldet sein.`,
    next: t`Melden Sie sich ab und mit Einmalcode oder Passkey wieder an.`,
  }),
  wrong_code: () => ({
    what: t`Der Code stimmt nicht.`,
    next: t`Warten Sie, bis die App einen neuen Code zeigt. Stimmt die Uhrzeit auf dem Telefon?`,
  }),
  setup_link: () => ({
    what: t`Dieser Einrichtungslink ist verbraucht oder abgelaufen.`,
    next: t`Erzeugen Sie auf dem Server mit „fernamt setup“ einen neuen.`,
  }),
  passkeys_unavailable: () => ({
    what: t`Passkeys gehen unter dieser Adresse nicht.`,
    next: t`Öffnen Sie Fernamt unter seinem vollen Namen und mit https, oder melden Sie sich mit Passwort und Einmalcode an.`,
  }),
  passkey_refused: () => ({
    what: t`Dieser Passkey wurde nicht angenommen.`,
    next: t`Vielleicht wurde er hier entfernt. Melden Sie sich mit Passwort und Einmalcode an und richten Sie einen neuen ein.`,
  }),
  passkey_known: () => ({
    what: t`Dieser Passkey ist schon eingerichtet.`,
    next: t`Sie können ihn sofort benutzen.`,
  }),
  key_known: () => ({
    what: t`Dieser Schlüssel ist schon hinterlegt oder wurde gesperrt.`,
    next: t`Erzeugen Sie ein neues Schlüsselpaar und hinterlegen Sie dessen öffentlichen Teil.`,
  }),
  last_second_factor: () => ({
    what: t`Das ist Ihr letzter zweiter Schritt der Anmeldung.`,
    next: t`Richten Sie zuerst einen anderen ein, sonst kämen Sie nicht mehr herein.`,
  }),
  password_elsewhere: () => ({
    what: t`Ihr Passwort liegt im Verzeichnis Ihrer Behörde.`,
    next: t`Ändern Sie es an Ihrem Arbeitsplatz; es gilt dann auch hier.`,
  }),
  not_allowed: () => ({
    what: t`Das ist nach den geltenden Regeln jetzt nicht erlaubt.`,
    next: t`Wenn Sie den Zugang brauchen, wenden Sie sich an Ihre IT-Stelle und nennen Sie Ziel und Uhrzeit.`,
  }),
  duty_missing: () => forbidden(),
  administration_not_here: () => ({
    what: t`Die Verwaltung ist von hier aus nicht erreichbar.`,
    next: t`Öffnen Sie sie im Hausnetz oder über Ihren Arbeitsplatz.`,
  }),
  foreign_origin: () => ({
    what: t`Die Anfrage kam nicht von dieser Seite und wurde aus Sicherheit verworfen.`,
    next: t`Laden Sie die Seite neu und versuchen Sie es noch einmal.`,
  }),
  unknown_host: () => ({
    what: t`Unter dieser Adresse gibt es hier keine Behörde.`,
    next: t`Prüfen Sie die Adresse; am sichersten ist ein Lesezeichen.`,
  }),
  taken: () => ({
    what: t`Das gibt es schon.`,
    next: t`Wählen Sie einen anderen Namen.`,
  }),
  in_use: () => ({
    what: t`Der Eintrag wird noch benutzt.`,
    next: t`Lösen Sie zuerst, was auf ihn verweist.`,
  }),
  too_many: ({ params: { limit } }) => ({
    what: t`Davon gibt es schon so viele, wie möglich sind.`,
    next: limit
      ? t`Die Grenze liegt bei ${limit}. Löschen Sie zuerst, was nicht mehr gebraucht wird.`
      : t`Löschen Sie zuerst, was nicht mehr gebraucht wird.`,
  }),
  conflict: () => ({
    what: t`Der Eintrag hat sich inzwischen geändert.`,
    next: t`Laden Sie die Seite neu und nehmen Sie Ihre Änderung noch einmal vor.`,
  }),
  invalid: (problem) => invalid(problem),
  enrolment_needed: () => ({
    what: t`Vorher muss ein zweiter Schritt eingerichtet sein.`,
    next: t`Melden Sie sich einmal hier im Browser an und richten Sie Einmalcodes ein.`,
  }),
  second_factor_required: () => ({
    what: t`Es fehlt noch der zweite Schritt der Anmeldung.`,
    next: t`Geben Sie den Code ein, den Ihre App oder Ihr Token gerade zeigt.`,
  }),
  not_signed_in: () => signedOut(),
  rotation_needed: () => signedOut(),
  malformed: (problem) => invalid(problem),
  not_found: () => missing(),
  too_large: () => tooLarge(),
  internal: () => unexpected(),
  busy: () => busy(),
  storage_full: () => ({
    what: t`Der Server kann nichts mehr speichern: Sein Speicherplatz ist voll.`,
    next: t`Sagen Sie Ihrer IT-Stelle Bescheid. Sobald Platz ist, geht es weiter; verloren ist nichts.`,
  }),
};

const byStatuses: Record<number, (problem: ApiProblem) => ProblemText> = {
  400: (problem) => invalid(problem),
  401: () => signedOut(),
  403: () => forbidden(),
  404: () => missing(),
  409: (problem) => texts.conflict?.(problem) ?? unexpected(),
  413: () => tooLarge(),
  422: (problem) => invalid(problem),
  429: (problem) => texts.slow_down?.(problem) ?? unexpected(),
  503: () => busy(),
};

function signedOut(): ProblemText {
  return {
    what: t`Sie sind nicht mehr angemeldet.`,
    next: t`Laden Sie die Seite neu und melden Sie sich an.`,
  };
}

function missing(): ProblemText {
  return {
    what: t`Diesen Eintrag gibt es nicht (mehr).`,
    next: t`Vielleicht wurde er inzwischen gelöscht. Laden Sie die Liste neu.`,
  };
}

function tooLarge(): ProblemText {
  return {
    what: t`Die Angaben sind zu umfangreich.`,
    next: t`Kürzen Sie sie, oder teilen Sie die Datei in mehrere.`,
  };
}

function forbidden(): ProblemText {
  return {
    what: t`Dafür hat Ihr Konto keine Berechtigung.`,
    next: t`Wenn Sie sie brauchen, wenden Sie sich an Ihre IT-Stelle.`,
  };
}

function invalid({ fields }: ApiProblem): ProblemText {
  if (fields.length === 0) {
    return {
      what: t`Der Server konnte mit dieser Anfrage nichts anfangen.`,
      next: t`Laden Sie die Seite neu und versuchen Sie es noch einmal.`,
    };
  }
  return {
    what: t`Einige Angaben sind so nicht möglich.`,
    next: t`Prüfen Sie die markierten Felder.`,
  };
}

function busy(): ProblemText {
  return {
    what: t`Der Dienst ist gerade ausgelastet oder startet neu.`,
    next: t`Versuchen Sie es in einer Minute noch einmal.`,
  };
}

function unexpected(): ProblemText {
  return {
    what: t`Auf dem Server ist etwas Unerwartetes passiert.`,
    next: t`Versuchen Sie es noch einmal. Bleibt es dabei, sagen Sie Ihrer IT-Stelle Bescheid und nennen Sie die Uhrzeit.`,
  };
}

/** The words for a field's fault. Features add their own codes with `registerFieldFaults`. */
export function fieldText(code: string, params: Params = {}): string {
  return fieldTexts[code]?.(params) ?? t`Diese Angabe ist so nicht möglich.`;
}

/** Adds the words for faults of a feature's own fields. */
export function registerFieldFaults(more: Record<string, (params: Params) => string>): void {
  Object.assign(fieldTexts, more);
}

/** Whether a refusal has words of its own; a test asks for every code of the server. */
export function hasProblemText(code: string): boolean {
  return code in texts;
}

/** The same for a field's fault. */
export function hasFieldText(code: string): boolean {
  return code in fieldTexts;
}

type Params = Readonly<Record<string, string>>;

const fieldTexts: Record<string, (params: Params) => string> = {
  required: () => t`Diese Angabe fehlt.`,
  invalid: () => t`Diese Angabe ist so nicht möglich.`,
  too_long: ({ most }) =>
    most
      ? t`Diese Angabe ist zu lang: Höchstens ${most} Zeichen sind möglich.`
      : t`Diese Angabe ist zu lang.`,
  taken: () => t`Das gibt es schon. Wählen Sie etwas anderes.`,
  spaces_around: () => t`Vor oder hinter der Angabe steht ein Leerzeichen.`,
  control_character: (params) => foreign(params),
  bidi_character: (params) => foreign(params),
  invisible_character: (params) => foreign(params),
  unknown: () => t`Das steht nicht zur Auswahl (oder nicht mehr).`,
  password_too_short: () => t`Das Passwort ist zu kurz. Am besten nehmen Sie einen kurzen Satz.`,
  password_too_long: () => t`Das Passwort ist zu lang.`,
  password_holds_name: () => t`Das Passwort darf keinen Namen der Person enthalten.`,
  password_common: () => t`Dieses Passwort probieren Angreifer als Erstes. Wählen Sie ein anderes.`,
};

function foreign({ position, character }: Params): string {
  return position && character
    ? t`An Stelle ${position} steht ein Zeichen, das man nicht sieht (${character}). Löschen Sie es.`
    : t`Darin steht ein Zeichen, das man nicht sieht. Schreiben Sie die Angabe noch einmal.`;
}
