import { api, must, type Schema } from '../../api/client.ts';
import { proveDevice } from '../../api/device-key.ts';
import { askForPasskey } from './webauthn.ts';

export type SignInAnswer = Schema<'SignInAnswer'>;
export type Enrolment = Schema<'TotpEnrolment'>;
export type Waiting = Schema<'WaitingDevice'>;
type SecondFactor = Schema<'SecondFactor'>;

/** Signs in by password and, unless it is the first time, a second factor. */
export async function signIn(
  name: string,
  password: string,
  second: SecondFactor | null,
): Promise<SignInAnswer> {
  const proof = await freshProof();
  return must(
    api.POST('/api/v1/sign-in', {
      body: { name: name.trim(), password, ...(second && { second }), ...proof },
    }),
  );
}

/** Confirms the new second factor by its first code. */
export async function confirmEnrolment(token: string, code: string): Promise<SignInAnswer> {
  const proof = await freshProof();
  return must(api.POST('/api/v1/sign-in/enrolment', { body: { token, code, ...proof } }));
}

/** Makes the first administrator. */
export async function setUp(values: {
  token: string;
  name: string;
  display_name: string;
  password: string;
}): Promise<SignInAnswer> {
  const proof = await freshProof();
  return must(api.POST('/api/v1/setup', { body: { ...values, ...proof } }));
}

/** Signs in by passkey; `suggest` waits for a choice in the name field. */
export async function signInByPasskey(
  how: { suggest?: boolean; signal?: AbortSignal } = {},
): Promise<SignInAnswer> {
  const { options, token } = await must(api.POST('/api/v1/sign-in/passkey/begin', {}));
  const credential = await askForPasskey(options, how);
  const proof = await freshProof();
  return must(
    api.POST('/api/v1/sign-in/passkey', {
      body: { token, credential: credential as Record<string, never>, ...proof },
    }),
  );
}

async function freshProof(): Promise<{ device: Schema<'DeviceProof'>; challenge: string }> {
  const { challenge } = await must(api.GET('/api/v1/sign-in/challenge'));
  return { challenge, device: await proveDevice('fernamt-sign-in', challenge) };
}
