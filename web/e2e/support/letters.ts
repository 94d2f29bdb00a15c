import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import type { ReadEmail } from '../../src/features/mail/model.ts';
import { ASK_BODY, bodyOf, headOf } from '../../src/features/mail/store/shapes.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Of all files, unless all are asked for. */
const SAMPLE = 60;
const AT_ONCE = 20;

export type Letter = { name: string; raw: Buffer };

/** The messages that mail-parser's crate is tested with, from where cargo keeps it; a sample, evenly over all of them. */
export function letters(all: boolean): Letter[] {
  const args = ['metadata', '--format-version', '1', '--offline', '--locked'];
  const told = execFileSync('cargo', args, { cwd: ROOT, maxBuffer: 256_000_000 });
  const { packages } = JSON.parse(told.toString()) as {
    packages: { name: string; manifest_path: string }[];
  };
  const manifest = packages.find(({ name }) => name === 'mail-parser')?.manifest_path;
  if (!manifest) throw new Error('mail-parser is not among the dependencies');
  const folder = join(dirname(manifest), 'resources', 'eml');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.eml'))
    .sort();
  const step = all ? 1 : Math.max(1, names.length / SAMPLE);
  const chosen = names.filter((_, at) => Math.floor(at / step) !== Math.floor((at - 1) / step));
  return chosen.map((name) => ({ name, raw: readFileSync(join(folder, name)) }));
}

/** What a real server makes of each, over JMAP in this page, which has a session there. */
export async function readByServer(page: Page, all: Letter[]): Promise<ReadEmail[]> {
  const read: ReadEmail[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    const base64 = all.slice(at, at + AT_ONCE).map(({ raw }) => raw.toString('base64'));
    const properties = [...ASK_BODY.properties, 'from', 'to', 'subject', 'sentAt'];
    const told = await page.evaluate(parsed, [base64, { ...ASK_BODY, properties }] as const);
    for (const one of told) {
      const { from, to, subject } = headOf(one);
      read.push({ from, to, subject, sentAtMs: null, body: bodyOf(one) });
    }
  }
  return read;
}

type Told = Record<string, unknown>;

async function parsed([raws, asked]: readonly [string[], Told]): Promise<Told[]> {
  const session = await (await fetch('/jmap/session')).json();
  const accountId: string = session.primaryAccounts['urn:ietf:params:jmap:mail'];
  const blobIds: string[] = [];
  for (const raw of raws) {
    const body = Uint8Array.from(atob(raw), (char) => char.charCodeAt(0));
    const headers = { 'content-type': 'message/rfc822' };
    const upload = await fetch(`/jmap/upload/${accountId}`, { method: 'POST', headers, body });
    blobIds.push((await upload.json()).blobId);
  }
  const using = ['core', 'mail'].map((name) => `urn:ietf:params:jmap:${name}`);
  const methodCalls = [['Email/parse', { accountId, blobIds, ...asked }, 'p']];
  const response = await fetch('/jmap/api', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ using, methodCalls }),
  });
  const [[, answer]] = (await response.json()).methodResponses;
  return blobIds.map((blobId) => {
    if (!answer.parsed?.[blobId]) throw new Error(JSON.stringify(answer).slice(0, 500));
    return answer.parsed[blobId];
  });
}
