import { leadingZeros, sha256 } from './sha256.ts';

/** What the server asks for before it looks at a number and PIN. */
export type Challenge = { challenge: string; seed: string; puzzles: number; bits: number };
export type Proof = { challenge: string; nonces: number[] };

/** More than this no honest server asks for. */
const MAX_PUZZLES = 64;
const MAX_BITS = 20;

/** Solves all puzzles; tells after each how far it is, from 0 to 1. */
export function solve(asked: Challenge, onProgress: (done: number) => void): Proof {
  if (asked.puzzles > MAX_PUZZLES || asked.bits > MAX_BITS) throw new Error('too much work');
  const nonces = Array.from({ length: asked.puzzles }, (_, puzzle) => {
    let nonce = 0;
    while (leadingZeros(sha256(`${asked.seed}.${puzzle}.${nonce}`)) < asked.bits) nonce += 1;
    onProgress((puzzle + 1) / asked.puzzles);
    return nonce;
  });
  return { challenge: asked.challenge, nonces };
}

/** Reads the challenge out of the refusal's values, all of which are texts. */
export function challengeOf(params: Readonly<Record<string, string>>): Challenge | null {
  const { challenge, seed } = params;
  const puzzles = Number(params.puzzles);
  const bits = Number(params.bits);
  if (!challenge || !seed || !Number.isInteger(puzzles) || !Number.isInteger(bits)) return null;
  return { challenge, seed, puzzles, bits };
}
