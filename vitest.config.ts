import { defineConfig } from 'vitest/config';

/** Suffixes tell what a test needs: `.test.ts` nothing, `.db.test.ts` a server, `.cli.test.ts` the built binary. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**', 'node_modules/**', 'dist/**'],
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 180_000,
    teardownTimeout: 30_000,
    globalSetup: ['./test/support/build.ts'],
    reporters: ['default', './test/support/skip-reporter.ts'],
  },
});
