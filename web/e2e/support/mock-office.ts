import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname } from 'node:path';
import type { components } from '../../src/api/api-schema.d.ts';

type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

const builtApp = process.env.WEB_DIST
  ? new URL(`file://${process.env.WEB_DIST}/`)
  : new URL('../../dist/', import.meta.url);

export type Answer = { status?: number; body?: unknown };
type Handler = (
  body: Record<string, unknown>,
  match: RegExpMatchArray,
  query: URLSearchParams,
) => Answer;

/**
 * A stand-in for the server: the built app under its real content security policy, and an office
 * whose answers a test can change. For screens and states that the real server reaches only by luck.
 */
export class MockOffice {
  signedIn = true;
  readonly calls: { method: string; path: string; body: Record<string, unknown> }[] = [];
  private readonly handlers: { method: string; path: RegExp; handler: Handler }[] = [];

  private constructor(
    readonly server: Server,
    readonly origin: string,
  ) {}

  static async start(dist = builtApp): Promise<MockOffice> {
    let office: MockOffice | undefined;
    const server = createServer((request, response) => {
      void office?.answer(request, response, dist);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    office = new MockOffice(server, `http://fernamt.localhost:${port}`);
    return office;
  }

  /** Answers a request; the latest word counts. */
  on(method: string, path: string | RegExp, handler: Handler | unknown): this {
    const pattern = typeof path === 'string' ? new RegExp(`^/api/v1${path}$`) : path;
    const answer = typeof handler === 'function' ? (handler as Handler) : () => ({ body: handler });
    this.handlers.unshift({ method, path: pattern, handler: answer });
    return this;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse, dist: URL) {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.origin);
    if (pathname.startsWith('/api/')) {
      await this.api(request, response, pathname, searchParams);
      return;
    }
    await page(response, pathname, dist);
  }

  private async api(
    request: IncomingMessage,
    response: ServerResponse,
    pathname: string,
    query: URLSearchParams,
  ) {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString();
    const body = text ? (JSON.parse(text) as Record<string, unknown>) : {};
    const method = request.method ?? 'GET';
    this.calls.push({ method, path: pathname, body });
    const open = /\/api\/v1\/(sign-in|setup|conference\/entry)/.test(pathname);
    if (!open && !this.signedIn) {
      send(response, problem(401, 'not_signed_in'));
      return;
    }
    for (const entry of this.handlers) {
      const match = entry.method === method ? pathname.match(entry.path) : null;
      if (match) {
        send(response, entry.handler(body, match, query));
        return;
      }
    }
    send(response, problem(404, 'not_found'));
  }
}

/** A refusal. */
export function problem(status: number, code: string, params: Record<string, string> = {}): Answer {
  return {
    status,
    body: { type: `urn:fernamt:problem:${code}`, status, code, detail: code, params },
  };
}

function send(response: ServerResponse, { status = 200, body }: Answer) {
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  response.writeHead(body === undefined ? 204 : status, { 'content-type': type });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

async function page(response: ServerResponse, pathname: string, dist: URL) {
  const file = /\.\w+$/.test(pathname) ? pathname.slice(1) : 'index.html';
  try {
    const type = types[extname(file)] ?? 'application/octet-stream';
    if (file !== 'index.html') {
      response.writeHead(200, { 'content-type': type });
      response.end(await readFile(new URL(file, dist)));
      return;
    }
    const nonce = randomBytes(16).toString('base64url');
    const html = (await readFile(new URL(file, dist), 'utf8')).replaceAll('__NONCE__', nonce);
    response.writeHead(200, {
      'content-type': type,
      'content-security-policy': [
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        `style-src 'self' 'nonce-${nonce}'`,
        "img-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "require-trusted-types-for 'script'",
      ].join('; '),
    });
    response.end(html);
  } catch {
    response.writeHead(404);
    response.end();
  }
}

const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

export const session: Schema<'SessionView'> = {
  id: '0199a000-0000-7000-8000-000000000001',
  person: {
    id: '0199a000-0000-7000-8000-0000000000a1',
    name: 'j.petersen',
    display_name: 'Jana Petersen',
    roles: ['administrator'],
    language: null,
    password_here: true,
  },
  device_id: '0199a000-0000-7000-8000-0000000000d1',
  device_state: 'approved',
  methods: ['password', 'totp'],
  zone: 'internet',
  expires_at: inHours(10),
  idle_expires_at: inHours(1),
  rotate_by: inHours(0.25),
  handover: true,
  administration_here: true,
  tenant_name: 'Stadt Auenbrück',
};

type Target = Schema<'MyTarget'>;

const target = (
  id: number,
  kind: Target['kind'],
  name: string,
  folder: string,
  icon: string,
  description: string,
  more: Partial<Target> = {},
): Target => ({
  id: `0199a000-0000-7000-8000-000000001${String(id).padStart(3, '0')}`,
  kind,
  name,
  folder,
  icon,
  description,
  health: 'ok',
  ...more,
});

export const targets: Target[] = [
  target(
    1,
    'rdp',
    'Arbeitsplatz Verwaltung',
    '',
    'desktop',
    'Ihr Windows-Arbeitsplatz mit allen Fachverfahren',
    { last_used_on: '2026-11-20' },
  ),
  target(2, 'rdp', 'Arbeitsplatz Bauhof', '', 'desktop', 'Lager, Fuhrpark und Winterdienst'),
  target(3, 'web', 'Meldewesen', 'Bürgerdienste', 'people', 'Anmeldungen, Ausweise und Auskünfte', {
    last_used_on: '2026-11-19',
  }),
  target(4, 'web', 'Kfz-Zulassung', 'Bürgerdienste', 'documents', 'Zulassen, ummelden, abmelden', {
    health: 'unreachable',
  }),
  target(
    5,
    'web',
    'Straßenverkehrsrechtliche Ausnahmegenehmigungen',
    'Bürgerdienste',
    'law',
    'Anträge prüfen und bescheiden',
  ),
  target(6, 'web', 'Haushalt und Kasse', 'Finanzen', 'finance', 'Buchen, zahlen, Haushaltsplan', {
    last_used_on: '2026-11-12',
  }),
  target(7, 'web', 'Grundsteuer', 'Finanzen', 'receipt', 'Bescheide und Veranlagung', {
    health: 'certificate_changed',
  }),
  target(8, 'web', 'Bauakten', 'Planen und Bauen', 'archive', 'Digitale Bauakte und Archiv'),
  target(9, 'web', 'Geodaten', 'Planen und Bauen', 'map', 'Flurkarte, Luftbild, Leitungen'),
  target(10, 'ssh', 'Datenbankserver', 'Technik', 'database', 'Konsole für die IT'),
  target(11, 'tcp', 'Telefonanlage', 'Technik', 'phone', 'Verwaltungsoberfläche der Anlage', {
    tunnel: 'telefonanlage:8443',
  }),
];

/** A Windows desktop that asks for name and password before it opens. */
export const desktop: Schema<'Opened'> = {
  kind: 'desktop',
  ticket: 'ticket',
  expires_at: inHours(0.01),
  name: 'Arbeitsplatz Verwaltung',
  clipboard: false,
  credssp: true,
  username: 'j.petersen',
  password: null,
  domain: 'AUENBRUECK',
  width_multiple: 4,
};

/** An office with everything in it, everybody signed in. */
export function furnish(office: MockOffice): MockOffice {
  return office
    .on('GET', '/session', session)
    .on('DELETE', '/session', () => {
      office.signedIn = false;
      return {};
    })
    .on('GET', '/session/standing', {})
    .on('POST', '/session/rotate', session)
    .on('GET', '/sign-in/challenge', {
      challenge: 'challenge',
      expires_at: inHours(0.1),
      tenant_name: 'Stadt Auenbrück',
      setup_open: false,
    })
    .on('POST', '/sign-in', () => {
      office.signedIn = true;
      return { body: { state: 'signed_in', session } };
    })
    .on('POST', '/sign-in/passkey/begin', {
      token: 'token',
      options: { publicKey: { challenge: 'AAAA', rpId: 'fernamt.localhost', timeout: 60_000 } },
    })
    .on('POST', '/setup/check', ({ token }: Record<string, unknown>) => ({
      body: { valid: token === 'gut' },
    }))
    .on('GET', '/me/targets', {
      targets,
      ssh_gateway: {
        host: 'fernamt.auenbrueck.de',
        port: 2222,
        user: 'j.petersen',
        fingerprints: ['SHA256:uJ8Jl2m0N3n9Qm0ViXzvfYcR8cWqYp8kX3T0h2b8x5M'],
      },
    })
    .on('POST', '/me/targets/([^/]+)/open', (_body: unknown, match: RegExpMatchArray) => {
      const found = targets.find(({ id }) => id === match[1]);
      if (found?.kind === 'web') return { body: { kind: 'web', url: '/gibt-es-nicht' } };
      return {
        body: {
          kind: 'tunnel',
          command: `ssh -N -p 2222 -L 18443:telefonanlage:8443 j.petersen@fernamt.auenbrueck.de`,
          local_port: 18443,
          start_command: null,
        },
      };
    })
    .on('GET', '/me/sessions', [
      {
        id: session.id,
        current: true,
        device_name: 'Firefox, Windows',
        device_kind: 'browser',
        methods: ['password', 'totp'],
        zone: 'internet',
        created_at: inHours(-2),
        seen_at: inHours(-0.01),
        connections: 1,
      },
      {
        id: '0199a000-0000-7000-8000-000000000002',
        current: false,
        device_name: 'Chrome, Android',
        device_kind: 'browser',
        methods: ['passkey'],
        zone: 'internet',
        created_at: inHours(-30),
        seen_at: inHours(-26),
        connections: 0,
      },
    ])
    .on('GET', '/me/programs', programs(false))
    .on('GET', '/me/devices', [
      {
        id: session.device_id,
        current: true,
        name: 'Firefox, Windows',
        kind: 'browser',
        state: 'approved',
        created_at: '2026-09-01T08:00:00Z',
        last_seen_on: '2026-11-21',
        fingerprint: 'SHA256:abc',
      },
      {
        id: '0199a000-0000-7000-8000-0000000000d2',
        current: false,
        name: 'Chrome, Android',
        kind: 'browser',
        state: 'pending',
        created_at: '2026-11-20T08:00:00Z',
        last_seen_on: '2026-11-20',
        fingerprint: 'SHA256:def',
      },
      {
        id: '0199a000-0000-7000-8000-0000000000d3',
        current: false,
        name: 'Notebook zu Hause',
        kind: 'ssh_key',
        state: 'approved',
        created_at: '2026-10-02T08:00:00Z',
        last_seen_on: '2026-11-18',
        fingerprint: 'SHA256:Yt3l9pP4Vq1s0oY7n2C5s1wqvA8x4mK6rB9dE0fGhIj',
      },
      {
        id: '0199a000-0000-7000-8000-0000000000d4',
        current: false,
        name: 'Stick',
        kind: 'stick',
        state: 'approved',
        created_at: '2026-11-02T08:00:00Z',
        last_seen_on: '2026-11-20',
        fingerprint: 'SHA256:Ab3l9pP4Vq1s0oY7n2C5s1wqvA8x4mK6rB9dE0fGhIj',
      },
    ])
    .on('GET', '/me/own-targets', ownTargets)
    .on('POST', '/me/own-targets', (body: Record<string, unknown>) => ({
      status: 201,
      body: { ...body, id: 'neu', version: '1' },
    }))
    .on('GET', '/me/second-factors', {
      otp_tokens: [
        { id: 'o1', hardware: false, serial: null, confirmed_at: '2026-09-01T08:00:00Z' },
        { id: 'o2', hardware: true, serial: '2308511', confirmed_at: '2026-10-12T08:00:00Z' },
      ],
      passkeys: [
        {
          id: 'p1',
          name: 'Chrome, Android',
          created_at: '2026-09-01T08:00:00Z',
          last_used_on: '2026-11-20',
        },
      ],
      recovery_codes_left: 8,
    })
    .on('POST', '/me/totp/begin', enrolment)
    .on('POST', '/me/totp', () => ({}))
    .on('POST', '/me/recovery-codes', { codes: recoveryCodes })
    .on('POST', '/me/password', () => ({}))
    .on('PUT', '/me/language', () => ({}))
    .on('DELETE', '/me/.*', () => ({}));
}

export const ownTargets: Schema<'OwnTargets'> = {
  enabled: true,
  networks: ['10.20.0.0/16', '10.31.4.0/24'],
  most: 5,
  targets: [
    {
      id: '0199a000-0000-7000-8000-000000001101',
      version: '1',
      name: 'Mein Rechner im Büro',
      kind: 'rdp',
      host: 'pc-bau-117.auenbrueck.intern',
      port: 3389,
    },
    {
      id: '0199a000-0000-7000-8000-000000001102',
      version: '1',
      name: 'Messrechner',
      kind: 'ssh',
      host: '10.31.4.17',
      port: null,
    },
  ],
};

export const programs = (allowed: boolean): Schema<'MyPrograms'> => ({
  allowed,
  may_make: true,
  max_days: 90,
  server: 'https://post.fernamt.example.org',
  programs: allowed
    ? [
        {
          id: '0199a000-0000-7000-8000-0000000000d7',
          name: 'Thunderbird, Notebook',
          state: 'pending',
          over: false,
          created_at: '2026-11-20T08:00:00Z',
          expires_at: '2027-02-18T08:00:00Z',
          last_seen_on: null,
          fingerprint: '3f:90:aa:12:7c:0e:55:d1',
        },
        {
          id: '0199a000-0000-7000-8000-0000000000d8',
          name: 'Sicherung der Registratur',
          state: 'approved',
          over: true,
          created_at: '2026-06-01T08:00:00Z',
          expires_at: '2026-08-30T08:00:00Z',
          last_seen_on: '2026-08-29',
          fingerprint: '77:01:4c:9b:e2:18:aa:03',
        },
      ]
    : [],
});

export const recoveryCodes = [
  'K7QM-4TXP-9WZB',
  'H2DV-8NRC-6FJL',
  'P5YT-3KGM-7QXA',
  'R9WB-6HZD-2VNC',
  'T4LF-7PJX-8MKQ',
  'W3GA-5CYR-9TDH',
  'X8NZ-2BQV-4LPK',
  'Z6JM-9FWT-3XGD',
];

export const enrolment: Schema<'TotpEnrolment'> = {
  token: 'enrolment',
  secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
  otpauth_uri: 'otpauth://totp/Fernamt:j.petersen?secret=JBSWY3DPEHPK3PXP&issuer=Fernamt',
  qr_svg: qr(),
};

function qr(): string {
  let squares = '';
  for (let y = 0; y < 29; y += 1) {
    for (let x = 0; x < 29; x += 1) {
      if ((x * 7 + y * 13 + ((x * y) % 5)) % 3 === 0) squares += `M${x} ${y}h1v1h-1z`;
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 29 29"><path d="${squares}"/></svg>`;
}

export const waiting: Schema<'WaitingDevice'> = {
  token: 'waiting',
  ask_every_s: 5,
  expires_at: '2099-01-01T00:00:00Z',
  name: 'Firefox, Windows',
  fingerprint: 'ab12:cd34:ef56:7890:1234:5678:9abc:def0',
};
