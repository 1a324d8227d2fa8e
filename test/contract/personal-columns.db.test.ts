import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Catalog } from '../../connectors/connector.ts';
import { openSource } from '../../connectors/open.ts';
import { classifyColumns, proposeSubjects } from '../../src/stages/mask/index.ts';
import type { Classification } from '../../src/stages/mask/artifact.ts';
import type { RelationalSample } from '../../src/stages/profile/artifact.ts';
import { sampleValues } from '../../src/pipeline/sample-values.ts';
import { debianPostgresBin, startTestServer } from '../support/postgres.ts';
import type { TestServer } from '../support/postgres.ts';
import { runFile, sampleDatabase } from '../support/schema-dump.ts';
import { skipWithout } from '../support/needs.ts';
import { closeClient, connectClient, postgresConfig } from '../../connectors/postgres/client.ts';

/** What a privacy officer would say of these databases: personal columns and their class; all others hold nothing personal. */
const EXPECTED: Readonly<Record<string, { subjects: readonly string[]; columns: Readonly<Record<string, string>> }>> = {
  pagila: {
    subjects: ['actor', 'customer', 'staff'],
    columns: {
      'actor.first_name': 'person.first-name',
      'actor.last_name': 'person.last-name',
      'address.address': 'location.street',
      'address.address2': 'location.street-2',
      'address.district': 'location.region',
      'address.postal_code': 'location.postal-code',
      'address.phone': 'person.phone',
      'customer.first_name': 'person.first-name',
      'customer.last_name': 'person.last-name',
      'customer.email': 'person.email',
      'staff.first_name': 'person.first-name',
      'staff.last_name': 'person.last-name',
      'staff.email': 'person.email',
      'staff.username': 'person.username',
      'staff.password': 'secret.password',
      'staff.picture': 'person.picture',
    },
  },
  chinook: {
    subjects: ['customer', 'employee'],
    columns: {
      'customer.first_name': 'person.first-name',
      'customer.last_name': 'person.last-name',
      'customer.company': 'organisation.name',
      'customer.address': 'location.street',
      'customer.city': 'location.city',
      'customer.state': 'location.region',
      'customer.country': 'location.country',
      'customer.postal_code': 'location.postal-code',
      'customer.phone': 'person.phone',
      'customer.fax': 'person.phone',
      'customer.email': 'person.email',
      'employee.last_name': 'person.last-name',
      'employee.first_name': 'person.first-name',
      'employee.title': 'person.job-title',
      'employee.birth_date': 'person.birth-date',
      'employee.address': 'location.street',
      'employee.city': 'location.city',
      'employee.state': 'location.region',
      'employee.country': 'location.country',
      'employee.postal_code': 'location.postal-code',
      'employee.phone': 'person.phone',
      'employee.fax': 'person.phone',
      'employee.email': 'person.email',
      'invoice.billing_address': 'location.street',
      'invoice.billing_city': 'location.city',
      'invoice.billing_state': 'location.region',
      'invoice.billing_country': 'location.country',
      'invoice.billing_postal_code': 'location.postal-code',
    },
  },
  northwind: {
    subjects: ['customers', 'employees', 'suppliers'],
    columns: {
      'customers.company_name': 'organisation.name',
      'customers.contact_name': 'person.full-name',
      'customers.contact_title': 'person.job-title',
      'customers.address': 'location.street',
      'customers.city': 'location.city',
      'customers.region': 'location.region',
      'customers.postal_code': 'location.postal-code',
      'customers.country': 'location.country',
      'customers.phone': 'person.phone',
      'customers.fax': 'person.phone',
      'employees.last_name': 'person.last-name',
      'employees.first_name': 'person.first-name',
      'employees.title': 'person.job-title',
      'employees.title_of_courtesy': 'person.title',
      'employees.birth_date': 'person.birth-date',
      'employees.address': 'location.street',
      'employees.city': 'location.city',
      'employees.region': 'location.region',
      'employees.postal_code': 'location.postal-code',
      'employees.country': 'location.country',
      'employees.home_phone': 'person.phone',
      'employees.extension': 'person.phone-extension',
      'employees.photo': 'person.picture',
      'employees.notes': 'text.about-person',
      'employees.photo_path': 'internet.profile-url',
      'orders.ship_name': 'organisation.name',
      'orders.ship_address': 'location.street',
      'orders.ship_city': 'location.city',
      'orders.ship_region': 'location.region',
      'orders.ship_postal_code': 'location.postal-code',
      'orders.ship_country': 'location.country',
      'shippers.company_name': 'organisation.name',
      'shippers.phone': 'person.phone',
      'suppliers.company_name': 'organisation.name',
      'suppliers.contact_name': 'person.full-name',
      'suppliers.contact_title': 'person.job-title',
      'suppliers.address': 'location.street',
      'suppliers.city': 'location.city',
      'suppliers.region': 'location.region',
      'suppliers.postal_code': 'location.postal-code',
      'suppliers.country': 'location.country',
      'suppliers.phone': 'person.phone',
      'suppliers.fax': 'person.phone',
      'suppliers.homepage': 'internet.profile-url',
    },
  },
  stackx: {
    subjects: ['users'],
    columns: {
      'users.display_name': 'person.display-name',
      'users.website_url': 'internet.profile-url',
      'users.location': 'location.free-form',
      'users.about_me': 'text.about-person',
      'posts.body': 'text.written-by-person',
      'posts.title': 'text.written-by-person',
      'posts.owner_display_name': 'person.display-name',
      'posts.last_editor_display_name': 'person.display-name',
      'comments.text': 'text.written-by-person',
      'comments.user_display_name': 'person.display-name',
    },
  },
};

