// A browser's side of Web Push: http_ece reads what came, Node's own crypto checks who sent it. Commands come in as JSON, one
// a line, and each is answered by one line.

import { createECDH, createPublicKey, randomBytes, verify } from 'node:crypto';
import { createInterface } from 'node:readline';
import ece from 'http_ece';

const own = createECDH('prime256v1');
own.generateKeys();
const authSecret = randomBytes(16);

const acts = {
  open: () => 'ready',
  keys: () => ({
    p256dh: own.getPublicKey('base64url'),
    auth: authSecret.toString('base64url'),
  }),
  read: ({ body }) => {
    const params = { version: 'aes128gcm', privateKey: own, authSecret };
    return ece.decrypt(Buffer.from(body, 'base64'), params).toString('utf8');
  },
  sender: ({ authorization }) => {
    const said = Object.fromEntries(
      authorization
        .replace(/^vapid +/, '')
        .split(/, */)
        .map((part) => [part.slice(0, 1), part.slice(2)]),
    );
    const [head, claims, signature] = said.t.split('.');
    const point = Buffer.from(said.k, 'base64url');
    const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((one) => one.toString('base64url'));
    const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
    const signed = Buffer.from(`${head}.${claims}`);
    const form = { key, dsaEncoding: 'ieee-p1363' };
    const json = (part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return {
      isSigned: verify('sha256', signed, form, Buffer.from(signature, 'base64url')),
      head: json(head),
      claims: json(claims),
      key: said.k,
    };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let said;
  try {
    said = { answer: acts[command.do](command) };
  } catch (fault) {
    said = { fault: String(fault?.message ?? fault) };
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
