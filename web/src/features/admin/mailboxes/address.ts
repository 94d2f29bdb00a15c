export const MAX_LOCAL_PART_CHARS = 64;

const SPELT: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' };

/** What could stand before the `@` of a mailbox with this name: "Bürgerbüro" becomes "buergerbuero". */
export function addressFor(name: string): string {
  return name
    .normalize('NFC')
    .toLowerCase()
    .replace(/[äöüß]/g, (letter) => SPELT[letter] ?? '')
    .normalize('NFD')
    .replace(/\p{Mark}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, MAX_LOCAL_PART_CHARS)
    .replace(/-+$/, '');
}

/** Whether the server takes it. */
export const isLocalPart = (text: string): boolean => /^[a-z0-9_][a-z0-9._-]{0,63}$/.test(text);
