/** Who the server is, and who we are there: what the refusals are decided by. */
import type { ServerIdentity } from '../connector.ts';
import type { PostgresClient } from './client.ts';
import { queryRows } from './client.ts';

/** Of the database that the session is connected to. */
export async function readIdentity(client: PostgresClient): Promise<ServerIdentity> {
  const [row] = await queryRows<
    Record<'database' | 'oid' | 'address' | 'recovery' | 'version' | 'role' | 'superuser', string>
  >(
    client,
    `
    SELECT current_database() AS database, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) AS oid,
           host(inet_server_addr()) || ':' || inet_server_port() AS address, pg_is_in_recovery() AS recovery,
           current_setting('server_version_num') AS version, current_user AS role,
           (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user) AS superuser`,
  );
  return {
    systemIdentifier: await readSystemIdentifier(client),
    database: row.database,
    databaseOid: row.oid,
    serverAddress: row.address,
    inRecovery: row.recovery === 't',
    serverMajor: Math.floor(Number(row.version) / 10_000),
    role: row.role,
    isSuperuser: row.superuser === 't',
  };
}

/** Null where the service keeps `pg_control_system` to itself, as some hosted ones do. */
async function readSystemIdentifier(client: PostgresClient): Promise<string | null> {
  try {
    const [row] = await queryRows<{ id: string }>(client, 'SELECT system_identifier AS id FROM pg_control_system()');
    return row.id;
  } catch {
    return null;
  }
}
