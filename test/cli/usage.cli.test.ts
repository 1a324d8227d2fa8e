import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Config } from '@oclif/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runBinary } from '../support/binary.ts';
import type { BinaryRun } from '../support/binary.ts';
import { projectRoot } from '../support/build.ts';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'usage-test-'));
  writeFileSync(path.join(cwd, 'bad.yaml'), 'version: 1\ntarget:\n  mod: swap\n');
});
afterAll(() => rmSync(cwd, { recursive: true }));

/** One JSON object on standard output, nothing before or behind it. */
function onlyObject({ stdout }: BinaryRun): Record<string, unknown> {
  const value = JSON.parse(stdout) as Record<string, unknown>;
  expect(stdout).toBe(`${JSON.stringify(value, null, 2)}\n`);
  return value;
}

const MISTAKES: readonly (readonly [args: readonly string[], code: string, told: string])[] = [
  [['provision', '--sorce', 'x'], 'CLI_USAGE', 'Write --source instead.'],
  [['prvision'], 'CLI_UNKNOWN_COMMAND', 'understudy provision'],
  [['runs', 'prnue'], 'CLI_UNKNOWN_COMMAND', 'understudy runs prune'],
  [['rules'], 'CLI_USAGE', 'understudy rules list'],
  [['provision', '--seed', 'x'], 'CLI_USAGE', '--seed'],
  [['provision', '--scale', '0'], 'CLI_USAGE', 'Expected a number above 0'],
  [['provision', '--mode', 'sawp'], 'CLI_USAGE', 'swap, in-place'],
  [['provision', '--source', 'a', '--model', 'b'], 'CLI_USAGE', '--source'],
  [['demo', 'extra'], 'CLI_UNKNOWN_COMMAND', 'demo extra'],
  [['report', 'a', 'b'], 'CLI_USAGE', 'Unexpected argument: b'],
  [['learn'], 'CLI_USAGE', 'model'],
  [['rules', 'try'], 'CLI_USAGE', 'value'],
  [['introspect'], 'CLI_USAGE', '--source URL'],
  [['introspect', '-c', 'none.yaml'], 'CONFIG_UNREADABLE', 'none.yaml'],
  [
    ['introspect', '-c', 'bad.yaml'],
    'CONFIG_UNKNOWN_KEY',
    'bad.yaml:3:3: `target.mod` is not a known key. Did you mean `mode`?',
  ],
  [['introspect', '--source', 'env:UNDERSTUDY_NO_SUCH'], 'CONFIG_MISSING_ENV', 'UNDERSTUDY_NO_SUCH'],
  [['introspect', '--source', 'mongodb://h/d'], 'CONNECT_URL_INVALID', 'mongodb'],
];

test.for(MISTAKES)('understudy %j ends with 64 and %s', async ([args, code, told]) => {
  const plain = await runBinary(args, { cwd });
  expect(plain).toMatchObject({ exitCode: 64, stdout: '' });
  expect(plain.stderr).toContain(code);
  expect(plain.stderr).toContain(told);
  const json = await runBinary([...args, '--json'], { cwd });
  expect(json.exitCode).toBe(64);
  expect(onlyObject(json)).toMatchObject({
    schemaVersion: 1,
    verdict: 'error',
    findings: [],
    error: { code, exitCode: 64, hint: expect.any(String) },
  });
});

test('help, version and every command’s help end with 0', async () => {
  const config = await Config.load({ root: projectRoot });
  const runs = await Promise.all(
    [['--help'], [], ['help', 'provision'], ['--version']].map((args) => runBinary(args, { cwd })),
  );
  expect(runs.map((run) => run.exitCode)).toEqual([0, 0, 0, 0]);
  expect(runs[0].stdout).toBe(runs[1].stdout);
  for (const id of config.commandIDs) {
    const { exitCode, stdout } = await runBinary([...id.split(':'), '--help'], { cwd });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('USAGE');
  }
});

test('commands and flags are a public interface', async () => {
  const config = await Config.load({ root: projectRoot });
  const surface = config.commands
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, args, flags }) => ({
      command: id.replaceAll(':', ' '),
      arguments: Object.keys(args),
      flags: Object.values(flags)
        .map(
          (flag) =>
            `${flag.char === undefined ? '' : `-${flag.char} `}--${flag.name}${flag.required ? ' (required)' : ''}${'options' in flag && flag.options ? ` ${flag.options.join('|')}` : ''}`,
        )
        .toSorted(),
    }));
  expect(surface).toMatchSnapshot();
});

test('a password among the arguments warns, and is printed nowhere', async () => {
  const url = 'postgres://u:hunter2@127.0.0.1:1/x';
  for (const args of [['--json'], [], ['--verbose']]) {
    const run = await runBinary(['introspect', '--source', url, ...args], { cwd, env: { UNDERSTUDY_DEBUG: '1' } });
    expect(run.exitCode).toBe(69);
    expect(run.stderr).toContain('password in --source');
    expect(run.stdout + run.stderr).not.toContain('hunter2');
  }
});

test('in a pipe there are neither colors nor progress', async () => {
  const run = await runBinary(['rules', 'list'], { cwd });
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  expect(run.stdout).toContain('person.email');
  expect(run.stdout).not.toContain('\u001b');
});