/** Columns that are to be found by their values when their names are taken away: a dictionary or a form tells them. */
const TOLD_BY_VALUES: Readonly<Record<string, readonly string[]>> = {
  pagila: ['customer.first_name', 'customer.last_name', 'customer.email', 'staff.email', 'actor.first_name'],
  chinook: ['customer.first_name', 'customer.last_name', 'customer.email', 'customer.phone', 'employee.email'],
  northwind: [
    'customers.contact_name',
    'customers.phone',
    'customers.fax',
    'suppliers.contact_name',
    'suppliers.phone',
  ],
  stackx: [],
};

let server: TestServer | null = null;
const bin = debianPostgresBin();

beforeAll(async () => {
  if (bin !== null) server = await startTestServer({ debian: true });
});
afterAll(async () => {
  await server?.close();
});

function personal(classification: Classification): Record<string, string> {
  return Object.fromEntries(
    classification.columns
      .filter((entry) => entry.detector !== null)
      .map((entry) => [`${entry.table.replace('public.', '')}.${entry.column}`, entry.detector!]),
  );
}

/** The catalog and the sample with every column called `c1`, `c2` …, tables `t1`, `t2` …: only values are left. */
function anonymous(
  catalog: Catalog,
  sample: RelationalSample,
): { catalog: Catalog; sample: RelationalSample; names: Map<string, string> } {
  const names = new Map<string, string>();
  const tables = new Map<string, NonNullable<ReturnType<RelationalSample['tables']['get']>>>();
  const renamed = catalog.tables.map((table, t) => {
    const rename = new Map(table.columns.map((column, c) => [column.name, `c${c}`]));
    for (const [from, to] of rename) names.set(`public.t${t}.${to}`, `${table.name.name}.${from}`);
    const old = sample.tables.get(`public.${table.name.name}`)!;
    tables.set(`public.t${t}`, {
      ...old,
      table: `public.t${t}`,
      columns: new Map([...old.columns].map(([name, values]) => [rename.get(name)!, values])),
    });
    return {
      ...table,
      name: { schema: 'public', name: `t${t}` },
      primaryKey: null,
      uniqueKeys: [],
      foreignKeys: [],
      columns: table.columns.map((column) => ({ ...column, name: rename.get(column.name)! })),
    };
  });
  return { catalog: { ...catalog, tables: renamed }, sample: { ...sample, tables }, names };
}

for (const [name, expected] of Object.entries(EXPECTED)) {
  test(`${name} is classified as a privacy officer would`, async (context) => {
    if (bin === null) return skipWithout(context, 'postgresql-15');
    const sql = sampleDatabase(name);
    if (sql === null) return context.skip('the sample databases are not beside the checkout (UNDERSTUDY_SHARED)');
    const database = `personal_${name}`;
    const admin = await connectClient(await postgresConfig(server!.url('postgres')), 'target');
    await admin.query(`CREATE DATABASE ${database}`);
    await closeClient(admin);
    runFile(bin, server!.url(database), sql);

    const source = await openSource(server!.url(database), {
      maxConnections: 2,
      maxSnapshotMinutes: 5,
      statementTimeoutMs: 60_000,
    });
    try {
      const catalog = await source.readCatalog();
      const snapshot = await source.openSnapshot();
      const sample = await sampleValues(snapshot, catalog, () => {}, new AbortController().signal);
      await snapshot.close();

      const full = classifyColumns({ catalog, graph: null, sample, rules: [] });
      expect(personal(full)).toEqual(expected.columns);
      expect(full.findings.filter((found) => found.severity === 'error')).toEqual([]);
      expect(personal(classifyColumns({ catalog, graph: null, sample: null, rules: [] }))).toEqual(expected.columns);
      expect(
        proposeSubjects(catalog)
          .map(({ table }) => table.replace('public.', ''))
          .toSorted(),
      ).toEqual(expected.subjects);

      const bare = anonymous(catalog, sample);
      const told = personal(classifyColumns({ catalog: bare.catalog, graph: null, sample: bare.sample, rules: [] }));
      const byValue = new Set(Object.keys(told).map((column) => bare.names.get(`public.${column}`)!));
      for (const column of TOLD_BY_VALUES[name]) expect([column, byValue.has(column)]).toEqual([column, true]);
      // Nothing that is not personal is taken for it.
      expect([...byValue].filter((column) => expected.columns[column] === undefined)).toEqual([]);
    } finally {
      await source.close();
    }
  });
}
