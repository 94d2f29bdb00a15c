import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { FakeJmapServer } from '../../src/features/mail/store/jmap-server.fixture.ts';

const builtApp = process.env.WEB_DIST
  ? new URL(`file://${process.env.WEB_DIST}/`)
  : new URL('../../dist/', import.meta.url);

/** What the page needs of its policy: the stories fail where something is refused. */
const pagePolicy = (nonce: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "frame-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types fernamt-own-scripts fernamt-mail',
  ].join('; ');
/** A worker has the policy of its own script, not the page's: Argon2id compiles WebAssembly there. */
const SCRIPT_POLICY = "default-src 'none'; script-src 'wasm-unsafe-eval'";
const SERVICE_WORKER_POLICY = "default-src 'none'; connect-src 'self'";
const OTHER_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** A point of P-256: that of RFC 8292, section 2.4. */
const PUSH_KEY =
  'BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs';

const types: Record<string, string> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
  '.json': 'application/json',
};

/**
 * A fake of the server's side of the post's origin: the built page under its policy, and the contract of the container
 * for one device. Shares are kept, policies are signed with a key of its own, and a story turns what it is about.
 */
export class FakePost {
  share: Uint8Array | null = null;
  generation: number | null = null;
  fresh = true;
  /** A status and a code that the API answers everything with. */
  refuses: [number, string] | null = null;
  /** Releases that are answered with 429, and for how many seconds. */
  pauseS = 0;
  serial = 1;
  idleMin = 10;
  /** The features of the container itself, as the policy tells them. */
  features = { files: true, attachments: true, notices: true };
  /** What the person has to accept first. */
  terms: { version: string; de: string; en: string; app: string | null } | null = null;
  /** Whether the administration takes no phones, and this is one. */
  phonesRefused = false;
  /** Whether a licence of the security app is left. */
  hasLicence = true;
  /** Of another signer than the one that the container knows. */
  altered = false;
  /** Whether push services may be told, and where and when this device is. */
  push = { enabled: false, told: null as Record<string, unknown> | null };
  /** What lies in the person's mailbox. */
  readonly mail = new FakeJmapServer(() => Date.now());
  readonly asked: string[] = [];
  /** Sign-ins that were begun, by their addresses. */
  readonly signIns: string[] = [];
  #online = true;

  private constructor(
    readonly server: Server,
    readonly origin: string,
    private readonly keys: CryptoKeyPair,
  ) {}

