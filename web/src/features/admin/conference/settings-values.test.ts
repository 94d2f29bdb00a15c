import { describe, expect, it } from 'vitest';
import type { Schema } from '../../../api/client.ts';
import { lobbiesFrom } from '../../../app/meeting-words.ts';
import { settingsOf, valuesOf, within } from './settings-values.ts';

const safeguards = (more: Partial<Schema<'Safeguards'>> = {}): Schema<'Safeguards'> => ({
  lobby: 'guests',
  encryption: 'transport',
  dial_in: true,
  guests: true,
  keep_chat_days: 7,
  ...more,
});
const usual: Schema<'ClassMeaning'>[] = [
  { class: 'open', safeguards: safeguards({ lobby: 'nobody' }) },
  { class: 'internal', safeguards: safeguards() },
  {
    class: 'confidential',
    safeguards: safeguards({ dial_in: false, keep_chat_days: 0 }),
  },
];
const range = { least: 1, most: 500 };
const view = {
  version: '1',
  settings: {
    personal: { everybody: true, groups: [] },
    meetings: { everybody: false, groups: ['g1'] },
    lectures: { everybody: false, groups: [] },
    lead_minutes: 15,
    lag_minutes: 60,
    personal_hours: 8,
    most_minutes: 480,
    most_participants: 150,
    most_listeners: 500,
    most_running: 100,
    default_protection: 'internal',
    mail: true,
    stricter: {},
  },
  usual,
  classes: usual,
  limits: Object.fromEntries(
    [
      'lead_minutes',
      'lag_minutes',
      'personal_hours',
      'most_minutes',
      'most_participants',
      'most_listeners',
      'most_running',
    ].map((name) => [name, range]),
  ),
  mail_server: true,
} as unknown as Schema<'ConferenceSettingsView'>;

describe('the conference’s settings', () => {
  it('come back from the form as they were', () => {
    const values = valuesOf(view);
    expect([values.personal, values.meetings, values.lectures]).toEqual([
      'everybody',
      'groups',
      'nobody',
    ]);
    expect(settingsOf(values, usual)).toEqual(view.settings);
  });

  it('name only the classes that are stricter than usual', () => {
    const values = valuesOf(view);
    values.stricter_internal = safeguards({ dial_in: false });
    values.days_open = '3';
    expect(settingsOf(values, usual).stricter).toEqual({
      open: safeguards({ lobby: 'nobody', keep_chat_days: 3 }),
      internal: safeguards({ dial_in: false }),
    });
  });

  it('forget groups that count no more', () => {
    const values = { ...valuesOf(view), meetings: 'nobody' as const };
    expect(settingsOf(values, usual).meetings).toEqual({ everybody: false, groups: [] });
  });

  it('stay within their bounds', () => {
    expect(within('500', range)).toBe(true);
    expect(['', '0', '501', '1.5', 'x'].some((text) => within(text, range))).toBe(false);
    expect(lobbiesFrom('uninvited')).toEqual(['uninvited', 'everybody']);
  });
});
