import type { Container, Json } from '../container/index.ts';
import { type Absence, MailFault } from '../model.ts';
import { type Jmap, list, type Obj, object, text } from './jmap.ts';
import type { MailNet } from './net.ts';
import { OWN } from './writing.ts';

type Records = Pick<Container['records'], 'get' | 'put'>;

/** What the server takes at most. */
export const MAX_ABSENCE_SUBJECT_BYTES = 500;
export const MAX_ABSENCE_TEXT_BYTES = 50_000;
/** Somebody may set it on another device. */
const FRESH_MS = 5 * 60_000;
const VACATION = 'urn:ietf:params:jmap:vacationresponse';
/** What those outside the house are answered. */
const ABSENCE = 'urn:fernamt:params:jmap:absence';
const USING = [VACATION, ABSENCE];
const ID = 'singleton';

type Outside = Pick<Absence, 'answersOutside' | 'outsideText'>;
/** An older version of the page kept nothing of those outside. */
type Kept = Omit<Absence, keyof Outside> & Partial<Outside>;

/** What is answered while somebody is away: changed with a line only, known also without one. */
export class Absences {
  readonly #records: Records;
  readonly #jmap: Jmap;
  readonly #net: MailNet;
  readonly #tell: () => void;
  #askedMs = Number.NEGATIVE_INFINITY;
  #state: string | undefined;

  constructor({ records }: { records: Records }, jmap: Jmap, net: MailNet, tell: () => void) {
    this.#records = records;
    this.#jmap = jmap;
    this.#net = net;
    this.#tell = tell;
  }

  /** As it was known last. Where that is a while ago and there is a line, the server is asked, and a change is told. */
  async get(online: boolean): Promise<Absence | null> {
    const kept = ((await this.#records.get(OWN, 'absence'))?.value ?? null) as Kept | null;
    const known = kept && withOutside(kept);
    if (online && this.#net.clock.now() - this.#askedMs > FRESH_MS) {
      this.#askedMs = this.#net.clock.now();
      const asked = this.#ask(known);
      if (!known) return asked;
      asked.catch(() => undefined);
    }
    return known;
  }

  /** The server pushes in which state it is. Another one than was read is asked for at once: it may have ended elsewhere. */
  heard(state: string | undefined): void {
    if (state === undefined || this.#state === undefined || state === this.#state) return;
    this.#state = state;
    this.#askedMs = Number.NEGATIVE_INFINITY;
    this.#tell();
  }

  async set(absence: Absence): Promise<void> {
    const { on, fromMs, untilMs, answersOutside, outsideText } = absence;
    const bytes = (value: string) => new TextEncoder().encode(value).length;
    if ([absence.text, outsideText ?? ''].some((one) => bytes(one) > MAX_ABSENCE_TEXT_BYTES)) {
      throw new MailFault('too_large', `a text has at most ${MAX_ABSENCE_TEXT_BYTES} bytes`);
    }
    if (bytes(absence.subject) > MAX_ABSENCE_SUBJECT_BYTES) {
      throw new MailFault('too_large', `a subject has at most ${MAX_ABSENCE_SUBJECT_BYTES} bytes`);
    }
    const patch: Obj = {
      isEnabled: on,
      fromDate: moment(fromMs),
      toDate: moment(untilMs),
      subject: absence.subject.trim() || null,
      textBody: absence.text.trim() || null,
      htmlBody: null,
      isEnabledOutside: answersOutside,
      textBodyOutside: outsideText?.trim() || null,
    };
    const answers = await this.#jmap.call(
      [['VacationResponse/set', { update: { [ID]: patch } }]],
      USING,
    );
    const refused = object(answers.of(0).notUpdated)[ID];
    if (refused) throw new MailFault('refused', text(object(refused).description));
    await this.#keep(absence);
    this.#tell();
  }

  async #ask(known: Absence | null): Promise<Absence> {
    const answers = await this.#jmap.call([['VacationResponse/get', { ids: null }]], USING);
    const answer = answers.of(0);
    this.#state = text(answer.state);
    const told = absenceOf(list(answer.list)[0] ?? {});
    if (JSON.stringify(told) !== JSON.stringify(known)) {
      await this.#keep(told);
      this.#tell();
    }
    return told;
  }

  async #keep(absence: Absence): Promise<void> {
    await this.#records.put(OWN, 'absence', absence as unknown as Json);
  }
}

function withOutside(kept: Kept): Absence {
  const { answersOutside = true, outsideText = null } = kept;
  return { ...kept, answersOutside, outsideText };
}

function absenceOf(told: Obj): Absence {
  return {
    on: told.isEnabled === true,
    fromMs: Date.parse(text(told.fromDate)) || null,
    untilMs: Date.parse(text(told.toDate)) || null,
    subject: text(told.subject),
    text: text(told.textBody),
    answersOutside: told.isEnabledOutside !== false,
    outsideText: text(told.textBodyOutside) || null,
  };
}

function moment(ms: number | null): string | null {
  return ms === null ? null : `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
