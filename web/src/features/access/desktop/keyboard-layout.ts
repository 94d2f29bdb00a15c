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

const CORE_DATA = [0x01, 0xc0] as const;
/** From the block's start to the always equal `SASSequence`, and to the layout behind it. */
const SAS_OFFSET = 14;
const SAS = [0x03, 0xaa] as const;
const LAYOUT_OFFSET = 16;
/** The first message that carries it is far shorter. */
const MAX_SEARCH_BYTES = 4096;

/**
 * Names the keyboard layout in an RDP message, if it is the one with the client's core data
 * ([MS-RDPBCGR] 2.2.1.3.2); any other comes back as it is. The RDP package always sends "none",
 * and the desktop would fall back to an American keyboard.
 */
export function withLayout(message: Uint8Array, layout: number): Uint8Array {
  const end = Math.min(message.length - LAYOUT_OFFSET - 4, MAX_SEARCH_BYTES);
  for (let at = 0; at <= end; at += 1) {
    if (
      message[at] === CORE_DATA[0] &&
      message[at + 1] === CORE_DATA[1] &&
      message[at + SAS_OFFSET] === SAS[0] &&
      message[at + SAS_OFFSET + 1] === SAS[1]
    ) {
      const patched = message.slice();
      new DataView(patched.buffer).setUint32(at + LAYOUT_OFFSET, layout, true);
      return patched;
    }
  }
  return message;
}
