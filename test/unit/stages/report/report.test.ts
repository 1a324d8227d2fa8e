import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunRecord } from '../../../../src/stages/report/artifact.ts';
import { readRecord, renderReport, writeReport } from '../../../../src/stages/report/index.ts';
import { makeShop } from '../scan/shop.ts';
import type { Shop } from '../scan/shop.ts';
import { shopRecord } from './shop-record.ts';

const CANARY = 'CANARY-7f3a';
let directory: string;
let record: RunRecord;

/** A source whose personal and rare values would be recognised anywhere. */
function marked(): Shop {
  const shop = makeShop('source', 800);
  const mark = (column: string, rows: number): (string | null)[] =>
    shop.customer[column].map((value, i) => (i < rows ? `${CANARY}-${column}-${i}` : value));
  return {
    ...shop,
    customer: {
      ...shop.customer,
      email: mark('email', 800),
      city: mark('city', 800),
      note: mark('note', 40),
      plan: mark('plan', 4),
    },
  };
}

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'understudy-report-'));
  record = await shopRecord(marked());
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** The elements in order of appearance, after checking that all are closed in order. */
function elements(page: string): string[] {
  const empty = new Set(['meta']);
  const open: string[] = [];
  const names: string[] = [];
  const body = page.replace('<!doctype html>', '').replace(/<style>[^<]*<\/style>/, '<style></style>');
  for (const [, closing, name, selfClosed] of body.matchAll(
    /<(\/?)([a-zA-Z0-9]+)((?:\s+[a-zA-Z0-9:-]+(?:="[^"<]*")?)*\s*\/?)>/g,
  )) {
    if (closing === '/') expect(open.pop()).toBe(name);
    else {
      names.push(name);
      if (!empty.has(name) && !selfClosed.endsWith('/')) open.push(name);
    }
  }
  expect(open).toEqual([]);
  // Whatever < is left over belongs to no element: something was not escaped.
  expect(body.replaceAll(/<(\/?)([a-zA-Z0-9]+)((?:\s+[a-zA-Z0-9:-]+(?:="[^"<]*")?)*\s*\/?)>/g, '')).not.toMatch(/[<>]/);
  return names;
}

test('a page is whole, stands alone, and says the verdict first', () => {
  const page = renderReport(record);
  const names = elements(page);
  expect(names.filter((name) => name === 'h1')).toHaveLength(1);
  expect(names.filter((name) => name === 'svg').length).toBeGreaterThan(10);
  for (const name of ['script', 'link', 'img', 'iframe', 'object', 'form']) expect(names).not.toContain(name);
  expect(page.replaceAll(/postgres:\/\/[^<]*/g, '')).not.toMatch(/https?:|url\(|@import|\/\//);
  expect(page.indexOf('<h1>')).toBeLessThan(page.indexOf('<h2>'));
  for (const fact of [
    '9f2c51ab77e0',
    '20261122t031500-4f9a1c',
    'c0ffee5e',
    'public.purchase',
    'membership-white-box',
    'INTROSPECT_FOREIGN_TABLE',
  ]) {
    expect(page).toContain(fact);
  }
  expect(Buffer.byteLength(page)).toBeLessThan(3 * 2 ** 20);
});

test('table headers have scopes and drawings have names', () => {
  const page = renderReport(record);
  for (const [header] of page.matchAll(/<th[\s>][^>]*/g)) expect(header).toContain('scope=');
  for (const [drawing] of page.matchAll(/<svg[^>]*/g)) expect(drawing).toMatch(/role="img" aria-label="[^"]+"/);
  for (const [, id] of page.matchAll(/href="#([^"]+)"/g)) expect(page).toContain(`id="${id}"`);
});

test('no source value is in the record or on the page', () => {
  expect(JSON.stringify(record)).not.toContain(CANARY);
  expect(renderReport(record)).not.toContain(CANARY);
});

test('markup in any text of the record stays text', () => {
  const evil = `"><script>alert('x')</script><!--&amp;\u0000`;
  const poisoned = JSON.parse(JSON.stringify(record), (key, value: unknown) =>
    typeof value === 'string' &&
    !['verdict', 'strategy', 'command', 'gate', 'table', 'id', 'from', 'to', 'basis', 'kind'].includes(key)
      ? `${value}${evil}`
      : value,
  ) as RunRecord;
  const page = renderReport(poisoned);
  expect(elements(page)).not.toContain('script');
  expect(page).toContain('&lt;script&gt;');
  expect(page).not.toContain('\u0000');
  const named = JSON.parse(JSON.stringify(record).replaceAll('public.purchase', 'public.<b>\\"x\\"')) as RunRecord;
  expect(elements(renderReport(named))).not.toContain('b');
});

test('a run that failed early and a table of nothing can be shown', () => {
  const page = renderReport({
    ...record,
    verdict: 'error',
    published: false,
    scan: null,
    integrity: null,
    source: null,
    target: null,
    model: null,
    tables: [],
    graph: { ...record.graph, tables: [], edges: [] },
  });
  elements(page);
  expect(page).toContain('nothing was published');
});

test('what was written is private, whole, and gives the same page again', async () => {
  const { htmlPath, jsonPath } = await writeReport(directory, record);
  for (const file of [htmlPath, jsonPath]) expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(directory)).toHaveLength(2);
  expect(renderReport(await readRecord(directory, record.runId))).toBe(await readFile(htmlPath, 'utf8'));
  await writeReport(directory, record); // again: replaces
  await expect(readRecord(directory, 'nobody')).rejects.toMatchObject({ code: 'LEDGER_RUN_UNKNOWN' });
  await writeFile(jsonPath, '{"version": 2');
  await expect(readRecord(directory, record.runId)).rejects.toMatchObject({ code: 'WORKSPACE_IO' });
  await writeFile(jsonPath, '{"version": 3}');
  await expect(readRecord(directory, record.runId)).rejects.toMatchObject({ code: 'LEDGER_NEWER' });
  await expect(writeReport(path.join(htmlPath, 'x'), record)).rejects.toMatchObject({ code: 'WORKSPACE_IO' });
});

test('a database of 300 tables stays under 3 MB', () => {
  const many = <T>(items: readonly T[], copies: number): T[] => Array.from({ length: copies }, () => items).flat();
  const big = {
    ...record,
    tables: many(record.tables, 40),
    scan: record.scan === null ? null : { ...record.scan, gates: many(record.scan.gates, 60) },
  };
  expect(Buffer.byteLength(renderReport(big))).toBeLessThan(3 * 2 ** 20);
});
