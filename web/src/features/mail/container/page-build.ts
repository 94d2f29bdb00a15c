import { type Bytes, text, utf8 } from './bytes.ts';
import { ContainerFault } from './fault.ts';
import { isSigned } from './signed.ts';

/** The build that a page says it is: the list of its files with their hashes (JSON), and the server's signature. */
export type PageBuild = { list: Bytes; signature: Bytes };

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
  const kept = await caches.match(path);
  return kept && new Uint8Array(await kept.arrayBuffer());
}

async function fetched(build: string): Promise<PageBuild> {
  const answer = await fetch(`/assets/build-${build.slice(0, 16)}.json`).catch(() => undefined);
  if (!answer) throw new ContainerFault('offline');
  // Nothing there: the server gives out another build by now, and this page is none that it vouches for.
  if (!answer.ok) altered();
  const list = new Uint8Array(await answer.arrayBuffer());
  if ((await hexDigest(list)) !== build) altered();
  return { list, signature: bytesIn(said('build-signature')) };
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
