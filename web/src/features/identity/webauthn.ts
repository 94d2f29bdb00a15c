import { base64url } from '../../api/device-key.ts';

type Json = Record<string, unknown>;
type Descriptor = { id: string; type: 'public-key'; transports?: AuthenticatorTransport[] };

/** Whether this browser knows passkeys at all. */
export const passkeysPossible = () => 'PublicKeyCredential' in window;

/** Whether passkeys can be offered inside the name field's suggestions. */
export async function suggestionsPossible(): Promise<boolean> {
  if (!passkeysPossible()) return false;
  return (await PublicKeyCredential.isConditionalMediationAvailable?.()) ?? false;
}

/** Asks for a passkey. `suggest` waits quietly until the person picks one in the name field. */
export async function askForPasskey(
  options: Json,
  { suggest = false, signal }: { suggest?: boolean; signal?: AbortSignal } = {},
): Promise<Json> {
  const publicKey = requestOptions(options);
  const credential = await navigator.credentials.get({
    publicKey,
    ...(suggest && { mediation: 'conditional' as const }),
    ...(signal && { signal }),
  });
  return plain(credential as PublicKeyCredential);
}

/** Makes a passkey. */
export async function makePasskey(options: Json): Promise<Json> {
  const publicKey = creationOptions(options);
  return plain((await navigator.credentials.create({ publicKey })) as PublicKeyCredential);
}

/** The person closed the browser's own dialog, or it ran out of time. */
export function wasCancelled(error: unknown): boolean {
  return (
    error instanceof DOMException &&
    (error.name === 'NotAllowedError' || error.name === 'AbortError')
  );
}

function inner(options: Json): Json {
  return (options.publicKey as Json | undefined) ?? options;
}

function requestOptions(options: Json): PublicKeyCredentialRequestOptions {
  const source = inner(options);
  const allowed = (source.allowCredentials as Descriptor[] | undefined) ?? [];
  return {
    ...(source as unknown as PublicKeyCredentialRequestOptions),
    challenge: bytes(String(source.challenge)),
    allowCredentials: allowed.map((entry) => ({ ...entry, id: bytes(entry.id) })),
  };
}

function creationOptions(options: Json): PublicKeyCredentialCreationOptions {
  const source = inner(options);
  const user = source.user as { id: string; name: string; displayName: string };
  const excluded = (source.excludeCredentials as Descriptor[] | undefined) ?? [];
  return {
    ...(source as unknown as PublicKeyCredentialCreationOptions),
    challenge: bytes(String(source.challenge)),
    user: { ...user, id: bytes(user.id) },
    excludeCredentials: excluded.map((entry) => ({ ...entry, id: bytes(entry.id) })),
  };
}

function plain(credential: PublicKeyCredential): Json {
  const { response } = credential;
  const answer: Json = { clientDataJSON: encode(response.clientDataJSON) };
  if (response instanceof AuthenticatorAssertionResponse) {
    answer.authenticatorData = encode(response.authenticatorData);
    answer.signature = encode(response.signature);
    answer.userHandle = response.userHandle ? encode(response.userHandle) : null;
  }
  if (response instanceof AuthenticatorAttestationResponse) {
    answer.attestationObject = encode(response.attestationObject);
    answer.transports = response.getTransports?.() ?? [];
  }
  return {
    id: credential.id,
    rawId: encode(credential.rawId),
    type: credential.type,
    response: answer,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

const encode = (buffer: ArrayBuffer) => base64url(new Uint8Array(buffer));

function bytes(text: string): Uint8Array<ArrayBuffer> {
  const plainText = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(plainText, (character) => character.charCodeAt(0));
}
