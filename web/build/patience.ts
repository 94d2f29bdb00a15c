import { vi } from 'vitest';

/** How long a unit test waits for something to come, at most. vitest's own second is too short on a busy machine. */
const PATIENCE_MS = 20_000;

const waitFor = vi.waitFor.bind(vi);
vi.waitFor = (call, options = PATIENCE_MS) => waitFor(call, options);
