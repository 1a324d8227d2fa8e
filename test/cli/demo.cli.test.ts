/** The demo as a newcomer runs it, and as one who looks around or loses patience does. */
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { PLANTED_RULES } from '../../src/pipeline/demo/planted-rules.ts';
import type { RuleAdherence } from '../../src/stages/scan/artifact.ts';
import { attempt } from '../support/bad-input.ts';
import { sql } from '../support/publish-fixture.ts';

/** Whether anything listens there. */
async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

/** Names of planted rules that some row breaks. */
async function brokenRules(url: string): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const rule of PLANTED_RULES) {
    const [{ count }] = (await sql(url, rule.sql)) as readonly { readonly count: number }[];
    if (count > 0) broken.push(`${rule.name}: ${count}`);
  }
  return broken;
}

test('the demo passes and, kept, can be looked at until Ctrl-C, which leaves nothing', async () => {
  const seen: { counts?: unknown; broken?: unknown; record?: string; ports?: number[] } = {};
  let looked: Promise<void> = Promise.resolve();
  const run = await attempt(['demo', '--keep'], {
    during: (child) => {
      let told = '';
      const read = (text: string): void => {
        told += text;
        const urls = /production {2}psql (\S+)\n {2}staging {5}psql (\S+)\n/.exec(told);
        if (urls === null) return;
        child.stderr!.off('data', read);
        looked = (async () => {
          const count = 'SELECT count(*)::int AS customers FROM public.customer';
          seen.counts = [await sql(urls[1], count), await sql(urls[2], count)];
          seen.broken = await brokenRules(urls[2]);
          // Its folder is gone when the run is over.
          seen.record = await readFile(`${/report +(\S+)\.html/.exec(told)![1]}.json`, 'utf8');
          seen.ports = [Number(new URL(urls[1]).port), Number(new URL(urls[2]).port)];
          child.kill('SIGINT');
        })();
      };
      child.stderr!.on('data', read);
    },
  });
  await looked;
  expect(run.result.verdict, run.stderr).toBe('pass');
  expect(run.exitCode).toBe(0);
  expect(seen.counts).toEqual([[{ customers: 2000 }], [{ customers: 2000 }]]);
  // What the shop's application keeps true, the made shop keeps true in every row.
  expect(seen.broken).toEqual([]);
  const rules = (JSON.parse(seen.record!) as { scan: { hiddenRules: readonly RuleAdherence[] } }).scan.hiddenRules;
  expect(rules.length).toBeGreaterThan(60);
  expect(rules.find(({ description }) => description.includes('subtotal − discount ≥ 80'))).toMatchObject({
    table: 'public.orders',
    breachCount: 0,
    madeCaseCount: expect.toSatisfy((count: number) => count > 1000),
  });
  expect(run.result['connections']).toEqual({
    source: expect.stringContaining('/shop'),
    target: expect.stringContaining('/shop_staging'),
  });
  expect(await answers(seen.ports![0])).toBe(false);
  // Like `provision`, and `connections`.
  expect(Object.keys(run.result)).toMatchInlineSnapshot(`
    [
      "schemaVersion",
      "verdict",
      "findings",
      "runId",
      "seed",
      "scale",
      "model",
      "tables",
      "gates",
      "integrity",
      "timingsMs",
      "rowsPerSecond",
      "peakRssBytes",
      "target",
      "plan",
      "steering",
      "timeShift",
      "reportPath",
      "connections",
    ]
  `);
  expect(run.written.map((name) => name.replace(/\/.*\./, '/*.'))).toEqual([
    'understudy-reports/*.html',
    'understudy-reports/*.json',
  ]);
}, 300_000);

test('a demo that is stopped midway leaves nothing', async () => {
  const run = await attempt(['demo', '--verbose'], {
    during: (child) => {
      const stop = (text: string): void => {
        if (!text.includes('✓ introspect')) return;
        child.stderr!.off('data', stop);
        child.kill('SIGINT');
      };
      child.stderr!.on('data', stop);
    },
  });
  expect(run.result.error, run.stderr).toMatchObject({ code: 'CLI_INTERRUPTED', exitCode: 130 });
  expect(run.exitCode).toBe(130);
  expect(run.written).toEqual([]);
});
