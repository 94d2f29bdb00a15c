import { useEffect, useState } from 'react';
import { isProblem } from '../api/problem.ts';
import { fieldText, problemText } from '../api/problem-text.ts';
import { FieldProblem } from '../ui/form.tsx';
import { Alert } from '../ui/notice.tsx';

const SECOND_MS = 1_000;

/** An error as a notice: what happened and what to do now. */
export function ProblemAlert({ problem }: { problem: unknown }) {
  const { what, next } = problemText(problem);
  return (
    <Alert tone="danger" live="assertive" title={what}>
      <p>{next}</p>
    </Alert>
  );
}

/** For `<Form failure={showProblem}>`. */
export const showProblem = (problem: unknown) => <ProblemAlert problem={problem} />;

/** Puts the server's field errors beside their fields; `names` maps paths that differ. */
export function fieldProblems(error: unknown, names: Record<string, string> = {}): unknown {
  if (!isProblem(error) || error.fields.length === 0) return error;
  return new FieldProblem(
    Object.fromEntries(
      error.fields.map(({ path, code, params }) => [names[path] ?? path, fieldText(code, params)]),
    ),
  );
}

/** Counts down to zero from the moment the number changes. */
export function useCountdown(seconds: number | undefined, key: unknown): number {
  const [left, setLeft] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new key starts over
  useEffect(() => {
    const end = Date.now() + (seconds ?? 0) * SECOND_MS;
    const tick = () => setLeft(Math.max(0, Math.ceil((end - Date.now()) / SECOND_MS)));
    tick();
    const timer = setInterval(tick, SECOND_MS / 2);
    return () => clearInterval(timer);
  }, [seconds, key]);
  return left;
}
