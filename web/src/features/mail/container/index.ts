/** The sealed container: records, attachments and a search over them, on a disk that tells nothing. See ADR 0027. */

export { MAX_BLOB_BYTES } from './blob-store.ts';
export { streamOf } from './bytes.ts';
export {
  Container,
  type ContainerState,
  type Creation,
  type LockCause,
  type Offline,
  type OfflineUnlocking,
  type PassphraseChange,
  type Unlocking,
} from './container.ts';
export { ContainerFault, type FaultKind, isFault } from './fault.ts';
export { type Policy, type SignedPolicy, verifyPolicy } from './policy.ts';
export { type Authenticator, browserAuthenticator, type Registrar } from './prf.ts';
export type { Content, Json } from './record.ts';
export { type Change, type Found, MAX_CHANGES, MAX_RECORD_BYTES } from './record-store.ts';
export {
  type Document,
  type Hits,
  MAX_BATCH_DOCUMENTS,
} from './search/search-index.ts';
export { SHARE_BYTES, type ShareKeeper } from './share.ts';
export { type Cost, DEFAULT_COST } from './stretch.ts';
