import type { Schema } from '../../../api/client.ts';
import { CLASSES } from '../../../app/meeting-words.ts';

type Settings = Schema<'ConferenceSettings'>;
type Safeguards = Schema<'Safeguards'>;
type Class = Schema<'ProtectionClass'>;
export type Limits = Schema<'ConferenceSettingsLimits'>;

export const TIMES = ['lead_minutes', 'lag_minutes', 'most_minutes', 'personal_hours'] as const;
export const AMOUNTS = ['most_participants', 'most_listeners', 'most_running'] as const;
export const NUMBERS = [...TIMES, ...AMOUNTS] as const satisfies readonly (keyof Limits)[];
/** Whether a limit counts minutes. */
export const isMinutes = (name: keyof Limits) => name.endsWith('_minutes');
export const DUTIES = ['personal', 'meetings', 'lectures'] as const;

export type Allowed = 'everybody' | 'groups' | 'nobody';

export type Values = Record<(typeof NUMBERS)[number], string> &
  Record<(typeof DUTIES)[number], Allowed> &
  Record<`${(typeof DUTIES)[number]}_groups`, string[]> &
  Record<`stricter_${Class}`, Safeguards> &
  Record<`days_${Class}`, string> & {
    default_protection: Class;
    mail: boolean;
  };

/** The form of what is set. */
export function valuesOf(view: Schema<'ConferenceSettingsView'>): Values {
  const { settings, limits, classes } = view;
  const found: Record<string, unknown> = {
    default_protection: settings.default_protection ?? 'internal',
    mail: settings.mail ?? true,
  };
  for (const name of NUMBERS) found[name] = String(settings[name] ?? limits[name].least);
  for (const duty of DUTIES) {
    const who = settings[duty];
    const groups = who?.groups ?? [];
    const everybody = who?.everybody ?? groups.length === 0;
    found[duty] = everybody ? 'everybody' : groups.length > 0 ? 'groups' : 'nobody';
    found[`${duty}_groups`] = groups;
  }
  for (const meaning of classes) {
    found[`stricter_${meaning.class}`] = meaning.safeguards;
    found[`days_${meaning.class}`] = String(meaning.safeguards.keep_chat_days);
  }
  return found as Values;
}

/** What is set, from the form; a class that stays as usual is not named. */
export function settingsOf(values: Values, usual: readonly Schema<'ClassMeaning'>[]): Settings {
  const stricter: Partial<Record<Class, Safeguards>> = {};
  for (const { class: name, safeguards } of usual) {
    const wanted: Safeguards = {
      ...values[`stricter_${name}`],
      keep_chat_days: Number(values[`days_${name}`]),
    };
    const same = (Object.keys(safeguards) as (keyof Safeguards)[]).every(
      (key) => wanted[key] === safeguards[key],
    );
    if (!same) stricter[name] = wanted;
  }
  const who = (duty: (typeof DUTIES)[number]) => ({
    everybody: values[duty] === 'everybody',
    groups: values[duty] === 'groups' ? values[`${duty}_groups`] : [],
  });
  return {
    personal: who('personal'),
    meetings: who('meetings'),
    lectures: who('lectures'),
    default_protection: values.default_protection,
    mail: values.mail,
    stricter,
    ...(Object.fromEntries(NUMBERS.map((name) => [name, Number(values[name])])) as Record<
      (typeof NUMBERS)[number],
      number
    >),
  };
}

/** Whether a text is a whole number within these bounds. */
export function within(text: string, { least, most }: Schema<'Range'>): boolean {
  const value = Number(text);
  return text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most;
}

/** The form's names for the server's paths. */
export const PATHS: Record<string, string> = {
  ...Object.fromEntries(DUTIES.map((duty) => [`${duty}.groups`, `${duty}_groups`])),
  ...Object.fromEntries(CLASSES.map((name) => [`stricter.${name}`, `days_${name}`])),
};
