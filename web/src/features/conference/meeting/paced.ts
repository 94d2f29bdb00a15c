/**
 * Calls at once, and then rests. What is asked for meanwhile becomes one call when the rest is over: it is counted from
 * the end of what the call set off, so that however long that takes there is time for something else.
 */
export function paced(call: () => void, restMs: number): () => void {
  let resting = false;
  let asked = false;
  const rested = () => {
    resting = false;
    if (asked) go();
  };
  const go = () => {
    resting = true;
    asked = false;
    call();
    // React draws in a microtask.
    queueMicrotask(() => setTimeout(rested, restMs));
  };
  return () => {
    if (resting) asked = true;
    else go();
  };
}
