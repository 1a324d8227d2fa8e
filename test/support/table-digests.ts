import { createHash } from 'node:crypto';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';

/** SHA-256 of `COPY (SELECT * FROM t ORDER BY key)` of every table outside our own schemas, by name. Partitions count as their table. */
export async function tableDigests(url: string): Promise<Readonly<Record<string, string>>> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    const digests: Record<string, string> = {};
    for (const { name, key } of await tablesOf(client)) {
      const hash = createHash('sha256');
      const order = key ?? `${name}::text`;
      for await (const chunk of client.query(copyTo(`COPY (SELECT * FROM ${name} ORDER BY ${order}) TO STDOUT`)))
        hash.update(chunk as Buffer);
      digests[name] = hash.digest('hex');
    }
    return digests;
  } finally {
    await client.end();
  }
}

/** With the columns of the primary key, or null where there is none. */
async function tablesOf(client: pg.Client): Promise<readonly { readonly name: string; readonly key: string | null }[]> {
  const { rows } = await client.query(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name,
       (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY array_position(k.conkey, a.attnum))
        FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (k.conkey)
        WHERE k.conrelid = c.oid AND k.contype = 'p') AS key
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^(pg_|information_schema|understudy)' ORDER BY 1`,
  );
  return rows;
}
