import createClient from 'openapi-fetch';
import type { components, paths } from './api-schema.d.ts';
import { lineAnswered, lineFailed } from './line.ts';
import { LineProblem, problemOf } from './problem.ts';

/** A wire type by its name: `Schema<'MyTarget'>`. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

type SessionHooks = {
  /** The device must prove itself; resolves once the session is fresh again. */
  refresh: () => Promise<boolean>;
  /** There is no session any more. */
  ended: () => void;
};

let hooks: SessionHooks = { refresh: async () => false, ended: () => undefined };

/** Wires the session keeper in; it needs this client itself. */
export function connectSession(next: SessionHooks): void {
  hooks = next;
}

/** The typed client. Wrap each call in `must` to get its answer or its problem. */
export const api = createClient<paths>({ baseUrl: '/', fetch: fetchInSession });

type Answer<Data> = { data?: Data; error?: unknown; response: Response };

/** The answer's body, or throws `ApiProblem`. */
export async function must<Data>(answer: Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await answer;
  if (!response.ok) throw problemOf(response.status, error);
  return data as Data;
}

async function fetchInSession(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await fetchOrFail(request);
  if (response.status !== 401 || isSignIn(request)) return response;
  const { code } = problemOf(
    401,
    await response
      .clone()
      .json()
      .catch(() => null),
  );
  if (code === 'rotation_needed' && !isRotation(request) && (await hooks.refresh())) {
    return fetchOrFail(again);
  }
  if (!isRotation(request)) hooks.ended();
  return response;
}

async function fetchOrFail(request: Request): Promise<Response> {
  try {
    const response = await fetch(request);
    lineAnswered();
    return response;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    lineFailed();
    throw new LineProblem();
  }
}

const path = (request: Request) => new URL(request.url).pathname;
const isSignIn = (request: Request) => /\/api\/v1\/(sign-in|setup)/.test(path(request));
const isRotation = (request: Request) => path(request).endsWith('/session/rotate');
