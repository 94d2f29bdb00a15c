import type { Schema } from '../../../api/client.ts';
import type { Locale } from '../../../i18n/index.ts';
import { german } from './sentence-de.ts';
import { english } from './sentence-en.ts';

export type RuleForm = Schema<'RuleForm'>;

/** The names behind the ids that a form holds. */
export type Names = {
  group: (id: string) => string;
  person: (id: string) => string;
  target: (id: string) => string;
  bundle: (id: string) => string;
};

/** What a language has to know to say a rule. Each writes its own sentences; none is a translation. */
export type Grammar = {
  subject: (parts: SubjectParts) => string;
  targets: (parts: TargetParts) => string;
  device: (
    kinds: readonly Schema<'DeviceKind'>[],
    states: readonly Schema<'DeviceState'>[],
  ) => string;
  secondFactor: string;
  zones: (names: string[]) => string;
  networks: (names: string[]) => string;
  times: (windows: readonly Schema<'TimeWindow'>[]) => string;
  period: (from: string | null, until: string | null) => string;
  sentence: (parts: {
    deny: boolean;
    plural: boolean;
    subject: string;
    targets: string;
    conditions: string[];
  }) => string;
  missing: (what: { subject: boolean; target: boolean }) => string;
};

export type SubjectParts = { everybody: boolean; groups: string[]; people: string[] };
export type TargetParts = {
  all: boolean;
  targets: string[];
  bundles: string[];
  kinds: readonly Schema<'TargetKind'>[];
};

export type Sentence = {
  text: string;
  /** Whether the rule says enough to be saved. */
  complete: boolean;
};

const grammars: Record<Locale, Grammar> = { de: german, en: english };

/** Says in one sentence what a rule means. */
export function ruleSentence(form: RuleForm, names: Names, locale: Locale): Sentence {
  const grammar = grammars[locale];
  const subject = subjectOf(form, names);
  const targets = targetsOf(form, names);
  const missing = { subject: isNobody(subject), target: isNothing(targets) };
  if (missing.subject || missing.target) {
    return { text: grammar.missing(missing), complete: false };
  }
  const conditions = [
    grammar.device(form.device_kinds ?? [], form.device_states ?? []),
    form.second_factor ? grammar.secondFactor : '',
    form.zones?.length ? grammar.zones(form.zones) : '',
    form.networks?.length ? grammar.networks(form.networks) : '',
    form.times?.length ? grammar.times(form.times) : '',
    grammar.period(form.valid_from ?? null, form.valid_until ?? null),
  ].filter(Boolean);
  const text = grammar.sentence({
    deny: form.effect === 'deny',
    plural: subject.everybody || subject.groups.length + subject.people.length > 1,
    subject: grammar.subject(subject),
    targets: grammar.targets(targets),
    conditions,
  });
  return { text, complete: true };
}

/** What single parts of a rule say; empty where they say nothing. */
export function rulePhrases(form: RuleForm, names: Names, locale: Locale) {
  const grammar = grammars[locale];
  const [subject, targets] = [subjectOf(form, names), targetsOf(form, names)];
  const { valid_from: from = null, valid_until: until = null } = form;
  return {
    subject: isNobody(subject) ? '' : grammar.subject(subject),
    targets: isNothing(targets) ? '' : grammar.targets(targets),
    times: form.times?.length ? grammar.times(form.times) : '',
    period: grammar.period(from, until),
  };
}

function subjectOf(form: RuleForm, names: Names): SubjectParts {
  return {
    everybody: form.everybody ?? false,
    groups: (form.groups ?? []).map(names.group),
    people: (form.people ?? []).map(names.person),
  };
}

const isNobody = ({ everybody, groups, people }: SubjectParts) =>
  !everybody && groups.length + people.length === 0;

function targetsOf(form: RuleForm, names: Names): TargetParts {
  return {
    all: form.all_targets ?? false,
    targets: (form.targets ?? []).map(names.target),
    bundles: (form.bundles ?? []).map(names.bundle),
    kinds: form.target_kinds ?? [],
  };
}

const isNothing = ({ all, targets, bundles, kinds }: TargetParts) =>
  !all && targets.length + bundles.length + kinds.length === 0;

/** Runs of weekdays: 1,2,3,5 becomes [[1,3],[5,5]]. */
export function runsOf(days: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const day of [...new Set(days)].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && last[1] === day - 1) last[1] = day;
    else runs.push([day, day]);
  }
  return runs;
}

/** Whether a window lasts the whole day. */
export function isWholeDay({ from, to }: { from: string; to: string }): boolean {
  return from === '00:00' && (to === '24:00' || to === '23:59');
}
