import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Person, program, RealOffice } from './real-office.ts';
import { freePort } from './served-office.ts';

/**
 * The real server behind TLS with a certificate of its own, and the demo's people in it. Not every browser takes a
 * cookie that is `Secure` from the loopback without.
 */
export class TlsOffice {
  #server: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
    private readonly people: Person[],
  ) {}

  static async start(): Promise<TlsOffice> {
    const folder = await mkdtemp(join(tmpdir(), 'fernamt-e2e-'));
    const port = await freePort();
    const demo = await RealOffice.start({ folder: join(folder, 'data'), port });
    await demo.stop();
    const office = new TlsOffice(folder, port, demo.people);
    await writeFile(office.#configuration, office.#settings());
    await office.startAgain();
    return office;
  }

  get origin(): string {
    return `https://fernamt.localhost:${this.port}`;
  }

  /** One of the demo's people by name. */
  person(name: string): Person {
    const found = this.people.find((person) => person.name === name);
    if (!found) throw new Error(`the demo has no ${name}`);
    return found;
  }

  /** Kills the server and leaves it so: nobody answers. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Starts it where it was killed. */
  async startAgain(): Promise<void> {
    const server = spawn(program, ['--config', this.#configuration, 'serve'], { stdio: 'ignore' });
    this.#server = server;
    while (!(await answers(this.port))) {
      if (server.exitCode !== null) throw new Error('fernamt serve ended before it answered');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    await rm(this.folder, { recursive: true, force: true });
  }

  get #configuration(): string {
    return join(this.folder, 'fernamt.toml');
  }

  #settings(): string {
    return `[server]
data_dir = "${join(this.folder, 'data')}"
public_url = "${this.origin}"
name = "Stadt Musterhausen"

[[listener]]
zone = "internet"
address = "127.0.0.1:${this.port}"
tls = "self-signed"
administration = true

[mail]

[backup]
enabled = false

[log]
filter = "warn"
`;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#server;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill(signal);
    await ended;
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, path: '/healthz', rejectUnauthorized: false };
    get(options, (response) => {
      response.resume();
      resolve(true);
    }).once('error', () => resolve(false));
  });
}
