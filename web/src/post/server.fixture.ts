import { ContainerFault, type Registrar } from '../features/mail/container/index.ts';
import { TestSigner } from '../features/mail/container/secrets.fixture.ts';
import { type Refusal, Refused } from './refusal.ts';
import type { ContainerServer } from './server.ts';
import type { Standing, Terms } from './standing.ts';

/** A server that keeps one device's share, as the contract says; `refuses` makes it say no to everything. */
export class TestServer implements ContainerServer {
  share: Uint8Array | null = null;
  generation = 0;
  fresh = true;
  terms: Terms | null = null;
  phonesRefused = false;
  serial = 1;
  offlineUntilMs: number | null = null;
  refuses: Refusal | null = null;
  asked = 0;

  private constructor(readonly signer: TestSigner) {}

  static async start(): Promise<TestServer> {
    return new TestServer(await TestSigner.start());
  }

  async standing(): Promise<Standing> {
    this.asked += 1;
    this.#check();
    return {
      person: { name: 'j.petersen', displayName: 'Jana Petersen', language: null },
      office: 'Stadt Auenbrück',
      device: 'device-1',
      mainOrigin: 'https://fernamt.example',
      policy: await this.signer.sign({
        serial: this.serial,
        offline_until_ms: this.offlineUntilMs,
      }),
      policyKey: this.signer.publicKey as Uint8Array<ArrayBuffer>,
      minCharacters: 12,
      share: { exists: this.share !== null, generation: this.generation },
      signInFresh: this.fresh,
      terms: this.terms,
      phonesRefused: this.phonesRefused,
    };
  }

  async newShare(replace: boolean): Promise<Uint8Array> {
    this.#check();
    this.#checkPhone();
    if (this.terms) throw new Refused({ kind: 'terms' });
    if (this.share && !replace) throw new Refused({ kind: 'share_exists' });
    this.share = crypto.getRandomValues(new Uint8Array(32));
    this.generation = 0;
    return this.share.slice();
  }

  async releaseShare(): Promise<Uint8Array> {
    this.#check();
    this.#checkPhone();
    if (this.terms) throw new Refused({ kind: 'terms' });
    if (!this.fresh) throw new Refused({ kind: 'not_fresh' });
    if (!this.share) throw new Refused({ kind: 'no_share' });
    return this.share.slice();
  }

  async acceptTerms(version: string): Promise<void> {
    this.#check();
    if (this.terms?.version !== version) throw new Refused({ kind: 'terms' });
    this.terms = null;
  }

  async opened(generation: number): Promise<void> {
    this.#check();
    this.generation = Math.max(this.generation, generation);
  }

  async forgetShare(): Promise<void> {
    this.#check();
    this.share = null;
    this.generation = 0;
  }

  #checkPhone(): void {
    if (this.phonesRefused) throw new Refused({ kind: 'device', is: 'phone' });
  }

  #check(): void {
    if (this.refuses) throw new Refused(this.refuses);
  }
}

/** An authenticator of this device, which a story can take out, or which may have no PRF. */
export class TestAuthenticator implements Registrar {
  hasPrf = true;
  isThere = true;
  registered = 0;
  readonly #secret = crypto.getRandomValues(new Uint8Array(32));

  async mayHavePrf(): Promise<boolean> {
    return this.hasPrf;
  }

  async register() {
    this.#check();
    if (!this.hasPrf) throw new ContainerFault('no_prf');
    this.registered += 1;
    return crypto.getRandomValues(new Uint8Array(16));
  }

  async evaluate(credential: Uint8Array<ArrayBuffer>, salt: Uint8Array<ArrayBuffer>) {
    this.#check();
    const mixed = await new Blob([this.#secret, credential, salt]).arrayBuffer();
    return new Uint8Array(await crypto.subtle.digest('SHA-256', mixed));
  }

  #check(): void {
    if (!this.isThere) throw new ContainerFault('no_authenticator');
  }
}
