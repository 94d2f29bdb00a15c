/** Windows' numbers for keyboard layouts. */
export const layouts = { de: 0x407, 'de-CH': 0x807, 'en-US': 0x409, 'en-GB': 0x809 } as const;

export type LayoutName = keyof typeof layouts;

type LayoutMap = ReadonlyMap<string, string>;
type WithKeyboard = { keyboard?: { getLayoutMap?: () => Promise<LayoutMap> } };

/** The layout of the keyboard in front of the person, as far as the browser tells. */
export async function guessLayout(): Promise<LayoutName> {
  const map = await (navigator as WithKeyboard).keyboard?.getLayoutMap?.().catch(() => undefined);
  const beside = map?.get('BracketLeft');
  if (beside === 'ü')
    return map?.get('Semicolon') === 'ö' && map.get('Minus') === "'" ? 'de-CH' : 'de';
  if (beside === '[') return navigator.language === 'en-GB' ? 'en-GB' : 'en-US';
  if (navigator.language === 'de-CH') return 'de-CH';
  return navigator.language.startsWith('en') ? 'en-US' : 'de';
}
