/** The whole pipeline with nothing but this package: an embedded server, an invented shop, a staging database. */
import type { EmbeddedPostgres } from '../../connectors/embedded/embedded-postgres.ts';
import { startEmbeddedPostgres } from '../../connectors/embedded/embedded-postgres.ts';
import { loadSample } from '../../connectors/embedded/load-sample.ts';
import type { DemoOptions, DemoResult, ProvisionResult, RunDemo } from './contract.ts';
import { makeSampleShop } from './demo/sample-shop.ts';
import { runProvision } from './provision.ts';

const PRODUCTION = 'shop';
const STAGING = 'shop_staging';

export const runDemo: RunDemo = async (options, sink, signal) => {
  sink({ type: 'note', level: 'info', message: 'starting the embedded PostgreSQL' });
  const server = await startEmbeddedPostgres();
  try {
    signal.throwIfAborted();
    sink({ type: 'note', level: 'info', message: 'building a sample production database: a web shop' });
    await server.createDatabase(PRODUCTION);
    await loadSample(server.url(PRODUCTION), await makeSampleShop({ seed: 0 }));
    signal.throwIfAborted();
    const result = await provisionShop(server, options, sink, signal);
    if (!options.keep) return { ...result, connections: null };
    const kept: DemoResult = {
      ...result,
      connections: { source: server.url(PRODUCTION), target: server.url(STAGING) },
    };
    options.onReady?.(kept);
    await aborted(signal);
    return kept;
  } finally {
    await server.stop();
  }
};

function provisionShop(
  server: EmbeddedPostgres,
  options: DemoOptions,
  ...rest: Parameters<RunDemo> extends [unknown, ...infer R] ? R : never
): Promise<ProvisionResult> {
  const { config, seed, scale, backend } = options;
  return runProvision(
    {
      sourceUrl: server.url(PRODUCTION),
      targetUrl: server.url(STAGING),
      config,
      seed,
      scale,
      backend,
      mode: 'swap',
      dryRun: false,
      yes: false,
    },
    ...rest,
  );
}

/** Waits, and keeps the process alive meanwhile: neither a signal's listener nor the server's guard does. */
function aborted(signal: AbortSignal): Promise<void> {
  const alive = setInterval(() => {}, 2 ** 30);
  return new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  }).finally(() => clearInterval(alive));
}
