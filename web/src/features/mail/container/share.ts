/** A device's part of the key: 32 random bytes that the server keeps, gives to nobody else, and forgets at a wipe. */
export const SHARE_BYTES = 32;

/**
 * Where the device share comes from: the server (with a fresh sign-in, to an approved device), or this device's
 * authenticator.
 */
export interface ShareKeeper {
  /**
   * The share. Refuses with the faults `no_share` (refused or deleted), `offline` (nobody to ask), `expired` or
   * `no_authenticator`. The bytes are the caller's, who overwrites them after use. The server counts the calls after which nothing was `opened`, and slows down.
   */
  release(): Promise<Uint8Array>;
  /** Says that the container opened, so that whoever counts wrong passphrases begins anew. */
  opened(): Promise<void>;
}
