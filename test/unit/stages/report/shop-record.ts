import { scanSynthetic } from '../../../../src/stages/scan/index.ts';
import type { RunRecord } from '../../../../src/stages/report/artifact.ts';
import { finding } from '../../../../src/kernel/findings.ts';
import { CUSTOMER, makeShop, PURCHASE, scanInput } from '../scan/shop.ts';
import type { Shop } from '../scan/shop.ts';

/** The record of a run over the made-up shop, scanned for real. */
export async function shopRecord(
  source: Shop = makeShop('source', 800),
  target: Shop = makeShop('fresh', 800),
): Promise<RunRecord> {
  const input = scanInput(source, target, {
    selfTests: [{ table: CUSTOMER, auc: 0.52, standardError: 0.02, unitCount: 300 }],
  });
  const scan = await scanSynthetic(input);
  const extra = ['Category', 'Product', 'Supplier', 'Shipment', 'Review', 'Staff'].map(
    (name) => `public.${name.toLowerCase()}`,
  );
  const edge = (from: string, to: string, broken: 'nullable' | null = null): RunRecord['graph']['edges'][number] => ({
    from,
    to,
    foreignKey: `${from.slice(7)}_${to.slice(7)}_id_fkey`,
    required: broken === null,
    deferrable: false,
    virtual: false,
    broken,
  });
  return {
    version: 2,
    runId: '20261122t031500-4f9a1c',
    command: 'provision',
    verdict: scan.verdict,
    published: scan.verdict === 'pass',
    startedAt: '2026-11-22T03:15:00.000Z',
    finishedAt: '2026-11-22T03:15:41.512Z',
    source: { shownUrl: 'postgres://reader@db.internal:5432/shop', fingerprint: '9f2c51ab77e0', serverVersion: '17.2' },
    target: {
      shownUrl: 'postgres://builder@staging.internal:5432/shop_staging',
      database: 'shop_staging',
      previousDatabase: 'shop_staging_20261121',
    },
    model: {
      hash: 'c0ffee5e',
      engine: 'trees',
      backend: 'cpu',
      learnedAt: '2026-11-22T03:15:09.000Z',
      expiresAt: '2027-05-21T03:15:09.000Z',
      learnedBy: '0.1.0',
      splitCounts: { fit: 640, tune: 80, test: 80 },
      subjectRate: 1,
    },
    seed: 0,
    scale: 1,
    timeShift: { asOf: '2026-11-22T03:15:00.000Z', days: 70, columnCount: 3 },
    rules: [
      {
        table: PURCHASE,
        rule: 'purchase: total = price · quantity',
        setBy: 'mined',
        support: { caseCount: 4526, unitCount: 640, tuneCaseCount: 597 },
      },
      { table: CUSTOMER, rule: 'UNIQUE customer_email_key', setBy: 'schema', support: null },
    ],
    limits: [
      { setting: 'gates.privacy.dcrShare', value: 0.55, standard: 0.5, loosened: true, gates: ['dcr-share'] },
      { setting: 'gates.fidelity.marginals', value: 0.8, standard: 0.8, loosened: false, gates: ['marginals'] },
    ],
    versions: { understudy: '0.1.0', node: '20.20.2' },
    attemptCount: 3,
    subjectCount: 800,
    timingsMs: { introspect: 410, profile: 2210, learn: 6400, generate: 3120, load: 5230, scan: 4410, publish: 330 },
    rowsPerSecond: 48_210.4,
    peakRssBytes: 412 * 2 ** 20,
    tables: [CUSTOMER, PURCHASE, ...extra].map((table, i) => ({
      table,
      strategy: i === 2 ? 'copy' : 'synthesize',
      reason: i === 2 ? 'at most 1,000 rows, no personal value, no relation to a subject' : '',
      sourceRowCount: source.customer['id'].length * (i + 1),
      rowCount: target.customer['id'].length * (i + 1),
      columns: input.classification.columns
        .filter((column) => column.table === table)
        .map((column) => ({
          column: column.column,
          type: 'text',
          sensitivity: column.sensitivity,
          treatment: column.treatment,
          decidedBy: column.decidedBy,
          reason: column.reason,
        })),
    })),
    graph: {
      ...input.graph,
      tables: [
        ...extra.slice(0, 3).map((id) => ({
          id,
          role: 'reference' as const,
          reasons: ['few rows'],
          isSubject: false,
          contextForeignKey: null,
          component: 2,
          subjectPath: null,
        })),
        ...input.graph.tables,
        ...extra.slice(3).map((id) => ({
          id,
          role: 'event' as const,
          reasons: ['has a time'],
          isSubject: false,
          contextForeignKey: null,
          component: 3,
          subjectPath: null,
        })),
      ],
      edges: [
        ...input.graph.edges,
        edge('public.product', 'public.category'),
        edge('public.product', 'public.supplier'),
        edge(PURCHASE, 'public.product'),
        edge('public.shipment', PURCHASE),
        edge('public.review', CUSTOMER),
        edge('public.review', 'public.product'),
        edge('public.category', 'public.category'),
        edge('public.staff', 'public.shipment'),
        edge('public.shipment', 'public.staff', 'nullable'),
      ],
    },
    scan,
    integrity: { foreignKeyCount: 10, orphanCount: 0, violationCount: 0 },
    findings: [
      ...scan.findings,
      finding(
        'warning',
        'INTROSPECT_FOREIGN_TABLE',
        'public.remote_stock',
        'It is a foreign table, which is not built in the target.',
        'Set tables.remote_stock to have a plain table instead.',
      ),
    ],
  };
}
