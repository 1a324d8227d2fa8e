/** Which schemas in-place mode builds in shadow, and what of the script it leaves out. Pure. */
import type { Catalog } from '../connector.ts';

/**
 * The source's schemas that hold objects of its own. One that only an extension lives in is left where it is: most
 * extensions can be moved by superusers only.
 */
export function builtSchemas(catalog: Catalog): readonly string[] {
  const hosts = new Set(catalog.extensions.map((extension) => extension.schema));
  const used = new Set([...catalog.tables, ...catalog.sequences, ...catalog.views].map((object) => object.name.schema));
  const hasOwnObjects = (schema: string): boolean =>
    used.has(schema) ||
    catalog.script.some(
      ({ kind, object }) => !['schema', 'extension', 'comment'].includes(kind) && object.startsWith(`${schema}.`),
    );
  return catalog.schemas.filter((schema) => !hosts.has(schema) || hasOwnObjects(schema));
}

/** The script without what the target has before it runs: schemas and extensions. */
export function inPlaceCatalog(
  catalog: Catalog,
  presentSchemas: ReadonlySet<string>,
  presentExtensions: ReadonlySet<string>,
): Catalog {
  const isThere = (kind: string, object: string): boolean =>
    (kind === 'schema' && presentSchemas.has(object)) || (kind === 'extension' && presentExtensions.has(object));
  return { ...catalog, script: catalog.script.filter(({ kind, object }) => !isThere(kind, object)) };
}
