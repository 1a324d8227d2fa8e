/** A disk without room: told before the work begins, and nothing is written, there or on the target. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestContext } from 'vitest';
import { attempt, createShop, expectFailure, expectUnchanged } from '../support/bad-input.ts';
import { startPrivateServer } from '../support/postgres.ts';
import type { PrivateServer } from '../support/postgres.ts';

let server: PrivateServer;
beforeAll(async () => {
  server = await startPrivateServer();
  await createShop(server, 'shop');
});
afterAll(() => server.close());

/** A file system of its own with `kilobytes` free; null where this process may not mount one. */
function mountSmallDisk(kilobytes: number): { readonly folder: string; remove(): void } | null {
  const folder = mkdtempSync(path.join(tmpdir(), 'understudy-small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k,mode=0777`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
  return {
    folder,
    remove() {
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    },
  };
}

async function onSmallDisk(
  context: TestContext,
  kilobytes: number,
  work: (folder: string) => Promise<void>,
): Promise<void> {
  const disk = mountSmallDisk(kilobytes);
  if (disk === null) context.skip('needs the right to mount a small file system');
  try {
    await work(disk!.folder);
    expect(readdirSync(disk!.folder)).toEqual([]);
  } finally {
    disk!.remove();
  }
}

const given = (config = ''): { readonly env: Record<string, string>; readonly files: Record<string, string> } => ({
  env: { SOURCE: server.url('shop'), TARGET: server.url('staging') },
  files: { 'understudy.yaml': `version: 1\n${config}\n` },
});

test('a report directory on a full disk', (context) =>
  onSmallDisk(context, 64, async (folder) => {
    const config = `output: { directory: ${JSON.stringify(path.join(folder, 'deep', 'reports'))} }`;
    for (const mode of ['swap', 'in-place'])
      await expectUnchanged(server, () =>
        expectFailure(
          ['provision', '--source', 'env:SOURCE', '--target', 'env:TARGET', '--mode', mode],
          {
            code: 'WORKSPACE_FULL',
            exitCode: 74,
            told: /^The disk that holds \S+ is full.*nothing was published/,
            hint: /output\.directory/,
          },
          given(config),
        ),
      );
  }));

test('a model file on a full disk', (context) =>
  onSmallDisk(context, 64, async (folder) => {
    await expectFailure(
      ['learn', '--source', 'env:SOURCE', '--model', path.join(folder, 'shop.model')],
      { code: 'WORKSPACE_FULL', exitCode: 74, told: /^The disk that holds \S+ is full/, hint: /--model/ },
      given(),
    );
  }));

test('a model file in a folder that is not there', async () => {
  await expectFailure(
    ['learn', '--source', 'env:SOURCE', '--model', path.join('no', 'such', 'shop.model')],
    { code: 'WORKSPACE_IO', exitCode: 74, told: /no\/such cannot be written \(ENOENT\)/, hint: /--model/ },
    given(),
  );
});

test('a report directory that is a file', async () => {
  const options = given('output: { directory: understudy.yaml }');
  await expectUnchanged(server, () =>
    expectFailure(
      ['provision', '--source', 'env:SOURCE', '--target', 'env:TARGET'],
      { code: 'WORKSPACE_IO', exitCode: 74, told: /understudy\.yaml cannot be written/, hint: /output\.directory/ },
      options,
    ),
  );
});

test('a temporary folder without room for a server ends the demo', (context) =>
  onSmallDisk(context, 8 * 1024, async (folder) => {
    await expectFailure(
      ['demo'],
      {
        code: 'WORKSPACE_FULL',
        exitCode: 74,
        told: /^The disk that holds \S+ has \d MB free, .*; nothing was started\.$/,
        hint: /TMPDIR/,
      },
      { env: { TMPDIR: folder } },
    );
  }));

test('provisioning itself needs no room in the temporary folder', (context) =>
  onSmallDisk(context, 4, async (folder) => {
    const run = await attempt(['provision', '--source', 'env:SOURCE', '--target', 'env:TARGET'], {
      ...given(),
      env: { ...given().env, TMPDIR: folder },
    });
    expect(run.result.verdict, run.stderr).toBe('pass');
  }));
