import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { RunnableServer } from './identity.ts';
import { serverEnvironment } from './identity.ts';

/**
 * A shell between us and the server, waiting on a pipe that we hold.
 *
 * When we end in any way, SIGKILL included, the kernel closes the pipe; the shell then ends the server and removes
 * its directory. It leads a process group of its own, so that Ctrl-C reaches us alone and initdb can be ended with it.
 */
const GUARD = `
signal=$1; remove=$2; initdb=$3; postgres=$4; directory=$5; port=$6; sockets=$7; shift 7
exec 3<&0 </dev/null
trap : TERM
(
  exec 3<&-
  trap : TERM  # wait for initdb, which ends and tidies up at this signal
  if [ ! -f "$directory/data/PG_VERSION" ]; then
    "$initdb" -D "$directory/data" --username=postgres --pwfile="$directory/password" --auth=scram-sha-256 \\
      --encoding=UTF8 --no-sync --no-instructions "$@" >>"$directory/log" 2>&1 || exit 1
    echo "include = '../settings'" >>"$directory/data/postgresql.conf"
  fi
  trap - TERM
  exec "$postgres" -D "$directory/data" -c listen_addresses=127.0.0.1 -p "$port" -k "$sockets" >>"$directory/log" 2>&1
) &
server=$!
(
  trap : TERM
  read -r _ <&3
  kill -TERM 0
  kill -s "$signal" "$server"
) &
watcher=$!
exec 3<&-
while kill -0 "$server"; do wait "$server"; done
kill -KILL "$watcher"
[ "$remove" = yes ] && rm -rf "$directory"
exit 0
`;

export interface GuardOptions {
  /** Absolute; holds `password` and `settings`, and gets `data`, `log` and the socket. */
  readonly directory: string;
  readonly port: number;
  /** Folder of the Unix socket, or '' for none. */
  readonly socketFolder: string;
  /** Further arguments of initdb. */
  readonly initdbArguments: readonly string[];
  /** Nothing in it is worth keeping: end at once, and remove the directory. */
  readonly throwAway: boolean;
}

/** Starts the guard and, under it, initdb (once) and the server. Closing the child's stdin ends both. */
export function spawnGuard(server: RunnableServer, options: GuardOptions): ChildProcess {
  const { binaries, identity } = server;
  const [program, ...args] = [
    ...identity.prefix,
    '/bin/sh',
    '-c',
    GUARD,
    'understudy-postgres',
    options.throwAway ? 'QUIT' : 'INT',
    options.throwAway ? 'yes' : 'no',
    binaries.initdb,
    binaries.postgres,
    options.directory,
    String(options.port),
    options.socketFolder,
    ...options.initdbArguments,
  ];
  const child = spawn(program, args, {
    uid: identity.uid,
    gid: identity.gid,
    cwd: '/',
    env: serverEnvironment(options.directory, binaries),
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // A caller that forgets to stop the server still ends; the closed pipe then stops it.
  child.unref();
  const pipe = child.stdin as (NodeJS.WritableStream & { unref?: () => void }) | null;
  pipe?.unref?.();
  pipe?.on('error', () => {});
  return child;
}
