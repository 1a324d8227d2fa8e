/**
 * Lets signals and sockets have their turn between two pieces of computation, which otherwise nothing interrupts, and
 * throws the signal's reason once it is aborted.
 */
export async function pause(signal?: AbortSignal): Promise<void> {
  // A signal that has arrived is seen when the event loop polls, which it may do only after the first of these.
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve));
  signal?.throwIfAborted();
}
