import { t } from '@lingui/core/macro';
import type { Schema } from '../../../api/client.ts';
import { isProblem } from '../../../api/problem.ts';
import type { FieldErrors } from '../../../ui/form.tsx';
import type { RuleForm } from './sentence.ts';

/** A rule as its page holds it: form and text side by side, so that a look at the other loses nothing. */
export type RuleValues = {
  name: string;
  enabled: boolean;
  mode: 'form' | 'expert';
  form: RuleForm;
  cedar: string;
  /** As typed, separated by spaces, commas or lines. */
  networks: string;
};

/** Safe to begin with: approved devices and a second factor. */
export const EMPTY_FORM: RuleForm = {
  effect: 'allow',
  everybody: false,
  groups: [],
  people: [],
  all_targets: false,
  targets: [],
  bundles: [],
  target_kinds: [],
  device_kinds: [],
  device_states: ['approved'],
  second_factor: true,
  zones: [],
  networks: [],
  times: [],
  valid_from: null,
  valid_until: null,
};

export const EMPTY_RULE: RuleValues = {
  name: '',
  enabled: true,
  mode: 'form',
  form: EMPTY_FORM,
  cedar: '',
  networks: '',
};

/** Fills the page from a rule. */
export function valuesOf(rule: Schema<'RuleFields'>): RuleValues {
  const { body } = rule;
  const isForm = body.kind === 'form';
  const form = isForm
    ? { ...EMPTY_FORM, device_states: [], second_factor: false, ...body.form }
    : EMPTY_FORM;
  return {
    name: rule.name,
    enabled: rule.enabled ?? true,
    mode: body.kind,
    form,
    cedar: isForm ? '' : body.cedar,
    networks: (form.networks ?? []).join('\n'),
  };
}

/** The rule itself, as the API takes it. */
export function bodyOf({ mode, form, cedar }: RuleValues): Schema<'RuleBody'> {
  return mode === 'form' ? { kind: 'form', form: plain(form) } : { kind: 'expert', cedar };
}

/** A rule for everybody lists nobody besides; what was chosen before stays on the page only. */
function plain(form: RuleForm): RuleForm {
  return {
    ...form,
    ...(form.everybody && { groups: [], people: [] }),
    ...(form.all_targets && { targets: [], bundles: [], target_kinds: [] }),
  };
}

/** All that the API takes. */
export function fieldsOf(values: RuleValues): Schema<'RuleFields'> {
  return { name: values.name.trim(), enabled: values.enabled, body: bodyOf(values) };
}

/** Addresses and networks out of what was typed. */
export function networksOf(text: string): string[] {
  return text.split(/[\s,;]+/).filter(Boolean);
}

/** What is wrong, by field. Fields of the form carry its name before them. */
export type RuleErrors = FieldErrors<RuleValues> & {
  subject?: string;
  target?: string;
  times?: string;
  valid_until?: string;
};

/** What is wrong with a rule before the server looks at it. */
export function faultsOf(values: RuleValues): RuleErrors {
  const errors: RuleErrors = {};
  if (!values.name.trim()) errors.name = t`Geben Sie der Regel einen Namen.`;
  if (values.mode === 'expert') {
    if (!values.cedar.trim()) errors.cedar = t`Schreiben Sie den Text der Regel.`;
    return errors;
  }
  const { form } = values;
  if (!form.everybody && !form.groups?.length && !form.people?.length) {
    errors.subject = t`Wählen Sie, für wen die Regel gilt.`;
  }
  if (
    !form.all_targets &&
    !form.targets?.length &&
    !form.bundles?.length &&
    !form.target_kinds?.length
  ) {
    errors.target = t`Wählen Sie, um welche Ziele es geht.`;
  }
  const bad = networksOf(values.networks).find(
    (network) => !/^[0-9a-f.:]+(\/\d{1,3})?$/i.test(network),
  );
  if (bad) errors.networks = t`„${bad}“ ist kein Netz. Schreiben Sie es wie 10.20.0.0/16.`;
  for (const { weekdays, from, to } of form.times ?? []) {
    if (weekdays.length === 0) errors.times = t`Wählen Sie für jede Zeit mindestens einen Tag.`;
    else if (!from || !to) errors.times = t`Geben Sie für jede Zeit Anfang und Ende ein.`;
    else if (to <= from) {
      errors.times = t`Das Ende muss nach dem Anfang liegen. Für die Nacht nehmen Sie zwei Zeiten, eine bis 24 Uhr und eine ab 0 Uhr.`;
    }
  }
  if (form.valid_from && form.valid_until && form.valid_until < form.valid_from) {
    errors.valid_until = t`Der letzte Tag liegt vor dem ersten.`;
  }
  return errors;
}

/** Several parts of a rule share one field of the page. */
const FIELDS: Record<string, string> = {
  form: 'subject',
  everybody: 'subject',
  all_targets: 'target',
  target_kinds: 'target',
};

/** The page's names for the server's paths: `body.form.times[0].from` stands beside the times. */
export function namesOf(error: unknown): Record<string, string> {
  if (!isProblem(error)) return {};
  return Object.fromEntries(
    error.fields.map(({ path }) => {
      const part = /^body\.(?:form\.)?(\w+)/.exec(path)?.[1] ?? path;
      return [path, FIELDS[part] ?? part];
    }),
  );
}
