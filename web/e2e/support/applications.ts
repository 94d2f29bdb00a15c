import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

type Answer = (request: IncomingMessage, response: ServerResponse, path: string) => void;

/** What a WebSocket's handshake mixes into the key (RFC 6455). */
const WEB_SOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** An internal web application on the loopback that remembers what reached it. */
export class Application {
  /** Method and path of each request, with its cookies. */
  readonly requests: { line: string; cookie: string }[] = [];

  private constructor(
    private readonly server: Server,
    private readonly open: Set<Socket>,
    readonly port: number,
  ) {}

  static async start(answer: Answer): Promise<Application> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const open = new Set<Socket>();
    server.on('connection', (socket) => {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const application = new Application(server, open, address.port);
    const remember = ({ method, url = '/', headers }: IncomingMessage) => {
      application.requests.push({ line: `${method} ${url}`, cookie: headers.cookie ?? '' });
      return url.split('?')[0] ?? '/';
    };
    server.on('request', (request, response) => answer(request, response, remember(request)));
    server.on('upgrade', (request, socket) => {
      remember(request);
      shakeHands(request, socket);
    });
    return application;
  }

  /** How many requests for this path came, WebSockets included. */
  count(path: string): number {
    return this.requests.filter(({ line }) => line.split(/[ ?]/)[1] === path).length;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.server.close(resolve));
    // WebSockets too, which the server itself no longer knows.
    for (const socket of this.open) socket.destroy();
    await ended;
  }
}

/** An application with holes: no sign-in, no protection against forged requests, and it repeats what it is told. */
export function careless(): Promise<Application> {
  return Application.start((request, response, path) => {
    switch (path) {
      case '/login':
        response.setHeader('set-cookie', [
          'sid=geheim; HttpOnly; Domain=fernamt.localhost; Path=/',
          'farbe=gruen; Domain=fernamt.localhost; Path=/',
        ]);
        response.end('signed in');
        return;
      case '/cookies':
        response.end(request.headers.cookie ?? '');
        return;
      case '/transfer':
        response.end('transferred');
        return;
      case '/data.js':
        response.setHeader('content-type', 'text/javascript');
        response.end('globalThis.stolen = "Akte 17";');
        return;
      default: {
        const query = new URL(request.url ?? '/', 'http://app').searchParams.get('q') ?? '';
        page(response, `<h1>Akten</h1><p>${request.headers['x-fernamt-user'] ?? ''}</p>${query}`);
      }
    }
  });
}

/** An application that tries to plant cookies at its neighbours and at the main site, or to take theirs away. */
export function hostile(): Promise<Application> {
  return Application.start((_request, response, path) => {
    if (path === '/clear') response.setHeader('clear-site-data', '"cookies", "cache"');
    response.setHeader('set-cookie', [
      'sid=vom-server; Domain=fernamt.localhost; Path=/',
      'sid=vom-server; Domain=.fernamt.localhost; Path=/cookies',
      '__Host-fernamt=vom-server; Path=/; Secure',
      '__Host-fernamt=vom-server; Path=/; Secure; Domain=fernamt.localhost',
      '__Host-fernamt-app=vom-server; Path=/; Secure',
      '__Secure-fernamt=vom-server; Path=/; Secure; Domain=fernamt.localhost',
      'eigen=ja; Path=/',
    ]);
    page(response, '<h1>Gewinnspiel</h1>');
  });
}

function page(response: ServerResponse, body: string) {
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.end(`<!doctype html><html lang="de"><title>Anwendung</title>${body}`);
}

function shakeHands(request: IncomingMessage, socket: Duplex) {
  const key = request.headers['sec-websocket-key'] ?? '';
  const accept = createHash('sha1').update(`${key}${WEB_SOCKET_GUID}`).digest('base64');
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  socket.write(`${[...lines, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`);
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.end());
}
