import { api, must, type Schema } from '../../../api/client.ts';
import { isProblem } from '../../../api/problem.ts';
import { fragmentOf, rememberedSeal, rememberSeal } from '../end-to-end.ts';
import { prove } from './proof.ts';
import { challengeOf } from './solve.ts';

export type Answer = Schema<'EntryAnswer'>;
export type Key = Schema<'EntryKey'>;

const post = api.POST as unknown as (
  path: string,
  init: { body: Schema<'EntryRequest'> },
) => Promise<{ data?: Answer; error?: unknown; response: Response }>;
const STORED = 'fernamt-meeting-key';
/** One proof is good for one try; a second wish for one means that something else is wrong. */
const MAX_PROOFS = 2;

/** Knocks: by link, by number and PIN, or as who one is. Does the work that the server may ask for. */
export async function enter(key: Key, onProof: (done: number) => void): Promise<Answer> {
  let proof: Schema<'ProofOfWork'> | null = null;
  for (let proofs = 0; ; proofs += 1) {
    try {
      return await must(
        post('/api/v1/conference/entry', { body: { ...key, ...(proof && { proof }) } }),
      );
    } catch (error) {
      const asked = isProblem(error, 'proof_needed') ? challengeOf(error.params) : null;
      if (!asked || proofs >= MAX_PROOFS) throw error;
      onProof(0);
      proof = await prove(asked, onProof);
    }
  }
}

/**
 * The secret in the address, read once: then it stands neither there nor in the browser's history. The key from device to
 * device that may stand behind it stays in this tab.
 */
export function takeSecret(): string | null {
  const { secret, key } = fragmentOf(window.location.hash);
  if (!secret && !key) return null;
  const { pathname, search } = window.location;
  window.history.replaceState(window.history.state, '', `${pathname}${search}`);
  if (key) rememberSeal(secret, key);
  return secret || null;
}

/** The key from device to device of the meeting that one came to, if this tab has it. */
export function sealOf(key: Key, meeting: string): string | null {
  const seal = rememberedSeal(...(key.by === 'link' ? [key.secret, meeting] : [meeting]));
  if (seal) rememberSeal(meeting, seal);
  return seal;
}

/** Remembers in this tab alone how one got in, so that a reload leads back. */
export function rememberKey(key: Key | null): void {
  if (key) sessionStorage.setItem(STORED, JSON.stringify(key));
  else sessionStorage.removeItem(STORED);
}

export function rememberedKey(): Key | null {
  try {
    return JSON.parse(sessionStorage.getItem(STORED) ?? 'null') as Key | null;
  } catch {
    return null;
  }
}

/** The digits of what somebody typed. */
export const digitsOf = (typed: string) => typed.replace(/\D/g, '');
