/**
 * Named steps, so that a test can kill the process exactly after one of them
 * (`UNDERSTUDY_TEST_KILL_AT=publish:rename-new`). Outside such a test a step costs one comparison.
 */
const killAt = process.env['UNDERSTUDY_TEST_KILL_AT'];

/** Marks that the named step is complete. */
export function checkpoint(name: string): void {
  if (killAt !== undefined && killAt === name) process.kill(process.pid, 'SIGKILL');
}
