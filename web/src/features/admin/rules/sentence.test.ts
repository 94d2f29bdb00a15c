import { describe, expect, it } from 'vitest';
import { EMPTY_FORM } from './form-values.ts';
import { type Names, type RuleForm, ruleSentence, runsOf } from './sentence.ts';

const names: Names = {
  group: (id) => ({ b1: 'Bauamt', b2: 'Kasse' })[id] ?? id,
  person: (id) => ({ p1: 'Anna Bauer' })[id] ?? id,
  target: (id) => ({ t1: 'Akten', t2: 'Pläne' })[id] ?? id,
  bundle: (id) => ({ n1: 'Bauwesen' })[id] ?? id,
};

const form = (part: Partial<RuleForm>): RuleForm => ({
  ...EMPTY_FORM,
  device_states: [],
  second_factor: false,
  ...part,
});

const de = (part: Partial<RuleForm>) => ruleSentence(form(part), names, 'de').text;
const en = (part: Partial<RuleForm>) => ruleSentence(form(part), names, 'en').text;

const office = { weekdays: [1, 2, 3, 4, 5], from: '06:00', to: '20:00' };

describe('the sentence of a rule', () => {
  it('says who may use what, how and when', () => {
    const rule: Partial<RuleForm> = {
      groups: ['b1'],
      targets: ['t1'],
      device_kinds: ['browser', 'ssh_key'],
      device_states: ['approved'],
      second_factor: true,
      times: [office],
    };
    expect(de(rule)).toBe(
      'Die Gruppe „Bauamt“ darf „Akten“ nutzen: auf freigegebenen Geräten der Art Browser oder SSH-Schlüssel, mit zweitem Faktor, montags bis freitags von 6 bis 20 Uhr.',
    );
    expect(en(rule)).toBe(
      'The group “Bauamt” may use “Akten”: on approved devices of the kind browser or SSH key, with a second factor, Monday to Friday from 6:00 to 20:00.',
    );
  });

  it('joins groups, people, targets, bundles and kinds', () => {
    const rule: Partial<RuleForm> = {
      groups: ['b1', 'b2'],
      people: ['p1'],
      targets: ['t1', 't2'],
      bundles: ['n1'],
      target_kinds: ['rdp'],
    };
    expect(de(rule)).toBe(
      'Die Gruppen „Bauamt“ und „Kasse“ sowie Anna Bauer dürfen „Akten“ und „Pläne“ sowie alles im Bündel „Bauwesen“ sowie alle Arbeitsplätze nutzen, jederzeit und von überall.',
    );
    expect(en(rule)).toContain('The groups “Bauamt” and “Kasse” as well as Anna Bauer may use');
  });

  it('says what a refusal refuses, and that it comes first', () => {
    expect(de({ effect: 'deny', everybody: true, targets: ['t1'], zones: ['internet'] })).toBe(
      'Alle Personen dürfen „Akten“ nicht nutzen, und zwar über die Zone „internet“. Das geht jeder Erlaubnis vor.',
    );
    expect(
      de({
        effect: 'deny',
        everybody: true,
        all_targets: true,
        zones: ['internet'],
        networks: ['10.0.0.0/8'],
      }),
    ).toContain('wenn all das zusammentrifft: über die Zone „internet“, aus dem Netz 10.0.0.0/8.');
    expect(en({ effect: 'deny', everybody: true, all_targets: true })).toBe(
      'Everybody may not use all targets, whatever the circumstances. This overrides every permission.',
    );
  });

  it('says weekends, whole days, half hours and several times', () => {
    const times = (...windows: RuleForm['times'] & object) =>
      de({ everybody: true, all_targets: true, times: windows });
    expect(times({ weekdays: [6, 7], from: '00:00', to: '24:00' })).toContain(
      'samstags und sonntags ganztägig',
    );
    expect(times({ weekdays: [1, 2, 3, 4, 5, 6, 7], from: '06:30', to: '24:00' })).toContain(
      'täglich von 6:30 bis 24 Uhr',
    );
    expect(times(office, { weekdays: [6], from: '08:00', to: '12:00' })).toContain(
      'montags bis freitags von 6 bis 20 Uhr oder samstags von 8 bis 12 Uhr',
    );
  });

  it('says from and until when it applies', () => {
    const rule = { everybody: true, all_targets: true };
    expect(de({ ...rule, valid_from: '2027-01-01', valid_until: '2027-03-31' })).toContain(
      'vom 1. Januar 2027 bis einschließlich 31. März 2027',
    );
    expect(en({ ...rule, valid_until: '2027-03-31' })).toContain('until the end of 31 March 2027');
  });

  it('asks for what is missing instead of saying something wrong', () => {
    expect(ruleSentence(form({}), names, 'de')).toEqual({
      text: 'Wählen Sie, für wen die Regel gilt und um welche Ziele es geht.',
      complete: false,
    });
    expect(ruleSentence(form({ groups: ['b1'] }), names, 'en').complete).toBe(false);
  });
});

describe('runs of weekdays', () => {
  it('joins neighbours whatever their order', () => {
    expect(runsOf([5, 1, 2, 3, 7])).toEqual([
      [1, 3],
      [5, 5],
      [7, 7],
    ]);
    expect(runsOf([])).toEqual([]);
  });
});
