/** Random schemas, each filled without a violation or refused by name; and three planted bugs that must be found. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/postgres.ts';
import { PLANTS } from './plants.ts';
import { fuzz } from './run-fuzz.ts';
import { Playground } from './try-schema.ts';

/** Fixed, so that a failure is one of the code; `npm run fuzz` draws others. */
const SEED = 20_000;

describe('a random schema', () => {
  let server: TestServer;
  let playgrounds: readonly Playground[];

  beforeAll(async () => {
    server = await startTestServer({ settings: { autovacuum: 'off', jit: 'off' } });
    playgrounds = await Promise.all([0, 1].map((i) => Playground.open(server.url, `fuzz_test_${process.pid}_${i}`)));
  });
  afterAll(async () => {
    await Promise.all(playgrounds.map((playground) => playground.close()));
    await server.close();
  });

  it('is filled without a violation, or refused by a finding that names an object', async () => {
    const tally = await fuzz(playgrounds, { runs: 50, seed: SEED });
    process.stdout.write(`seed ${SEED}: ${tally.filled} of ${tally.runs} schemas filled\n`);
    expect(tally.failures.map(({ seed, minimalMessage, minimal }) => ({ seed, minimalMessage, minimal }))).toEqual([]);
    expect(tally.filled).toBeGreaterThanOrEqual(0.9 * tally.runs);
  }, 300_000);

  it.each(Object.entries(PLANTS))(
    'tells on %s',
    async (_, plant) => {
      const tally = await fuzz(playgrounds, { runs: 200, seed: SEED, plant, stopAtFailure: true, shrink: false });
      expect(tally.failures.length).toBeGreaterThan(0);
    },
    300_000,
  );
});
