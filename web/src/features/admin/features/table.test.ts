import { expect, test } from 'vitest';
import { groupsIn, marked, markOf, switchesOf, takesAway, valuesOf } from './table.ts';

const TABLE = {
  switches: [
    { feature: 'files' as const, everybody: true, on: [], off: ['b', 'a'] },
    { feature: 'absence' as const, everybody: false, on: ['c'], off: ['a'] },
  ],
};

test('a table goes into the form and back as it is', () => {
  const values = valuesOf(TABLE);
  expect(switchesOf(values)).toEqual([
    { feature: 'files', everybody: true, on: [], off: ['a', 'b'] },
    { feature: 'absence', everybody: false, on: ['c'], off: ['a'] },
  ]);
  expect(groupsIn(values).sort()).toEqual(['a', 'b', 'c']);
});

test('a group stands in one list at most, whatever it was before', () => {
  let setting = valuesOf(TABLE).absence;
  expect(markOf(setting, 'a')).toBe('off');
  setting = marked(setting, 'a', 'on');
  expect(setting).toEqual({ everybody: false, on: ['a', 'c'], off: [] });
  setting = marked(setting, 'c', 'off');
  expect([markOf(setting, 'c'), markOf(setting, 'z')]).toEqual(['off', 'as_all']);
  setting = marked(marked(setting, 'c', 'as_all'), 'a', 'as_all');
  expect(setting).toEqual({ everybody: false, on: [], off: [] });
});

test('a change is known that takes a feature from somebody', () => {
  const setting = { everybody: true, on: [], off: ['a'] };
  expect(takesAway(setting, setting)).toBe(false);
  expect(takesAway(setting, { ...setting, everybody: false })).toBe(true);
  expect(takesAway(setting, { ...setting, off: ['a', 'b'] })).toBe(true);
  expect(takesAway(setting, { ...setting, off: [] })).toBe(false);
  const few = { everybody: false, on: ['c'], off: [] };
  expect(takesAway(few, { ...few, on: [] })).toBe(true);
  expect(takesAway(few, { ...few, on: [], everybody: true })).toBe(false);
});

test('no order of the groups makes another form of it', () => {
  const setting = valuesOf(TABLE).files;
  expect(marked(marked(setting, 'a', 'as_all'), 'a', 'off')).toEqual(setting);
});
