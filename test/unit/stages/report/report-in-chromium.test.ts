import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeReport } from '../../../../src/stages/report/index.ts';
import { Chromium, chromiumPath } from '../../../support/chromium.ts';
import { skipWithout } from '../../../support/needs.ts';
import { shopRecord } from './shop-record.ts';

const binary = chromiumPath();
let folder: string;
let browser: Chromium | null = null;
let page: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'understudy-report-'));
  if (binary === null) return;
  browser = new Chromium(binary);
  page = (await writeReport(folder, await shopRecord())).htmlPath;
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

test.for([
  { width: 390, dark: false },
  { width: 390, dark: true },
  { width: 1280, dark: false },
  { width: 1280, dark: true },
])('opens without a complaint and without scrolling sideways: $width px, dark $dark', async (look, context) => {
  if (browser === null) return skipWithout(context, 'chromium');
  const seen = await browser.look(page, look);
  expect(seen.complaints).toEqual([]);
  expect(seen.contentWidth).toBeLessThanOrEqual(look.width);
  expect(brightness(seen.background) < 128).toBe(look.dark);
  expect(seen.pdfBytes).toBeGreaterThan(20_000);
  expect(statSync(page).size).toBeLessThan(3 * 2 ** 20);
});

test('a page that complains or is too wide is noticed', async (context) => {
  if (browser === null) return skipWithout(context, 'chromium');
  const bad = path.join(folder, 'bad.html');
  writeFileSync(
    bad,
    `<!doctype html><div style="width:900px">x</div><img src="missing.png"><script>console.error('x'); nobody()</script>`,
  );
  const seen = await browser.look(bad, { width: 390, dark: false });
  expect(seen.complaints.length).toBeGreaterThanOrEqual(3);
  expect(seen.contentWidth).toBeGreaterThan(390);
});

function brightness(color: string): number {
  const channels = color.match(/\d+/g)!.slice(0, 3).map(Number);
  return channels.reduce((sum, channel) => sum + channel, 0) / 3;
}
