import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

type PeerLine = {
  url: string;
  bind_dn: string;
  bind_password: string;
  base_dn: string;
  ca_pem: string;
};

type Furniture = {
  /** Names with their passwords. */
  people: Record<string, string>;
  /** Groups with their members, people or other groups. */
  groups: Record<string, string[]>;
};

/** An authority that signed nobody here. */
export const ANOTHER_AUTHORITY = `-----BEGIN CERTIFICATE-----
MIIBnjCCAUWgAwIBAgIUaRKEtN56NEk/p0thjcXFPnxyjvUwCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRQW5vdGhlciBhdXRob3JpdHkwIBcNMjYxMTIyMDExNDM1WhgP
MjEyNjEwMjkwMTE0MzVaMBwxGjAYBgNVBAMMEUFub3RoZXIgYXV0aG9yaXR5MFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFtoke+yy393zHzGxX7DcLtBxvm7H0pOz
JyWmBwces8++afoQ9BXjNlwVksunYhuXZaDZvrUd1r8vQJwIH6xEr6NjMGEwHQYD
VR0OBBYEFJXGmDfqM0ovNRug62+JhG7Hwe8OMB8GA1UdIwQYMBaAFJXGmDfqM0ov
NRug62+JhG7Hwe8OMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgIEMAoG
CCqGSM49BAMCA0cAMEQCIG5ftrDA13RO6Szg4kRvFuqB4LWOPOoAso+RslR5XqIC
AiAXPdimEB1Z+KeScSIKMlf0fM3Q1nq3TIek7ybQW1UziA==
-----END CERTIFICATE-----`;

/** A real Active Directory, run by the tests' program for peers. */
export class Directory {
  private constructor(
    private readonly peer: ChildProcess,
    readonly url: string,
    readonly bindDn: string,
    readonly bindPassword: string,
    readonly baseDn: string,
    readonly authority: string,
  ) {}

  static async start(program: string, { people, groups }: Furniture): Promise<Directory> {
    const users = Object.entries(people).flatMap((pair) => ['--user', pair.join(':')]);
    const members = Object.entries(groups).flatMap(([group, inside]) =>
      inside.flatMap((member) => ['--member', `${group}:${member}`]),
    );
    const peer = spawn(program, ['samba-ad', ...users, ...members], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const line = await new Promise<string>((resolve, reject) => {
      createInterface({ input: peer.stdout }).once('line', resolve);
      peer.once('exit', (code) => reject(new Error(`the directory ended with ${code}`)));
    });
    const facts = JSON.parse(line) as PeerLine;
    const { url, bind_dn, bind_password, base_dn, ca_pem } = facts;
    return new Directory(peer, url, bind_dn, bind_password, base_dn, ca_pem);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.peer.once('exit', resolve));
    this.peer.stdin?.end();
    await ended;
  }
}
