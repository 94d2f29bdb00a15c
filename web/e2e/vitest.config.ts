import { defineConfig } from 'vitest/config';

/** Nothing takes this long; a busy machine must not fail what works. */
const BROWSER_MS = 60_000;
/** Nor does anything that a test waits for. */
const PATIENCE_MS = 15_000;

export default defineConfig({
  test: {
    // What comes to a meeting of another story's server is started by that story.
    include: process.env.FERNAMT_MEETING ? ['e2e/guests/*.test.ts'] : ['e2e/tests/**/*.test.ts'],
    environment: 'node',
    // Other browsers are driven through WebSockets, which Node.js 20 has behind this flag.
    execArgv: ['--experimental-websocket'],
    testTimeout: BROWSER_MS,
    hookTimeout: BROWSER_MS,
    expect: { poll: { timeout: PATIENCE_MS } },
    // One browser: the machines that run this have two cores.
    fileParallelism: false,
    // And what is marked as concurrent in a file shares them.
    maxConcurrency: 2,
  },
});
