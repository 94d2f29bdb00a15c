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

const program =
  process.env.FERNAMT ?? new URL('../../../target/debug/fernamt', import.meta.url).pathname;

/** The real server, `fernamt demo`, on free ports and in a folder of its own. */
export class RealOffice {
  private constructor(
    private readonly server: ChildProcess,
    private readonly folder: string,
    readonly origin: string,
    readonly people: Person[],
  ) {}

  static async start(more: string[] = []): Promise<RealOffice> {
    const folder = await mkdtemp(join(tmpdir(), 'fernamt-e2e-'));
    const args = ['demo', '--json', '--port', '0', '--ssh-port', '0', '--dir', folder, ...more];
    const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: server.stdout });
    const line = await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      server.once('exit', (code) => reject(new Error(`fernamt demo ended with ${code}`)));
    });
    const { url, people } = JSON.parse(line) as DemoLine;
    return new RealOffice(server, folder, url, people);
  }

  /** One of the demo's people by name. */
  person(name: string): Person {
    const found = this.people.find((person) => person.name === name);
    if (!found) throw new Error(`the demo has no ${name}`);
    return found;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.server.once('exit', resolve));
    this.server.kill('SIGTERM');
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}
