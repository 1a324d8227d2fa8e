import { expect, test } from 'vitest';
import { buildGraph } from '../../../../src/stages/graph/index.ts';
import type { GraphOptions } from '../../../../src/stages/graph/index.ts';
import type { GraphTable, RelationGraph } from '../../../../src/stages/graph/artifact.ts';
import { sketchCatalog } from '../../../support/catalog.ts';
import type { TableSketch } from '../../../support/catalog.ts';

function graphOf(
  sketch: Readonly<Record<string, TableSketch>>,
  subjects: readonly string[] = [],
  more: Partial<GraphOptions> = {},
): RelationGraph {
  const graph = buildGraph(sketchCatalog(sketch), {
    proposedSubjects: [],
    subjects: subjects.map((name) => `public.${name}`),
    ...more,
  });
  expectSound(graph);
  return graph;
}

/** What holds for every graph: unbroken edges point backwards in the load order, and context edges are among them. */
function expectSound(graph: RelationGraph): void {
  const place = new Map(graph.tables.map((table, i) => [table.id, i]));
  for (const edge of graph.edges) {
    if (edge.from === edge.to) expect(edge.broken).toBeNull();
    else if (edge.broken === null) expect(place.get(edge.to)!).toBeLessThan(place.get(edge.from)!);
  }
  for (const table of graph.tables) {
    expect(table.reasons.length).toBeGreaterThan(0);
    if (table.contextForeignKey === null) continue;
    const edge = graph.edges.find((other) => other.from === table.id && other.foreignKey === table.contextForeignKey)!;
    expect(edge.broken).toBeNull();
    expect(edge.to).not.toBe(table.id);
  }
}

function tableOf(graph: RelationGraph, name: string): GraphTable {
  return graph.tables.find((table) => table.id === `public.${name}`)!;
}

function brokenEdges(graph: RelationGraph): string[] {
  return graph.edges.filter((edge) => edge.broken !== null).map((edge) => `${edge.foreignKey} ${edge.broken}`);
}

const entity = (columns = 'id', more: Partial<TableSketch> = {}): TableSketch => ({
  columns,
  primaryKey: ['id'],
  ...more,
});

test('a cycle of two is broken at its nullable edge', () => {
  const graph = graphOf({
    department: entity('id manager_id?', { keys: [{ columns: 'manager_id', to: 'employee' }] }),
    employee: entity('id department_id', { keys: [{ columns: 'department_id', to: 'department' }] }),
  });
  expect(graph.cycles).toEqual([['public.department', 'public.employee']]);
  expect(brokenEdges(graph)).toEqual(['department_manager_id_fkey nullable']);
  expect(tableOf(graph, 'department').component).toBe(tableOf(graph, 'employee').component);
  expect(graph.findings.map((finding) => finding.code)).toContain('GRAPH_CYCLE');
});

test('without a nullable edge a cycle is broken at its deferrable edge, and without that after the load', () => {
  const cycle = (deferrable: boolean): RelationGraph =>
    graphOf({
      a: entity('id b_id', { keys: [{ columns: 'b_id', to: 'b' }] }),
      b: entity('id c_id', { keys: [{ columns: 'c_id', to: 'c', deferrable }] }),
      c: entity('id a_id', { keys: [{ columns: 'a_id', to: 'a' }] }),
    });
  expect(brokenEdges(cycle(true))).toEqual(['b_c_id_fkey deferrable']);
  expect(brokenEdges(cycle(false))).toHaveLength(1);
  expect(brokenEdges(cycle(false))[0]).toMatch(/after-load$/);
});

test('two nullable edges are broken rather than one that is NOT NULL', () => {
  const graph = graphOf({
    hub: entity('id x_id y_id', {
      keys: [
        { columns: 'x_id', to: 'x', name: 'hub_x' },
        { columns: 'y_id', to: 'y', name: 'hub_y' },
      ],
    }),
    x: entity('id hub_id?', { keys: [{ columns: 'hub_id', to: 'hub', name: 'x_hub' }] }),
    y: entity('id hub_id?', { keys: [{ columns: 'hub_id', to: 'hub', name: 'y_hub' }] }),
  });
  expect(brokenEdges(graph)).toEqual(['x_hub nullable', 'y_hub nullable']);
});

