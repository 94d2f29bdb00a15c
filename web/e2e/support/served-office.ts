import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Person, program, RealOffice } from './real-office.ts';

const LINK = /^http:\S+\/einrichten#\S+$/;

/** The real server as an administration runs it, `fernamt serve`, from a configuration of its own. */
export class ServedOffice {
  private constructor(
    private readonly server: ChildProcess,
    private readonly folder: string,
    readonly origin: string,
    /** The one-time link of a first start. */
    readonly link: string | undefined,
    private readonly people: Person[],
  ) {}

  /** An office without anybody in it. */
  static async startEmpty(): Promise<ServedOffice> {
    const folder = await mkdtemp(join(tmpdir(), 'fernamt-e2e-'));
    return ServedOffice.serve(folder, await freePort(), [], []);
  }

  /** The demo's people and rules, and further sections; targets may name these ports of the loopback. */
  static async startFurnished(ports: number[], sections = ''): Promise<ServedOffice> {
    const folder = await mkdtemp(join(tmpdir(), 'fernamt-e2e-'));
    const port = await freePort();
    const demo = await RealOffice.start({ folder: join(folder, 'data'), port });
    await demo.stop();
    return ServedOffice.serve(folder, port, ports, demo.people, sections);
  }

  /** One of the demo's people by name. */
  person(name: string): Person {
    const found = this.people.find((person) => person.name === name);
    if (!found) throw new Error(`the demo has no ${name}`);
    return found;
  }

  /** The origin of an application. */
  app(label: string): string {
    return this.origin.replace('://', `://${label}.`);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.server.once('exit', resolve));
    this.server.kill('SIGTERM');
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }

  private static async serve(
    folder: string,
    port: number,
    ports: number[],
    people: Person[],
    sections = '',
  ): Promise<ServedOffice> {
    const origin = `http://fernamt.localhost:${port}`;
    const configuration = join(folder, 'fernamt.toml');
    await writeFile(
      configuration,
      `[server]
data_dir = "${join(folder, 'data')}"
public_url = "${origin}"
name = "Stadt Musterhausen"

[[listener]]
zone = "internet"
address = "127.0.0.1:${port}"
tls = "off"
administration = true

[targets]
allow_loopback_ports = [${ports}]

[backup]
enabled = false

[log]
filter = "warn"

${sections}`,
    );
    const server = spawn(program, ['--config', configuration, 'serve'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let link: string | undefined;
    createInterface({ input: server.stdout }).on('line', (line) => {
      if (LINK.test(line)) link = line;
    });
    let ended = false;
    server.once('exit', () => {
      ended = true;
    });
    // Whatever it prints, it has printed before it answers.
    while (!(await answers(port))) {
      if (ended) throw new Error('fernamt serve ended before it answered');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return new ServedOffice(server, folder, origin, link, people);
  }
}

async function answers(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`);
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
