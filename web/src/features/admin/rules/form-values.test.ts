import { i18n } from '@lingui/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ApiProblem } from '../../../api/problem.ts';
import {
  bodyOf,
  EMPTY_FORM,
  EMPTY_RULE,
  faultsOf,
  namesOf,
  networksOf,
  type RuleValues,
  valuesOf,
} from './form-values.ts';

beforeAll(() => i18n.loadAndActivate({ locale: 'de', messages: {} }));

const values = (part: Partial<RuleValues['form']>): RuleValues => ({
  ...EMPTY_RULE,
  name: 'Regel',
  form: { ...EMPTY_FORM, groups: ['b1'], targets: ['t1'], ...part },
});

describe('a rule on its page', () => {
  it('starts safe: approved devices and a second factor', () => {
    expect(EMPTY_FORM.device_states).toEqual(['approved']);
    expect(EMPTY_FORM.second_factor).toBe(true);
  });

  it('does not add conditions that a stored rule leaves out', () => {
    const stored = valuesOf({
      name: 'Alt',
      body: { kind: 'form', form: { effect: 'allow', everybody: true, all_targets: true } },
    });
    expect(stored.form.device_states).toEqual([]);
    expect(stored.form.second_factor).toBe(false);
  });

  it('lists nobody beside everybody, and no target beside all', () => {
    const body = bodyOf(values({ everybody: true, all_targets: true, bundles: ['n1'] }));
    expect(body).toMatchObject({ form: { groups: [], people: [], targets: [], bundles: [] } });
  });

  it('finds what is missing or contradicts itself', () => {
    expect(Object.keys(faultsOf(EMPTY_RULE))).toEqual(['name', 'subject', 'target']);
    expect(faultsOf(values({}))).toEqual({});
    expect(
      faultsOf(values({ times: [{ weekdays: [], from: '06:00', to: '20:00' }] })).times,
    ).toBeTruthy();
    expect(
      faultsOf(values({ times: [{ weekdays: [1], from: '22:00', to: '06:00' }] })).times,
    ).toBeTruthy();
    expect(
      faultsOf(values({ times: [{ weekdays: [1], from: '00:00', to: '24:00' }] })).times,
    ).toBeUndefined();
    expect(
      faultsOf(values({ valid_from: '2027-02-01', valid_until: '2027-01-01' })).valid_until,
    ).toBeTruthy();
    expect(faultsOf({ ...values({}), networks: '10.0.0.0/8, büro' }).networks).toContain('büro');
    expect(faultsOf({ ...EMPTY_RULE, name: 'x', mode: 'expert' })).toHaveProperty('cedar');
  });

  it('reads networks as people type them', () => {
    expect(networksOf(' 10.0.0.0/8, 192.0.2.7\n2001:db8::/32;')).toEqual([
      '10.0.0.0/8',
      '192.0.2.7',
      '2001:db8::/32',
    ]);
  });

  it('puts the server’s faults beside its fields', () => {
    const field = (path: string) => ({ path, code: 'invalid', detail: '', params: {} });
    const problem = new ApiProblem(422, 'invalid_input', '', {}, [
      field('name'),
      field('body.cedar'),
      field('body.form.times[0].from'),
      field('body.form.everybody'),
      field('body.form.all_targets'),
    ]);
    expect(namesOf(problem)).toEqual({
      name: 'name',
      'body.cedar': 'cedar',
      'body.form.times[0].from': 'times',
      'body.form.everybody': 'subject',
      'body.form.all_targets': 'target',
    });
  });
});
