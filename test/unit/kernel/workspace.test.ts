import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openWorkspace, removeWorkspacesSync } from '../../../src/kernel/workspace.ts';

let parent: string;
beforeEach(() => (parent = mkdtempSync(path.join(tmpdir(), 'workspace-test-'))));
afterEach(() => rmSync(parent, { recursive: true }));

test('folder and files are private, and gone after removal', async () => {
  const workspace = openWorkspace(parent);
  await workspace.writeFile('rows', 'x');
  expect(statSync(workspace.directory).mode & 0o777).toBe(0o700);
  expect(statSync(path.join(workspace.directory, 'rows')).mode & 0o777).toBe(0o600);
  expect(await workspace.freeBytes()).toBeGreaterThan(0);
  await workspace.remove();
  await workspace.remove();
  expect(existsSync(workspace.directory)).toBe(false);
});

test('a full disk is WORKSPACE_FULL, a folder that is not there WORKSPACE_IO', async ({ skip }) => {
  if (!existsSync('/dev/full')) skip('this system has no /dev/full');
  const workspace = openWorkspace(parent);
  symlinkSync('/dev/full', path.join(workspace.directory, 'rows'));
  await expect(workspace.writeFile('rows', 'x')).rejects.toMatchObject({ code: 'WORKSPACE_FULL', exitCode: 74 });
  expect(() => openWorkspace(path.join(parent, 'none'))).toThrow(expect.objectContaining({ code: 'WORKSPACE_IO' }));
  await workspace.remove();
});

test('what a dead process left is removed, what a living one holds is kept', () => {
  const workspace = openWorkspace(parent);
  const dead = spawnSync(process.execPath, ['-e', '0']).pid;
  const left = path.join(parent, path.basename(workspace.directory).replace(`-${process.pid}-`, `-${dead}-`));
  mkdirSync(left);
  const second = openWorkspace(parent);
  expect(readdirSync(parent).toSorted()).toEqual(
    [workspace.directory, second.directory].map((place) => path.basename(place)).toSorted(),
  );
  removeWorkspacesSync();
  expect(readdirSync(parent)).toEqual([]);
});
