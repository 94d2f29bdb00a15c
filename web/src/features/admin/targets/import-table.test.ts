import { describe, expect, it } from 'vitest';
import { countsOf, linesOf } from './import-table.ts';

const fault = (line: number, column: string | null, code: string) => ({
  line,
  column,
  code,
  detail: code,
});

describe('the preview of a table', () => {
  const lines = linesOf({
    rows: [
      { line: 3, name: 'Akten', action: 'create', bundle: 'Bauamt' },
      { line: 2, name: 'Kasse', action: 'change', bundle: null },
      { line: 4, name: 'Pläne', action: 'unchanged', bundle: null },
    ],
    faults: [
      fault(3, 'port', 'invalid'),
      fault(7, 'name', 'required'),
      fault(3, 'kind', 'required'),
    ],
  });

  it('puts rows and faults together, in the order of the file', () => {
    expect(lines.map(({ line, action }) => [line, action])).toEqual([
      [2, 'change'],
      [3, 'fault'],
      [4, 'unchanged'],
      [7, 'fault'],
    ]);
  });

  it('keeps all faults of a line together with what could be read of it', () => {
    const line = lines.find((candidate) => candidate.line === 3);
    expect(line).toMatchObject({ name: 'Akten', bundle: 'Bauamt' });
    expect(line?.faults.map(({ column }) => column)).toEqual(['port', 'kind']);
  });

  it('shows a line that has no readable row', () => {
    expect(lines.at(-1)).toMatchObject({ line: 7, name: '', action: 'fault' });
  });

  it('counts by what happens; a word it does not know changes nothing', () => {
    expect(countsOf(lines)).toEqual({ create: 0, change: 1, unchanged: 1, fault: 2 });
    const odd = linesOf({
      rows: [{ line: 2, name: 'x', action: 'later', bundle: null }],
      faults: [],
    });
    expect(odd[0]?.action).toBe('unchanged');
  });
});
