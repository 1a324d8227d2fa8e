import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from './build.ts';

/** Pinned images by major version: docker/images.json. */
export const postgresImages = Object.entries(
  (
    JSON.parse(readFileSync(path.join(projectRoot, 'docker', 'images.json'), 'utf8')) as {
      postgres: Record<string, string>;
    }
  ).postgres,
);

export function dockerRuns(): boolean {
  try {
    execFileSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

export interface ContainerServer {
  url(database: string): string;
  close(): Promise<void>;
}

/** A PostgreSQL in a container of its own, removed on close and, by testcontainers' reaper, when we die. */
export async function startPostgresContainer(image: string): Promise<ContainerServer> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer(image)
    .withEnvironment({ POSTGRES_PASSWORD: 'postgres' })
    .withExposedPorts(5432)
    .withWaitStrategy(Wait.forSuccessfulCommand('pg_isready -h 127.0.0.1 -U postgres'))
    .start();
  const address = `${container.getHost()}:${container.getMappedPort(5432)}`;
  return {
    url: (database) => `postgresql://postgres:postgres@${address}/${encodeURIComponent(database)}`,
    close: async () => {
      await container.stop();
    },
  };
}
