import { base64url, keyBytes } from '../end-to-end.ts';

/** Texts that were sealed begin with this; what does not was not written by somebody with a key. */
const MARK = 'e1.';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SALT = 'fernamt-meeting';
const INFO = 'text';

/** So many bytes of a text fit into a message of so many characters once they are sealed. */
export const sealable = (chars: number) =>
  Math.floor(((chars - MARK.length) * 3) / 4) - NONCE_BYTES - TAG_BYTES;

/** Encrypts what people write with the meeting's key; each text is bound to its meeting and to who wrote it. */
export class TextSeal {
  private constructor(
    private readonly key: CryptoKey,
    private readonly meeting: string,
  ) {}

  static async of(key: string, meeting: string): Promise<TextSeal> {
    const material = await crypto.subtle.importKey('raw', keyBytes(key), 'HKDF', false, [
      'deriveKey',
    ]);
    const derived = await crypto.subtle.deriveKey(
      { name: 'HKDF', hash: 'SHA-256', salt: utf8(SALT), info: utf8(INFO) },
      material,
      { name: 'AES-GCM', length: 256 },
      false,
      ['encrypt', 'decrypt'],
    );
    return new TextSeal(derived, meeting);
  }

  /** The text as it goes to the server. */
  async seal(text: string, seat: string): Promise<string> {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const sealed = await crypto.subtle.encrypt(this.rules(nonce, seat), this.key, utf8(text));
    const all = new Uint8Array(NONCE_BYTES + sealed.byteLength);
    all.set(nonce);
    all.set(new Uint8Array(sealed), NONCE_BYTES);
    return MARK + base64url(all);
  }

  /** The text as it was written; nothing if it was not sealed by this seat with this key. */
  async open(sealed: string, seat: string): Promise<string | null> {
    if (!sealed.startsWith(MARK)) return null;
    try {
      const all = keyBytes(sealed.slice(MARK.length));
      const nonce = all.slice(0, NONCE_BYTES);
      const opened = await crypto.subtle.decrypt(
        this.rules(nonce, seat),
        this.key,
        all.slice(NONCE_BYTES),
      );
      return new TextDecoder().decode(opened);
    } catch {
      return null;
    }
  }

  private rules(iv: Uint8Array<ArrayBuffer>, seat: string): AesGcmParams {
    return { name: 'AES-GCM', iv, additionalData: utf8(`${this.meeting}/${seat}`) };
  }
}

const utf8 = (text: string) => new TextEncoder().encode(text);
