type Policy = { createScriptURL: (address: string) => string };
type WithTrustedTypes = {
  trustedTypes?: { createPolicy: (name: string, rules: Policy) => Policy };
};

let policy: Policy | undefined;

/** The address of a script of our own, as the content security policy wants it; others are refused. */
export function ownScript(address: string): string {
  policy ??= (globalThis as WithTrustedTypes).trustedTypes?.createPolicy('fernamt-own-scripts', {
    createScriptURL: own,
  }) ?? { createScriptURL: own };
  return policy.createScriptURL(address);
}

function own(address: string): string {
  if (new URL(address, location.href).origin !== location.origin) {
    throw new Error('a script of somebody else');
  }
  return address;
}
