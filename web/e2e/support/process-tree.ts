import { readdirSync, readFileSync } from 'node:fs';

/** A process and all that it started, and these in turn, as far as they still run. */
export function processTree(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    try {
      // The name in brackets may hold anything; behind it stand the state and the parent.
      const [, parent] = (
        readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1) ?? ''
      ).split(' ');
      parents.set(Number(name), Number(parent));
    } catch {
      // It has just ended.
    }
  }
  const tree = [pid];
  for (const one of tree) {
    for (const [child, parent] of parents) if (parent === one) tree.push(child);
  }
  return tree;
}

/** Ends these at once, as a power cut does, and waits until none is left. */
export async function killAll(pids: readonly number[]): Promise<void> {
  const left = (signal: NodeJS.Signals | 0) => pids.filter((pid) => sent(pid, signal));
  left('SIGKILL');
  while (left(0).some((pid) => !isDead(pid)))
    await new Promise((resolve) => setTimeout(resolve, 5));
}

function sent(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** It runs no more, but whoever started it has not asked yet what became of it. */
function isDead(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
