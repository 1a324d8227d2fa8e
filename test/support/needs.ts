import type { TestContext } from 'vitest';

/**
 * For a test that needs something from the distribution (`postgresql-15`, `chromium`…): skips it with the reason,
 * or fails it where `.ci/run` was to install that.
 */
export function skipWithout(context: TestContext, packageName: string): never {
  if (process.env['UNDERSTUDY_TEST_INSTALL'] === '1') {
    throw new Error(`${packageName} is missing, although this run was to install it.`);
  }
  return context.skip(`needs ${packageName} from the distribution`);
}
