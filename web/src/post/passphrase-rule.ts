import { useLingui } from '@lingui/react/macro';
import { MAX_PASSPHRASE_CHARS } from './standing.ts';
import { charactersOf } from './strength.ts';

export type NewPassphrase = { passphrase: string; again: string };

/** Says what is wrong with a new passphrase that was typed twice, by field. */
export function useNewPassphraseRule(minimum: number) {
  const { t } = useLingui();
  return ({ passphrase, again }: NewPassphrase): Partial<Record<keyof NewPassphrase, string>> => {
    const characters = charactersOf(passphrase);
    if (characters < minimum) {
      return { passphrase: t`Die Passphrase braucht mindestens ${minimum} Zeichen.` };
    }
    if (characters > MAX_PASSPHRASE_CHARS) {
      return {
        passphrase: t`Die Passphrase darf höchstens ${MAX_PASSPHRASE_CHARS} Zeichen haben.`,
      };
    }
    if (again !== passphrase) {
      return {
        again: t`Die beiden Eingaben sind verschieden. Bitte geben Sie sie noch einmal ein.`,
      };
    }
    return {};
  };
}
