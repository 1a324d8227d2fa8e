/**
 * Four real databases from production to staging and in both modes, as roles that may do only what they must. The
 * answers come from others: pg_dump says whether the schema is the same, the judge whether any promise is broken.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runBinary } from '../support/binary.ts';
import { FAULTS, NO_FAULTS, judgeIntegrity, judgeMissing } from '../support/judge.ts';
import { skipWithout } from '../support/needs.ts';
import { debianPostgresBin, startTestServer } from '../support/postgres.ts';
import type { TestServer } from '../support/postgres.ts';
import { sql } from '../support/publish-fixture.ts';
import { dumpSchema, runFile, sampleDatabase } from '../support/schema-dump.ts';
import { makeTwoRoles } from '../support/two-roles.ts';
import type { TwoRoles } from '../support/two-roles.ts';

/** Some in other sizes than their own: `npm run bench:scales` has all of them in more. */
const SCALES = {
  pagila: { swap: 1, 'in-place': 0.1 },
  chinook: { swap: 1, 'in-place': 1 },
  northwind: { swap: 0.1, 'in-place': 3 },
  stackx: { swap: 1, 'in-place': 1 },
} as const;
const DATASETS = ['pagila', 'chinook', 'northwind', 'stackx'] as const;
const tag = `u${process.pid}`;
const bin = debianPostgresBin();
let server: TestServer | null = null;
let roles: TwoRoles;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'understudy-datasets-'));
  if (bin === null) return;
  server = await startTestServer({ debian: true });
  roles = await makeTwoRoles(server);
});

afterAll(async () => {
  await roles?.drop();
  await server?.close();
  rmSync(folder, { recursive: true });
});

describe.each(DATASETS)('%s', (name) => {
  const source = `${tag}_${name}`;
  const script = sampleDatabase(name);
  let dump = '';

  beforeAll(async () => {
    if (server === null || script === null) return;
    await sql(server.url(), `CREATE DATABASE ${source}`);
    runFile(bin!, server.url(source), script);
    await roles.grantReading(source);
    dump = dumpSchema(bin!, server.url(source));
  });

  for (const mode of ['swap', 'in-place'] as const) {
    const target = `${tag}_${name}_${mode.replace('-', '')}`;
    const scale = SCALES[name][mode];

    test(`${mode} at scale ${scale}: passes every gate, and the schema is the source's`, async (context) => {
      if (script === null) context.skip('needs the sample databases in ../shared/datasets');
      if (bin === null) skipWithout(context, 'postgresql-15');
      // Swap makes its target; in-place works where no database may be made, so it finds an empty one.
      if (mode === 'in-place') await roles.makeEmptyTarget(target);
      const run = await runBinary(
        [
          'provision',
          '--json',
          '--source',
          roles.reader(source),
          '--target',
          roles.runner(target),
          '--mode',
          mode,
        ].concat(['--scale', `${scale}`]),
        { cwd: folder },
      );
      const result = JSON.parse(run.stdout);
      const failed = (result.gates ?? []).filter((gate: { verdict: string }) => gate.verdict === 'fail');
      expect({ failed, error: result.error }).toEqual({ failed: [], error: undefined });
      expect(run.exitCode).toBe(0);
      expect(result).toMatchObject({ verdict: 'pass', integrity: { orphanCount: 0, violationCount: 0 } });
      for (const table of result.tables)
        expect([table.name, table.rowCount / Math.max(1, table.sourceRowCount)]).toEqual([
          table.name,
          table.strategy === 'copy' ? 1 : closeTo(table, scale),
        ]);
      expect(dumpSchema(bin, server!.url(target))).toBe(dump);
    });

    test(`${mode} at scale ${scale}: the independent judge finds no fault`, async (context) => {
      if (script === null) context.skip('needs the sample databases in ../shared/datasets');
      if (bin === null) skipWithout(context, 'postgresql-15');
      const missing = judgeMissing();
      if (missing !== null) context.skip(missing);
      expect(judgeIntegrity(server!.url(source), server!.url(target))).toEqual({ faults: NO_FAULTS, errors: null });
    });
  }
});

/** Copied parents do not grow, all else does; small tables have at least a row, and children of drawn parents vary. */
function closeTo({ strategy, sourceRowCount }: { strategy: string; sourceRowCount: number }, scale: number): unknown {
  if (strategy === 'empty') return 0;
  return sourceRowCount < 100 ? expect.any(Number) : expect.closeTo(scale, scale < 1 ? 1 : 0);
}

test('control: the judge finds the faults of a target that lost a foreign key and points nowhere', async (context) => {
  if (sampleDatabase('chinook') === null) context.skip('needs the sample databases in ../shared/datasets');
  if (bin === null) skipWithout(context, 'postgresql-15');
  const missing = judgeMissing();
  if (missing !== null) context.skip(missing);
  const broken = `${tag}_broken`;
  await sql(server!.url(), `CREATE DATABASE ${broken} TEMPLATE ${tag}_chinook`);
  const [{ table, column, name }] = await sql<{ table: string; column: string; name: string }>(
    server!.url(broken),
    `SELECT format('%I.%I', n.nspname, c.relname) AS table, quote_ident(a.attname) AS column, quote_ident(k.conname) AS name
     FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
     WHERE k.contype = 'f' AND c.relname = 'invoice' LIMIT 1`,
  );
  await sql(server!.url(broken), `ALTER TABLE ${table} DROP CONSTRAINT ${name}; UPDATE ${table} SET ${column} = -1`);
  const { faults } = judgeIntegrity(server!.url(`${tag}_chinook`), server!.url(broken));
  await sql(server!.url(), `DROP DATABASE ${broken}`);
  expect(FAULTS.filter((fault) => faults[fault] > 0).toSorted()).toEqual(['constraints_missing', 'orphans']);
});
