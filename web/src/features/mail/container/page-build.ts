import { type Bytes, text, utf8 } from './bytes.ts';
import { ContainerFault } from './fault.ts';
import { isSigned } from './signed.ts';

/** The build that a page says it is: the list of its files with their hashes (JSON), and the server's signature. */
export type PageBuild = { list: Bytes; signature: Bytes };

/** A server that says nothing for so long is out of reach. */
const PATIENCE_MS = 20_000;

/** What of a browser is looked at. */
type Kept = {
  pageBuild(): Promise<PageBuild | null>;
  keptFile(path: string): Promise<Bytes | undefined>;
};

/**
 * Fails with `altered_page` unless the server that this container is bound to signed the build of this page, and each of
 * its files that the browser keeps is the one of this build. What the browser does not keep comes from the server.
 */
export async function checkPageBuild(browser: Kept, publicKey: Bytes): Promise<void> {
  const build = await browser.pageBuild();
  if (!build) return;
  const message = utf8(buildMessage(await hexDigest(build.list)));
  if (!(await isSigned(message, build.signature, publicKey))) altered();
  await Promise.all(
    filesIn(build.list).map(async ({ path, integrity }) => {
      const kept = await browser.keptFile(path);
      if (kept && (await integrityOf(kept)) !== integrity) altered();
    }),
  );
}

/** What a build's signature is made over: the SHA-256 of its list, in hexadecimal digits. */
export function buildMessage(digest: string): string {
  return `fernamt-page-build\0${digest}`;
}

/** As the attribute `integrity` writes a hash (Subresource Integrity): SHA-384. */
export async function integrityOf(bytes: Bytes): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-384', bytes));
  return `sha384-${btoa(String.fromCharCode(...hash))}`;
}

export async function hexDigest(bytes: Bytes): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

let read: Promise<PageBuild> | undefined;

/** This page's build. Its list is fetched once: the line may be gone when it is looked at. */
export async function ownBuild(): Promise<PageBuild | null> {
  const build = said('build');
  // The build puts the hash there; while the page is developed there is none.
  if (!/^[0-9a-f]{64}$/.test(build)) return null;
  read ??= fetched(build).catch((error: unknown) => {
    read = undefined;
    throw error;
  });
  return read;
}

/** A file as a service worker keeps it. */
export async function keptFile(path: string): Promise<Bytes | undefined> {
  if (!('caches' in globalThis)) return undefined;
  // Private windows and browsers that are told to keep nothing may refuse the question: then nothing is kept.
  const kept = await caches.match(path).catch(() => undefined);
  const bytes = await kept?.arrayBuffer().catch(() => undefined);
  return bytes && new Uint8Array(bytes);
}

async function fetched(build: string): Promise<PageBuild> {
  const list = await listOf(build);
  if ((await hexDigest(list)) !== build) altered();
  return { list, signature: bytesIn(said('build-signature')) };
}

async function listOf(build: string): Promise<Bytes> {
  const path = `/assets/build-${build.slice(0, 16)}.json`;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const answer = await fetch(path, { signal }).catch(() => undefined);
  // The server gives out another build by now, and this page is none that it vouches for.
  if (answer?.status === 404) altered();
  const isList = answer?.ok && answer.headers.get('content-type')?.includes('json');
  const bytes = isList ? await answer.arrayBuffer().catch(() => undefined) : undefined;
  // A proxy, or a page where one signs in to a network, is no server.
  if (!bytes) throw new ContainerFault('offline');
  return new Uint8Array(bytes);
}

function said(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? '';
}

function bytesIn(base64url: string): Bytes {
  try {
    const plain = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
  } catch {
    return altered();
  }
}

/** The list is signed by the server, so it is what the build wrote. */
function filesIn(list: Bytes): { path: string; integrity: string }[] {
  return JSON.parse(text(list)) as { path: string; integrity: string }[];
}

function altered(): never {
  throw new ContainerFault('altered_page');
}
