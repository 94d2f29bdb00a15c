import type { Bytes } from './bytes.ts';

/** Whether the owner of the key (P-256, SPKI) signed just this message: ECDSA with SHA-256, r and s as 64 bytes. */
export async function isSigned(
  message: Bytes,
  signature: Bytes,
  publicKey: Bytes,
): Promise<boolean> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  try {
    const key = await crypto.subtle.importKey('spki', publicKey, algorithm, false, ['verify']);
    return await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, signature, message);
  } catch {
    return false;
  }
}
