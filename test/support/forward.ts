import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** Another way to a server, as a port forward or a proxy is one: the same bytes from a port of its own. */
export interface Forward {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on `host` (`127.0.0.1`, `::1`) and passes everything to `port` of 127.0.0.1. */
export async function startForward(host: string, port: number): Promise<Forward> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const other = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [client, other],
      [other, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy()).on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
