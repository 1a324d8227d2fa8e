import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { SlowestFirst } from './test/support/slowest-first.ts';

/** Suffixes tell what a test needs: `.test.ts` nothing, `.db.test.ts` a server, `.cli.test.ts` the built binary. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**', 'node_modules/**', 'dist/**'],
    pool: 'forks',
    // By default one core is left out, which of two is half: one file after the other. Files mostly wait for servers.
    maxWorkers: Math.max(2, availableParallelism()),
    sequence: { sequencer: SlowestFirst },
    testTimeout: 120_000,
    hookTimeout: 180_000,
    teardownTimeout: 30_000,
    globalSetup: ['./test/support/build.ts'],
    reporters: ['default', './test/support/skip-reporter.ts'],
  },
});
