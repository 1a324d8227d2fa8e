import { expect, test } from 'vitest';
import { requireUsable, selectTables } from '../../../../src/stages/introspect/index.ts';
import { sketchCatalog } from '../../../support/catalog.ts';

const catalog = sketchCatalog({
  customer: { columns: 'id', primaryKey: ['id'] },
  orders: { columns: 'id customer_id', primaryKey: ['id'], keys: [{ columns: 'customer_id', to: 'customer' }] },
  audit_log: { columns: 'id customer_id?', keys: [{ columns: 'customer_id', to: 'customer' }] },
  secret: { columns: 'id', selectable: false },
});
const names = (artifact: ReturnType<typeof selectTables>): string[] =>
  artifact.catalog.tables.map((table) => table.name.name);
const codes = (artifact: ReturnType<typeof selectTables>): string[] =>
  artifact.findings.map((finding) => `${finding.severity} ${finding.code}`);

test('patterns choose by qualified or bare name', () => {
  expect(names(selectTables(catalog, { include: ['customer', 'public.ord*'] }))).toEqual(['customer', 'orders']);
  const artifact = selectTables(catalog, { exclude: ['audit_*', 'public.s?cret'] });
  expect(names(artifact)).toEqual(['customer', 'orders']);
  expect(artifact.excluded).toEqual(['public.audit_log', 'public.secret']);
});

test('a nullable key to an excluded table stays NULL; a NOT NULL one is an error', () => {
  const artifact = selectTables(catalog, { exclude: ['customer', 'secret'] });
  expect(artifact.nulledColumns).toEqual([{ table: 'public.audit_log', column: 'customer_id' }]);
  expect(artifact.catalog.tables.flatMap((table) => table.foreignKeys)).toEqual([]);
  expect(codes(artifact)).toEqual(['error INTROSPECT_EXCLUDED_PARENT', 'info INTROSPECT_EXCLUDED_PARENT']);
  expect(() => requireUsable(artifact)).toThrow(
    expect.objectContaining({ code: 'INTROSPECT_UNSUPPORTED', exitCode: 65 }),
  );
});

test('a table without SELECT is refused by name, unless it is left out', () => {
  expect(() => requireUsable(selectTables(catalog))).toThrow(
    expect.objectContaining({
      code: 'INTROSPECT_NO_SELECT',
      exitCode: 77,
      message: expect.stringContaining('public.secret'),
      hint: expect.stringContaining('GRANT SELECT ON public.secret'),
    }),
  );
  const usable = selectTables(catalog, { exclude: ['secret'] });
  expect(requireUsable(usable)).toBe(usable);
});

test('nothing left to read is an error', () => {
  expect(() => selectTables(catalog, { include: ['nothing'] })).toThrow(
    expect.objectContaining({ code: 'INTROSPECT_NO_TABLES' }),
  );
});

test('declared virtual keys join the catalog, polymorphic ones do not', () => {
  const key = {
    name: 'v',
    table: 'public.secret',
    columns: ['id'],
    referencedTable: 'public.customer',
    referencedColumns: ['id'],
    when: null,
  };
  const withKeys = selectTables(catalog, {
    virtualForeignKeys: () => [key, { ...key, name: 'p', when: { column: 'id', equals: '1' } }],
  });
  const keys = withKeys.catalog.tables.find((table) => table.name.name === 'secret')!.foreignKeys;
  expect(keys).toMatchObject([{ name: 'v', virtual: true, referencedTable: { schema: 'public', name: 'customer' } }]);
});
