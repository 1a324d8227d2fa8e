import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { Forward } from './forward.ts';

/** A message ReadyForQuery at the end of what a server sent. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5]);
const TERMINATE = 0x58;

/**
 * A way to a server that pools as a transaction pooler does: once clients have logged in, all their statements run in one
 * server process. Clients must take turns.
 */
export async function startPooler(port: number): Promise<Forward> {
  const sockets = new Set<Socket>();
  let shared: Socket | null = null;
  let asking: Socket | null = null;
  const server = createServer((client) => {
    const own = connect(port, '127.0.0.1');
    let isReady = false;
    for (const socket of [client, own]) sockets.add(socket.on('error', () => {}));
    client.on('data', (data) => {
      // A client that leaves ends its own session, not that of the server.
      if (isReady && data[0] === TERMINATE) return;
      asking = client;
      (isReady ? shared! : own).write(data);
    });
    own.on('data', (data) => {
      (isReady ? asking! : client).write(data);
      if (isReady || !data.subarray(-6, -1).equals(READY)) return;
      isReady = true;
      shared ??= own;
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
