import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runBinary, runNode } from '../support/binary.ts';
import { builtFile } from '../support/build.ts';

/** Accepts connections and never says a word, like a server behind a broken firewall. */
let silentServer: Server;
const sockets = new Set<Socket>();
let onConnection = (): void => {};

beforeAll(async () => {
  silentServer = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    onConnection();
  });
  await new Promise<void>((resolve) => silentServer.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  silentServer.close();
});

test.each([
  ['SIGINT', 130, 'CLI_INTERRUPTED'],
  ['SIGTERM', 143, 'CLI_TERMINATED'],
] as const)('%s ends a run with %d and says so', async (signal, exitCode, code) => {
  const { port } = silentServer.address() as AddressInfo;
  const run = await runBinary(['introspect', '--json', '--source', `postgres://u@127.0.0.1:${port}/x`], {
    during: (child) => (onConnection = () => void child.kill(signal)),
  });
  expect(run.exitCode).toBe(exitCode);
  expect(JSON.parse(run.stdout)).toMatchObject({ verdict: 'error', error: { code, exitCode } });
});

test('a second signal ends a run that does not stop, and its private files are gone', async () => {
  const parent = mkdtempSync(path.join(tmpdir(), 'interruption-test-'));
  const script = `
    import { watchSignals } from ${JSON.stringify(builtFile('src/cli/interruption.js'))};
    import { openWorkspace } from ${JSON.stringify(builtFile('src/kernel/workspace.js'))};
    await openWorkspace(${JSON.stringify(parent)}).writeFile('rows', 'secret');
    watchSignals(() => console.log('told'));
    setInterval(() => {}, 1000);
    console.log('ready');`;
  const run = await runNode(['--input-type=module', '--eval', script], {
    during: (child) => child.stdout!.on('data', () => child.kill('SIGINT')),
  });
  expect(run).toMatchObject({ stdout: 'ready\ntold\n', exitCode: null, signal: 'SIGINT' });
  expect(readdirSync(parent)).toEqual([]);
  rmSync(parent, { recursive: true });
});
