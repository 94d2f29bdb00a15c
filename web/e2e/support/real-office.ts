import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export type Person = {
  name: string;
  display_name: string;
  password: string;
  totp_secret: string;
  roles: string[];
};

type DemoLine = { url: string; ssh: { host: string; port: number }; people: Person[] };

type StartOptions = { more?: string[]; folder?: string; port?: number };

/** The server's program. */
export const program =
  process.env.FERNAMT ?? new URL('../../../target/debug/fernamt', import.meta.url).pathname;

/** The real server, `fernamt demo`, on free ports and in a folder of its own. */
export class RealOffice {
  private constructor(
    private readonly server: ChildProcess,
    private readonly folder: string | undefined,
    readonly origin: string,
    readonly people: Person[],
  ) {}

  /** In a folder that goes with it, unless one is named. */
  static async start({ more = [], folder, port = 0 }: StartOptions = {}): Promise<RealOffice> {
    const own = folder ? undefined : await mkdtemp(join(tmpdir(), 'fernamt-e2e-'));
    const place = ['--port', String(port), '--ssh-port', '0', '--dir', folder ?? own ?? ''];
    const args = ['demo', '--json', ...place, ...more];
    const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: server.stdout });
    const line = await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      server.once('exit', (code) => reject(new Error(`fernamt demo ended with ${code}`)));
    });
    const { url, people } = JSON.parse(line) as DemoLine;
    return new RealOffice(server, own, url, people);
  }

  /** One of the demo's people by name. */
  person(name: string): Person {
    const found = this.people.find((person) => person.name === name);
    if (!found) throw new Error(`the demo has no ${name}`);
    return found;
  }

  /** Cuts every line for a while: the server stands still, and nothing of it answers. */
  async cutLines(forMs: number): Promise<void> {
    this.server.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, forMs));
    this.server.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.server.once('exit', resolve));
    this.server.kill('SIGTERM');
    await ended;
    if (this.folder) await rm(this.folder, { recursive: true, force: true });
  }
}
