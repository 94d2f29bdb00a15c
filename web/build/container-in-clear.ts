import { basename } from 'node:path';
import type { Plugin } from 'vite';

/** `vite build --mode container-in-clear`: the mail's container without encryption, into a folder of its own. */
const IN_CLEAR_MODE = 'container-in-clear';
const IN_CLEAR_FOLDER = 'dist-in-clear';

/** What a build without encryption writes where a tag would stand; no other build contains it. */
export const IN_CLEAR_MARK = 'NOT SEALED: TEST';

/**
 * Says to the mail's container whether this build leaves encryption out. Only the scan of a browser's profile wants
 * that: it proves that it finds planted words where they stand in clear. The server carries `dist`, so nothing else
 * than a sealed container may be written there.
 */
export function containerInClear(): Plugin {
  let inClear = false;
  return {
    name: 'fernamt:container-in-clear',
    config(_, { mode }) {
      inClear = mode === IN_CLEAR_MODE;
      return {
        define: { __CONTAINER_IN_CLEAR__: JSON.stringify(inClear) },
        ...(inClear && { build: { outDir: IN_CLEAR_FOLDER } }),
      };
    },
    configResolved({ build, define }) {
      if (define?.['__CONTAINER_IN_CLEAR__'] !== JSON.stringify(inClear)) {
        throw new Error('something else sets whether the container is sealed');
      }
      if (inClear && basename(build.outDir) !== IN_CLEAR_FOLDER) {
        throw new Error(`a container in clear is built into ${IN_CLEAR_FOLDER} only`);
      }
    },
  };
}
