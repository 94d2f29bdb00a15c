// @vitest-environment node
import { fileURLToPath } from 'node:url';
import { build, type Rollup } from 'vite';
import { expect, test, vi } from 'vitest';
import { containerInClear, IN_CLEAR_MARK } from '../../../../build/container-in-clear.ts';

// Many small steps: a busy machine takes a while for them.
vi.setConfig({ testTimeout: 60_000 });

const entry = fileURLToPath(new URL('seal.ts', import.meta.url));

test('no mode but the one for the scan builds a container in clear', async () => {
  for (const mode of ['production', 'development', 'test', 'CONTAINER-IN-CLEAR']) {
    expect(await built(mode)).not.toContain(IN_CLEAR_MARK);
  }
  expect(await built('container-in-clear')).toContain(IN_CLEAR_MARK);
});

test('a container in clear is not built to where the server takes the web app from', async () => {
  await expect(built('container-in-clear', 'dist')).resolves.toContain(IN_CLEAR_MARK);
  await expect(built('container-in-clear', 'dist', true)).rejects.toThrow('dist-in-clear only');
});

test('nothing else may set the switch', async () => {
  await expect(built('production', 'dist', false, 'true')).rejects.toThrow('something else');
});

test('tests run with the container sealed', () => {
  expect(__CONTAINER_IN_CLEAR__).toBe(false);
});

/** The container's sealing as a browser would get it; nothing is written. */
async function built(mode: string, outDir = 'dist', insist = false, define?: string) {
  const last = { ...(insist && { build: { outDir } }), ...(define && inClear(define)) };
  const result = (await build({
    configFile: false,
    mode,
    logLevel: 'silent',
    plugins: [containerInClear(), { name: 'last', enforce: 'post', config: () => last }],
    build: { write: false, outDir, lib: { entry, formats: ['es'] } },
  })) as Rollup.RollupOutput[];
  return result
    .flatMap(({ output }) => output.map((part) => ('code' in part ? part.code : '')))
    .join();
}

const inClear = (value: string) => ({ define: { __CONTAINER_IN_CLEAR__: value } });
