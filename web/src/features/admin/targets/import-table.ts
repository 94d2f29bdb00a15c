import type { Schema } from '../../../api/client.ts';

export type Action = 'create' | 'change' | 'unchanged' | 'fault';

/** A line of the file as the preview shows it: what happens with it, or what is wrong with it. */
export type ImportLine = {
  line: number;
  name: string;
  action: Action;
  bundle: string | null;
  faults: Schema<'ImportFault'>[];
};

/** How many lines there are of each sort. */
export type Counts = Record<Action, number>;

/**
 * Puts the server's rows and faults together by line: a line with a fault appears once, with all that
 * is wrong, whether or not the server could read its name.
 */
export function linesOf({
  rows,
  faults,
}: Pick<Schema<'ImportResult'>, 'rows' | 'faults'>): ImportLine[] {
  const lines = new Map<number, ImportLine>();
  for (const { line, name, action, bundle } of rows) {
    lines.set(line, { line, name, action: actionOf(action), bundle: bundle ?? null, faults: [] });
  }
  for (const fault of faults) {
    const known = lines.get(fault.line);
    lines.set(fault.line, {
      line: fault.line,
      name: known?.name ?? '',
      bundle: known?.bundle ?? null,
      action: 'fault',
      faults: [...(known?.faults ?? []), fault],
    });
  }
  return [...lines.values()].sort((a, b) => a.line - b.line);
}

/** Counts the lines by what happens with them. */
export function countsOf(lines: readonly ImportLine[]): Counts {
  const counts: Counts = { create: 0, change: 0, unchanged: 0, fault: 0 };
  for (const { action } of lines) counts[action] += 1;
  return counts;
}

function actionOf(word: string): Action {
  return word === 'create' || word === 'change' ? word : 'unchanged';
}
