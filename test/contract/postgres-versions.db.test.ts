import pg from 'pg';
import { expect, it } from 'vitest';
import { loadSample } from '../../connectors/embedded/load-sample.ts';
import { PLANTED_RULES } from '../../src/pipeline/demo/planted-rules.ts';
import { makeSampleShop } from '../../src/pipeline/demo/sample-shop.ts';
import { dockerRuns, postgresImages, startPostgresContainer } from '../support/containers.ts';

const hasDocker = dockerRuns();

it.for(postgresImages)('the sample shop loads into PostgreSQL %s', async ([major, image], context) => {
  if (!hasDocker) return context.skip('Docker is not running');
  const server = await startPostgresContainer(image);
  try {
    const shop = await makeSampleShop({ customerCount: 200 });
    await loadSample(server.url('postgres'), shop);
    const client = new pg.Client({ connectionString: server.url('postgres') });
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    expect(rows[0].server_version.split('.')[0]).toBe(major);
    for (const { name, sql } of PLANTED_RULES) {
      expect((await client.query<{ count: number }>(sql)).rows[0].count, name).toBe(0);
    }
    await client.end();
  } finally {
    await server.close();
  }
});