test('parallel keys of a cycle are broken together, and no edge is broken needlessly in a large component', () => {
  const ring: Record<string, TableSketch> = {};
  for (let i = 0; i < 40; i++) {
    const to = `t${(i + 1) % 40}`;
    const keys = [{ columns: 'next_id', to, name: 'next' }];
    if (i === 7) keys.push({ columns: 'other_id', to, name: 'other' });
    ring[`t${i}`] = entity(`id next_id${i === 7 ? '?' : ''} other_id?`, { keys });
  }
  const graph = graphOf(ring);
  expect(graph.cycles).toHaveLength(1);
  expect(brokenEdges(graph).toSorted()).toEqual(['next nullable', 'other nullable']);
});

test('self-references break nothing and are never the context, not even two of them', () => {
  const graph = graphOf({
    person: entity('id mother_id? father_id?', {
      keys: [
        { columns: 'mother_id', to: 'person' },
        { columns: 'father_id', to: 'person' },
      ],
    }),
  });
  expect(graph.cycles).toEqual([]);
  expect(brokenEdges(graph)).toEqual([]);
  expect(tableOf(graph, 'person')).toMatchObject({ role: 'entity', contextForeignKey: null });
});

test('the beginning of a composite key decides the context, whatever the order of its columns in the key', () => {
  const graph = graphOf(
    {
      store: entity('id'),
      account: { columns: 'tenant number name:text', primaryKey: ['tenant', 'number'] },
      entry: {
        columns: 'number tenant line store_id',
        primaryKey: ['tenant', 'number', 'line'],
        keys: [
          { columns: 'store_id', to: 'store', onDelete: 'cascade' },
          { columns: ['number', 'tenant'], to: 'account', referencedColumns: ['number', 'tenant'] },
        ],
      },
    },
    ['store'],
  );
  expect(tableOf(graph, 'entry')).toMatchObject({ role: 'child', contextForeignKey: 'entry_number_tenant_fkey' });
});

test('NOT NULL precedes CASCADE, CASCADE precedes nearness to a subject, and nearness precedes size', () => {
  const parents = { near: entity('id', { rows: 2000 }), far: entity('id', { rows: 9000 }) };
  const child = (near: string, far: string, cascade: boolean): GraphTable =>
    tableOf(
      graphOf(
        {
          ...parents,
          child: entity(`id near_id${near} far_id${far}`, {
            rows: 10000,
            keys: [
              { columns: 'near_id', to: 'near' },
              { columns: 'far_id', to: 'far', onDelete: cascade ? 'cascade' : 'no action' },
            ],
          }),
        },
        ['near'],
      ),
      'child',
    );
  expect(child('', '?', true).contextForeignKey).toBe('child_near_id_fkey');
  expect(child('', '', true).contextForeignKey).toBe('child_far_id_fkey');
  expect(child('', '', false).contextForeignKey).toBe('child_near_id_fkey');
});

test('roles: look-up table, entity, event, junction, one-to-one child', () => {
  const graph = graphOf(
    {
      country: entity('id name:text', { rows: 200 }),
      customer: entity('id country_id name:text', { rows: 5000, keys: [{ columns: 'country_id', to: 'country' }] }),
      profile: {
        columns: 'customer_id bio:text',
        primaryKey: ['customer_id'],
        rows: 5000,
        keys: [{ columns: 'customer_id', to: 'customer' }],
      },
      product: entity('id name:text', { rows: 3000 }),
      sale: entity('id customer_id sold_at:timestamptz', {
        rows: 20000,
        keys: [{ columns: 'customer_id', to: 'customer' }],
      }),
      line: {
        columns: 'sale_id product_id quantity',
        primaryKey: ['sale_id', 'product_id'],
        rows: 50000,
        keys: [
          { columns: 'sale_id', to: 'sale' },
          { columns: 'product_id', to: 'product' },
        ],
      },
    },
    ['customer'],
  );
  const roles = Object.fromEntries(graph.tables.map((table) => [table.id.slice(7), table.role]));
  expect(roles).toEqual({
    country: 'reference',
    customer: 'entity',
    profile: 'child',
    product: 'entity',
    sale: 'event',
    line: 'junction',
  });
  expect(tableOf(graph, 'customer').contextForeignKey).toBeNull();
  expect(tableOf(graph, 'profile').contextForeignKey).toBe('profile_customer_id_fkey');
  expect(tableOf(graph, 'line').contextForeignKey).toBe('line_sale_id_fkey');
});

