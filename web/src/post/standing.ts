import type { SignedPolicy } from '../features/mail/container/index.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** How it stands between this device and the server, as far as the container is concerned. */
export type Standing = {
  person: { name: string; displayName: string; language: string | null };
  /** The name of the office, or its address where the server says no name. */
  office: string;
  /** This device, as the server calls it. */
  device: string;
  /** Where the rest of Fernamt is. */
  mainOrigin: string;
  policy: SignedPolicy;
  policyKey: Bytes;
  minCharacters: number;
  share: { exists: boolean; generation: number };
  signInFresh: boolean;
  /** What the person has to accept on this device before anything is released. */
  terms: Terms | null;
  /** The administration takes no phones, and this is one as far as the server knows: nothing is released. */
  phonesRefused: boolean;
};

/** Terms of use, and the security app that has to be on this device; one of the texts may be empty, both with an app. */
export type Terms = { version: string; de: string; en: string; app: string | null };

/** What the open page shows of it; kept in the container for when there is no line. */
export type Office = Pick<Standing, 'person' | 'office' | 'mainOrigin' | 'minCharacters'>;

/** No server of ours asks for more; a field that takes everything is a way to fill memory. */
export const MAX_PASSPHRASE_CHARS = 256;
const MAX_BASE64_CHARS = 32 * 1024;

/** Reads the answer of `GET /api/v1/container`; null for whatever does not have its form. */
export function standingOf(said: unknown): Standing | null {
  const {
    person,
    device,
    main_origin,
    tenant_name,
    policy,
    policy_key,
    passphrase,
    share,
    sign_in_fresh,
    terms,
    phones_refused,
  } = objectOf(said);
  const { name, display_name, language } = objectOf(person);
  const bytes = bytesOf(objectOf(policy).bytes);
  const signature = bytesOf(objectOf(policy).signature);
  const policyKey = bytesOf(policy_key);
  const { min_characters } = objectOf(passphrase);
  const { exists, generation } = objectOf(share);
  const mainOrigin = originOf(main_origin);
  const whole =
    typeof name === 'string' &&
    typeof display_name === 'string' &&
    typeof device === 'string' &&
    isCount(min_characters) &&
    typeof exists === 'boolean' &&
    (generation === null || isCount(generation));
  const openTerms = termsOf(terms);
  if (openTerms === undefined) return null;
  if (!whole || !bytes || !signature || !policyKey || !mainOrigin) return null;
  return {
    person: {
      name,
      displayName: display_name,
      language: typeof language === 'string' ? language : null,
    },
    office: typeof tenant_name === 'string' ? tenant_name : new URL(mainOrigin).hostname,
    device,
    mainOrigin,
    policy: { bytes, signature },
    policyKey,
    minCharacters: Math.min(min_characters, MAX_PASSPHRASE_CHARS),
    share: { exists, generation: generation ?? 0 },
    signInFresh: sign_in_fresh === true,
    terms: openTerms,
    phonesRefused: phones_refused === true,
  };
}

/** Base64 in the alphabet of addresses, without padding; null for anything else. */
export function bytesOf(said: unknown): Bytes | null {
  if (typeof said !== 'string' || said.length > MAX_BASE64_CHARS || !/^[\w-]*$/.test(said)) {
    return null;
  }
  try {
    return Uint8Array.from(atob(said.replace(/-/g, '+').replace(/_/g, '/')), (character) =>
      character.charCodeAt(0),
    );
  } catch {
    return null;
  }
}

/** `undefined` for whatever does not have the form. */
function termsOf(said: unknown): Terms | null | undefined {
  if (said === null || said === undefined) return null;
  const { version, de, en, app: named } = objectOf(said);
  const texts = typeof version === 'string' && typeof de === 'string' && typeof en === 'string';
  const app = typeof named === 'string' && named !== '' ? named : null;
  const isEmpty = app === null && !(texts && de + en !== '');
  return texts && version !== '' && !isEmpty ? { version, de, en, app } : undefined;
}

function objectOf(said: unknown): Record<string, unknown> {
  return typeof said === 'object' && said !== null ? (said as Record<string, unknown>) : {};
}

function isCount(said: unknown): said is number {
  return typeof said === 'number' && Number.isSafeInteger(said) && said >= 0;
}

function originOf(said: unknown): string | null {
  if (typeof said !== 'string' || !URL.canParse(said)) return null;
  const { protocol, origin } = new URL(said);
  return /^https?:$/.test(protocol) ? origin : null;
}