  static async start(): Promise<FakePost> {
    let post: FakePost | undefined;
    const server = createServer((request, response) => void post?.answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || !address) throw new Error('no port');
    const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ]);
    post = new FakePost(server, `http://post.fernamt.localhost:${address.port}`, keys);
    return post;
  }

  /** Cuts every connection, as a line does that is gone; the address stays the server's. */
  goOffline(): void {
    this.#online = false;
    this.server.closeAllConnections();
  }

  goOnline(): void {
    this.#online = true;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await ended;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#online) {
      request.socket.destroy();
      return;
    }
    const { pathname, search } = new URL(request.url ?? '/', this.origin);
    if (pathname.startsWith('/api/')) return this.#api(request, response, pathname);
    if (pathname.startsWith('/jmap/')) return this.#jmap(request, response, pathname);
    if (pathname.startsWith('/.fernamt/begin')) {
      this.signIns.push(pathname + search);
      this.refuses = null;
      this.fresh = true;
      response.writeHead(303, { location: '/' }).end();
      return;
    }
    await this.#file(response, pathname);
  }

  async #api(request: IncomingMessage, response: ServerResponse, pathname: string): Promise<void> {
    const body = JSON.parse((await bodyOf(request)).toString() || '{}') as Record<string, unknown>;
    const asked = `${request.method} ${pathname.replace('/api/v1/container', '')}`;
    this.asked.push(asked);
    const [status, said, headers] = await this.#said(asked, body);
    response.writeHead(status, {
      'content-type': status < 400 ? 'application/json' : 'application/problem+json',
      'content-security-policy': OTHER_POLICY,
      'cache-control': 'no-store',
      ...headers,
    });
    response.end(said === null ? undefined : JSON.stringify(said));
  }

  async #jmap(request: IncomingMessage, response: ServerResponse, pathname: string): Promise<void> {
    const headers = { 'content-security-policy': OTHER_POLICY, 'cache-control': 'no-store' };
    if (pathname.startsWith('/jmap/events')) {
      // Nothing is pushed in these stories; the line stays open.
      response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' }).flushHeaders();
      return;
    }
    const method = request.method ?? 'GET';
    const sent = await bodyOf(request);
    const body = pathname === '/jmap/api' ? sent.toString() : new Uint8Array(sent);
    const answer = this.refuses
      ? new Response(null, { status: this.refuses[0] })
      : await this.mail.fetch(request.url ?? '', { method, ...(method === 'POST' && { body }) });
    const type = answer.headers.get('content-type') ?? 'application/octet-stream';
    response.writeHead(answer.status, { ...headers, 'content-type': type });
    response.end(Buffer.from(await answer.arrayBuffer()));
  }

  async #said(asked: string, body: Record<string, unknown>): Promise<Said> {
    if (this.refuses) return problem(...this.refuses);
    switch (asked) {
      case 'GET ':
        return [200, await this.#standing()];
      case 'POST /terms':
        if (body.version !== this.terms?.version) return problem(409, 'container_terms_changed');
        this.terms = null;
        return [204, null];
      case 'POST /share':
        if (this.phonesRefused) return problem(403, 'phones_refused');
        if (!this.hasLicence) return problem(409, 'no_licence_left');
        if (this.share && !body.replace) return problem(409, 'container_share_exists');
        this.share = crypto.getRandomValues(new Uint8Array(32));
        this.generation = null;
        return [201, { share: base64url(this.share) }];
      case 'POST /share/release':
        if (this.phonesRefused) return problem(403, 'phones_refused');
        if (!this.share) return problem(404, 'container_share_missing');
        if (!this.fresh) return problem(403, 'sign_in_not_fresh');
        if (this.pauseS > 0) {
          return problem(429, 'too_many_attempts', { 'retry-after': String(this.pauseS) });
        }
        return [200, { share: base64url(this.share) }];
      case 'POST /opened':
        this.generation = Math.max(this.generation ?? 0, Number(body.generation));
        return [204, null];
      case 'DELETE /share':
        this.share = null;
        this.generation = null;
        return [204, null];
      case 'GET /api/v1/mail/push':
      case 'PUT /api/v1/mail/push':
        if (asked.startsWith('PUT')) this.push.told = body;
        return [200, { enabled: this.push.enabled, server_key: PUSH_KEY, until: null }];
      case 'DELETE /api/v1/mail/push':
        this.push.told = null;
        return [204, null];
      default:
        return problem(404, 'not_found');
    }
  }

  /** Files of the build by their names, and the page for every other address. */
  async #file(response: ServerResponse, pathname: string): Promise<void> {
    const isPage = !/\.\w+$/.test(pathname);
    const name = isPage ? 'post.html' : pathname.slice(1);
    const extension = extname(name);
    try {
      const nonce = randomBytes(16).toString('base64url');
      const read = await readFile(new URL(name, builtApp));
      const bytes = isPage ? await this.#page(read.toString(), nonce) : read;
      response.writeHead(200, {
        'content-type': isPage ? 'text/html; charset=utf-8' : (types[extension] ?? 'text/plain'),
        'cache-control': pathname.startsWith('/assets/')
          ? 'max-age=31536000, immutable'
          : 'no-cache',
        'content-security-policy': isPage ? pagePolicy(nonce) : policyOf(name),
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      });
      response.end(bytes);
    } catch {
      response.writeHead(404, { 'content-security-policy': OTHER_POLICY }).end();
    }
  }

  async #page(html: string, nonce: string): Promise<string> {
    const build = /name="build" content="([0-9a-f]{64})"/.exec(html)?.[1] ?? '';
    const signature = await this.#signature('fernamt-page-build\0', build);
    return html.replaceAll('__NONCE__', nonce).replace('__BUILD_SIGNATURE__', base64url(signature));
  }

  async #signature(...message: BlobPart[]): Promise<Uint8Array> {
    const by = { name: 'ECDSA', hash: 'SHA-256' };
    const bytes = await new Blob(message).arrayBuffer();
    return new Uint8Array(await crypto.subtle.sign(by, this.keys.privateKey, bytes));
  }

  async #standing() {
    const bytes = new TextEncoder().encode(
      JSON.stringify({
        version: 1,
        device: 'device-1',
        serial: this.serial,
        idle_min: this.idleMin,
        offline_until_ms: null,
        ...this.features,
      }),
    );
    const signature = await this.#signature('fernamt-container-policy\0', bytes);
    if (this.altered) signature[5] = (signature[5] ?? 0) ^ 1;
    const key = new Uint8Array(await crypto.subtle.exportKey('spki', this.keys.publicKey));
    return {
      person: { id: 'p1', name: 'j.petersen', display_name: 'Jana Petersen', language: null },
      device: 'device-1',
      main_origin: this.origin.replace('post.', ''),
      tenant_name: 'Stadt Auenbrück',
      policy: { bytes: base64url(bytes), signature: base64url(signature) },
      policy_key: base64url(key),
      passphrase: { min_characters: 12 },
      share: { exists: this.share !== null, generation: this.generation },
      sign_in_fresh: this.fresh,
      terms: this.terms,
      phones_refused: this.phonesRefused,
    };
  }
}

type Said = [status: number, said: unknown, headers?: Record<string, string>];

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function problem(status: number, code: string, headers: Record<string, string> = {}): Said {
  return [status, { type: `urn:fernamt:problem:${code}`, status, code, detail: code }, headers];
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

function policyOf(name: string): string {
  if (name === 'service-worker.js') return SERVICE_WORKER_POLICY;
  return name.endsWith('.js') ? SCRIPT_POLICY : OTHER_POLICY;
}