test('a shop is no child of its address, a rare detail is one of its parent, and a small list without keys is a look-up table', () => {
  const graph = graphOf(
    {
      address: entity('id a:text b:text c:text', { rows: 600 }),
      shop: entity('id address_id', { rows: 2, keys: [{ columns: 'address_id', to: 'address' }] }),
      complaint: entity('id address_id', { rows: 90, keys: [{ columns: 'address_id', to: 'address' }] }),
      state: entity('id name:text', { rows: 51 }),
      log: entity('id at:timestamptz', { rows: 51 }),
    },
    ['address'],
  );
  expect(tableOf(graph, 'shop')).toMatchObject({ role: 'entity', contextForeignKey: null });
  expect(tableOf(graph, 'complaint')).toMatchObject({ role: 'child', contextForeignKey: 'complaint_address_id_fkey' });
  expect([tableOf(graph, 'state').role, tableOf(graph, 'log').role]).toEqual(['reference', 'entity']);
});

test('subject paths: the shortest way up, the customer before the clerk, the address by way of its customer, nobody’s country', () => {
  const graph = graphOf(
    {
      country: entity('id name:text', { rows: 200 }),
      address: entity('id street:text', { rows: 5100 }),
      customer: entity('id address_id country_id', {
        rows: 5000,
        keys: [
          { columns: 'address_id', to: 'address' },
          { columns: 'country_id', to: 'country' },
        ],
      }),
      clerk: entity('id', { rows: 20 }),
      rental: entity('id clerk_id customer_id', {
        rows: 60000,
        keys: [
          { columns: 'clerk_id', to: 'clerk' },
          { columns: 'customer_id', to: 'customer' },
        ],
      }),
      payment: entity('id rental_id', { rows: 60000, keys: [{ columns: 'rental_id', to: 'rental' }] }),
      film: entity('id', { rows: 2000 }),
    },
    ['customer', 'clerk'],
  );
  const path = (name: string): unknown =>
    tableOf(graph, name).subjectPath?.map((step) => `${step.direction} ${step.to}`) ?? null;
  expect(path('customer')).toEqual([]);
  expect(path('rental')).toEqual(['up public.customer']);
  expect(path('payment')).toEqual(['up public.rental', 'up public.customer']);
  expect(path('address')).toEqual(['down public.customer']);
  expect(path('country')).toBeNull();
  expect(path('film')).toBeNull();
});

test('polymorphic virtual keys are edges that nothing relies on', () => {
  const virtual = (to: string): NonNullable<GraphOptions['virtualForeignKeys']>[number] => ({
    name: `comment_${to}`,
    table: 'public.comment',
    columns: ['target_id'],
    referencedTable: `public.${to}`,
    referencedColumns: ['id'],
    when: { column: 'target_type', equals: to },
  });
  const graph = graphOf({ post: entity(), photo: entity(), comment: entity('id target_id target_type:text') }, [], {
    virtualForeignKeys: [virtual('post'), virtual('photo')],
  });
  expect(graph.edges).toHaveLength(2);
  expect(graph.edges.every((edge) => edge.virtual && !edge.required)).toBe(true);
  expect(tableOf(graph, 'comment').contextForeignKey).toBeNull();
});

test('declared subjects replace the proposed ones, and none at all asks for the setting', () => {
  const sketch = { a: entity(), b: { columns: 'x:text' } };
  const proposedSubjects = [{ table: 'public.a', reason: 'It holds e-mail addresses.' }];
  expect(graphOf(sketch, [], { proposedSubjects }).subjects).toEqual(['public.a']);
  expect(graphOf(sketch, ['b'], { proposedSubjects }).subjects).toEqual(['public.b']);
  const codes = graphOf(sketch).findings.map((finding) => [finding.code, finding.severity]);
  expect(codes).toEqual([
    ['GRAPH_NO_SUBJECT', 'warning'],
    ['GRAPH_NO_PRIMARY_KEY', 'info'],
  ]);
});

test('300 tables in a web of keys and cycles: the same catalog gives the same graph', () => {
  const sketch: Record<string, TableSketch> = {};
  for (let i = 0; i < 300; i++) {
    const targets = [(i * 7 + 3) % 300, (i * 13 + 5) % 300, (i + 1) % 300];
    const keys = targets.map((to, k) => ({ columns: `k${k}`, to: `t${to}`, name: `fk${k}` }));
    sketch[`t${i}`] = entity(`id k0? k1 k2${i % 3 === 0 ? '?' : ''}`, { keys });
  }
  const graph = graphOf(sketch, ['t0']);
  const shuffled = Object.fromEntries(Object.entries(sketch).toReversed());
  expect(JSON.stringify(graphOf(shuffled, ['t0']))).toBe(JSON.stringify(graph));
});
