import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LiveKitPeer } from './livekit-peer.ts';
import { RealOffice } from './real-office.ts';

/** What carries the sound and the pictures of an office's meetings. */
export type Plane = { name: 'Fernamt' | 'LiveKit'; start: () => Promise<RealOffice> };

const OWN: Plane = { name: 'Fernamt', start: () => RealOffice.start() };

/** All that can be had on this machine, or the one that `FERNAMT_MEETINGS_ON` names. */
export async function planes(): Promise<Plane[]> {
  const { FERNAMT_MEETINGS_ON: only, FERNAMT_PEER: program } = process.env;
  if (only?.toLowerCase() === 'fernamt') return [OWN];
  const missing = await missingLiveKit(program);
  if (missing) console.log(`SKIPPED: the stories of a meeting on a LiveKit: ${missing}`);
  const livekit: Plane = { name: 'LiveKit', start: () => officeOnLiveKit(program ?? '') };
  const found = missing ? [OWN] : [OWN, livekit];
  return only ? found.filter(({ name }) => name.toLowerCase() === only.toLowerCase()) : found;
}

async function missingLiveKit(program: string | undefined): Promise<string | undefined> {
  if (!program) return 'the program for peers is not named (FERNAMT_PEER)';
  const livekit = await LiveKitPeer.start(program);
  if (typeof livekit === 'string') return livekit;
  await livekit.stop();
  return undefined;
}

/** The real server whose meetings live on a real LiveKit server, which ends with it. */
async function officeOnLiveKit(program: string): Promise<RealOffice> {
  const post = await Post.open();
  const livekit = await LiveKitPeer.start(program, [
    '--known-rooms-only',
    '--ice-tcp',
    '--webhook',
    post.address,
  ]);
  if (typeof livekit === 'string') throw new Error(livekit);
  const folder = await mkdtemp(join(tmpdir(), 'fernamt-livekit-'));
  const secretFile = join(folder, 'secret');
  const { url, key, secret, pid } = livekit.facts;
  await writeFile(secretFile, secret, { mode: 0o600 });
  const more = ['--livekit-url', url, '--livekit-key', key, '--livekit-secret-file', secretFile];
  const after = async () => {
    await livekit.stop();
    await post.close();
    await rm(folder, { recursive: true, force: true });
    post.complain();
  };
  const office = await RealOffice.start({ more, beside: pid, after });
  post.origin = office.origin;
  return office;
}

/**
 * Carries LiveKit's webhooks to the office: the LiveKit has to know their address before the office is there, and cannot
 * resolve the office's name.
 */
class Post {
  origin = '';
  private readonly answers: number[] = [];
  private readonly server = createServer((told, answer) => {
    const { host, port } = new URL(this.origin);
    const { url: path, method } = told;
    const headers = { ...told.headers, host };
    const passed = request({ host: '127.0.0.1', port, path, method, headers }, (said) => {
      this.answers.push(said.statusCode ?? 0);
      answer.writeHead(said.statusCode ?? 502);
      said.pipe(answer);
    });
    // The LiveKit asks again: the office is being killed or started.
    passed.once('error', () => answer.writeHead(502).end());
    told.pipe(passed);
  });

  static async open(): Promise<Post> {
    const post = new Post();
    await new Promise<void>((resolve) => post.server.listen(0, '127.0.0.1', resolve));
    return post;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/livekit/webhook`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Fails unless webhooks came, and all were taken. */
  complain(): void {
    const refused = this.answers.filter((status) => status !== 200);
    if (this.answers.length === 0 || refused.length > 0) {
      throw new Error(
        `${this.answers.length} webhooks, refused with ${refused.join() || 'nothing'}`,
      );
    }
  }
}
