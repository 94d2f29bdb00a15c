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

type Place = { more: string[]; folder: string; port: number };

type StartOptions = Partial<Place> & {
  /** Another process that stands still when lines are cut. */
  beside?: number;
  /** What ends with it. */
  after?: () => Promise<void>;
};

/** The server's program. */
export const program =
  process.env.FERNAMT_BIN ?? new URL('../../../target/debug/fernamt', import.meta.url).pathname;

/** The real server, `fernamt demo`, on free ports and in a folder of its own. */
export class RealOffice {
  private constructor(
    private server: ChildProcess,
    private readonly place: Place,
    private readonly options: StartOptions,
    readonly people: Person[],
    readonly origin: string,
  ) {}

  /** In a folder that goes with it, unless one is named. */
  static async start(options: StartOptions = {}): Promise<RealOffice> {
    const { more = [], port = 0 } = options;
    const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'fernamt-e2e-')));
    const place = { more, folder, port };
    const { server, line } = await serve(place);
    return new RealOffice(server, place, options, line.people, line.url);
  }

  /** One of the demo's people by name. */
  person(name: string): Person {
    const found = this.people.find((person) => person.name === name);
    if (!found) throw new Error(`the demo has no ${name}`);
    return found;
  }

  /** Cuts every line for a while: the server stands still, and nothing of it answers. */
  async cutLines(forMs: number): Promise<void> {
    const { beside } = this.options;
    const all = (signal: NodeJS.Signals) => {
      this.server.kill(signal);
      if (beside) process.kill(beside, signal);
    };
    all('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, forMs));
    all('SIGCONT');
  }

  /** Kills the server as a power cut does, and starts it again where it was. */
  async killAndStart(): Promise<void> {
    await this.kill();
    await this.startAgain();
  }

  /** Kills the server and leaves it so: nobody answers. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Starts it where it was killed. */
  async startAgain(): Promise<void> {
    const port = Number(new URL(this.origin).port);
    const { server, line } = await serve({ ...this.place, port });
    this.server = server;
    if (line.url !== this.origin) throw new Error(`it is at ${line.url} now`);
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
    if (!this.options.folder) await rm(this.place.folder, { recursive: true, force: true });
    await this.options.after?.();
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.server.exitCode !== null || this.server.signalCode !== null) return;
    const ended = new Promise((resolve) => this.server.once('exit', resolve));
    this.server.kill(signal);
    await ended;
  }
}

async function serve({ more, folder, port }: Place) {
  const place = ['--port', String(port), '--ssh-port', '0', '--dir', folder];
  const args = ['demo', '--json', ...place, ...more];
  const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: server.stdout });
  const line = await new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    server.once('exit', (code) => reject(new Error(`fernamt demo ended with ${code}`)));
  });
  return { server, line: JSON.parse(line) as DemoLine };
}
