/**
 * A planted fault, given to the built binary by `NODE_OPTIONS=--import`: publishing in more than one
 * transaction.
 */
import { register } from 'node:module';

register(
  `data:text/javascript,${encodeURIComponent(`
    const FAULTS = new Map([
      ['/connectors/postgres/exchange.js', [["'BEGIN'", "'SELECT 1'"], ["'COMMIT'", "'SELECT 1'"]]],
      ['/connectors/postgres/in-place.js', [["checkpoint('publish:rename-old')", "await queryRows(client, 'COMMIT; BEGIN'); checkpoint('publish:rename-old')"]]],
    ]);
    export async function load(url, context, next) {
      const module = await next(url, context);
      const [, faults] = [...FAULTS].find(([file]) => url.endsWith(file)) ?? [null, []];
      let source = String(module.source);
      for (const [right, wrong] of faults) {
        if (!source.includes(right)) throw new Error('the planted fault does not fit ' + url + ': ' + right);
        source = source.replace(right, wrong);
      }
      return faults.length === 0 ? module : { ...module, source };
    }`)}`,
);
