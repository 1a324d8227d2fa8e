/** The production PostgreSQL: sessions that cannot write, limits that keep it unburdened. */
import type { Catalog, CatalogOptions, ServerIdentity, Snapshot, Source, SourceLimits } from '../connector.ts';
import { readCatalog } from './catalog.ts';
import { closeClient, connectClient, postgresConfig, queryRows, shownUrl } from './client.ts';
import type { PostgresClient, PostgresConfig } from './client.ts';
import { isRecoveryConflict } from './driver-errors.ts';
import { readIdentity } from './identity.ts';
import { nonceKey } from './nonce.ts';
import { openPostgresSnapshot, snapshotSettings } from './snapshot.ts';

/** Connects once, so that a wrong URL is told at once. Throws `CONNECT_*`. */
export async function openPostgresSource(url: string, limits: SourceLimits): Promise<Source> {
  const config = await postgresConfig(url);
  const client = await connectClient(config, 'source', snapshotSettings(limits));
  return new PostgresSource(config, limits, client);
}

class PostgresSource implements Source {
  readonly engine = 'postgresql';
  readonly shownUrl: string;
  private readonly config: PostgresConfig;
  private readonly limits: SourceLimits;
  /** For short questions, and for the nonce lock, which lives as long as its session. */
  private client: PostgresClient;
  private readonly snapshots = new Set<Snapshot>();

  constructor(config: PostgresConfig, limits: SourceLimits, client: PostgresClient) {
    this.config = config;
    this.limits = limits;
    this.client = client;
    this.shownUrl = shownUrl(config);
  }

  identity(): Promise<ServerIdentity> {
    return readIdentity(this.client);
  }

  async readCatalog(options: CatalogOptions = {}): Promise<Catalog> {
    try {
      return await readCatalog(this.client, options);
    } catch (error) {
      if (!isRecoveryConflict(error)) throw error;
      return readCatalog(this.client, options);
    }
  }

  async openSnapshot(): Promise<Snapshot> {
    const snapshot = await openPostgresSnapshot(this.config, this.limits, this.client);
    this.snapshots.add(snapshot);
    return snapshot;
  }

  async holdNonce(nonce: string): Promise<void> {
    await queryRows(this.client, `SELECT pg_advisory_lock(${nonceKey(nonce)})`, [], {
      doing: 'taking the lock that shows the source to the target',
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.snapshots].map((snapshot) => snapshot.close()));
    await closeClient(this.client);
  }
}
