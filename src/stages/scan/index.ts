/** `scan`: privacy, fidelity and integrity of a filled database against the one it stands in for. */
import { tableId } from '../../../connectors/connector.ts';
import type { QualifiedName } from '../../../connectors/connector.ts';
import { UnderstudyError } from '../../kernel/errors.ts';
import { finding } from '../../kernel/findings.ts';
import type { Finding } from '../../kernel/findings.ts';
import { detectableEffect } from '../../metrics/closest-record.ts';
import { normalTail } from '../../metrics/intervals.ts';
import type {
  ColumnFidelity,
  GateResult,
  QueryFidelity,
  RelationFidelity,
  ScanReport,
  TableFidelity,
  TablePrivacy,
} from './artifact.ts';
import { biasGates } from './bias.ts';
import { copyGates } from './copies.ts';
import { directIdentifierGates } from './direct-identifiers.ts';
import { distanceGates } from './distances.ts';
import { fidelityGates } from './fidelity.ts';
import { StructureScan } from './fidelity-structure.ts';
import { frequencyGates } from './frequencies.ts';
import type { ScanInput } from './input.ts';
import { combinationGates, singleValueGates } from './person-combinations.ts';
import { privacyChecks } from './privacy.ts';
import { relationGates } from './relations.ts';
import { schemaTextGates } from './schema-text.ts';
import { subjectCopyGates } from './subject-copies.ts';
import { tableViews } from './table-view.ts';
import type { TableView } from './table-view.ts';
import { exactGate, notApplicable, resolveGates } from './verdicts.ts';
import type { OpenGate } from './verdicts.ts';

export { DEFAULT_LIMITS, controlKey } from './input.ts';
export type { ScanInput, ScanLimits, ScanSide, ScanStrategy, SelfTest } from './input.ts';

/**
 * Judges the target by the gates of DESIGN §8. Row values stay inside: results carry names, counts and rates, and
 * bins of at least 5 units.
 *
 * **Random** samples of large tables, from `input.seed`; the hash keys, from the operating system.
 * **Throws** `CONNECT_*` when a server goes away. Any other failure to compute a gate is that gate's failure.
 */
export async function scanSynthetic(input: ScanInput): Promise<ScanReport> {
  const scan = new ScanCollector();
  const views = tableViews(input);
  scan.gates.push(integrityGate(input));
  await scan.attempt('direct-identifiers', 'database', null, async () => ({
    gates: await directIdentifierGates(input),
  }));
  await scan.attempt('schema-text', 'database', null, async () => ({ gates: await schemaTextGates(input) }));
  await scan.attempt('subject-copies', 'database', null, () => ({ gates: subjectCopyGates(views) }));
  const structure = new StructureScan(views, input);
  for (const view of views) await scanTable(view, views, input, structure, scan);
  const whole = await scan.attempt('queries', 'database', null, () => structure.database());
  for (const table of input.catalog.tables) scan.noteUnscanned(table.name, views, input);
  for (const test of input.selfTests) scan.gates.push(membershipGate(test, input));

  const { familyAlpha, minUnits } = input.limits;
  const gates = resolveGates(scan.gates, input.basis, familyAlpha, minUnits);
  scan.gates.forEach((gate, i) => {
    if (gate.table !== null && gates[i].verdict === 'underpowered' && !input.smallData.has(gate.table))
      scan.noteUnderpowered(gates[i]);
  });
  const privacy = scan.privacy.map((table) => ({
    ...table,
    dcrInterval: gates.find((gate) => gate.gate === 'dcr-share' && gate.scope === table.table)?.interval ?? null,
  }));
  const failed =
    gates.some((gate) => gate.verdict === 'fail') || scan.findings.some((entry) => entry.severity === 'error');
  return {
    version: 1,
    gates,
    columns: scan.columns,
    relations: scan.relations,
    tables: scan.tables,
    queries: whole?.queries ?? null,
    rules: input.rules ?? null,
    privacy,
    findings: scan.findings,
    verdict: failed ? 'fail' : 'pass',
  };
}

async function scanTable(
  view: TableView,
  views: readonly TableView[],
  input: ScanInput,
  structure: StructureScan,
  scan: ScanCollector,
): Promise<void> {
  const { limits } = input;
  await scan.attempt('marginals', view.id, view.id, () => fidelityGates(view, limits));
  await scan.attempt('cardinalities', view.id, view.id, async () => {
    const { gates, relations } = await relationGates(view, input);
    const trends = structure.relations(view, relations);
    return { gates: [...gates, ...trends.gates], relations: trends.relations };
  });
  await scan.attempt('pairs', view.id, view.id, () => structure.table(view));
  if (view.strategy === 'copy' || view.strategy === 'empty') {
    const accepted = input.acceptedCopies.get(view.id);
    const reason =
      view.strategy === 'empty'
        ? 'It is left empty.'
        : `Its rows are copied on purpose${accepted === undefined ? '' : `: ${accepted}`}.`;
    scan.gates.push(notApplicable('privacy', view.id, view.id, reason));
    return;
  }
  if (view.target.rowCount === 0 || view.source.rowCount === 0) {
    scan.gates.push(
      notApplicable(
        'privacy',
        view.id,
        view.id,
        `It has no rows in the ${view.source.rowCount === 0 ? 'source' : 'target'}.`,
      ),
    );
    return;
  }
  await scan.attempt('bias-shares', view.id, view.id, () => ({ gates: biasGates(view, input) }));
  await scan.attempt('direct-identifiers', view.id, view.id, async () => ({
    gates: await combinationGates(view, input),
  }));
  await scan.attempt('low-entropy-personal', view.id, view.id, () => ({ gates: singleValueGates(view, input) }));
  if (view.strategy === 'mask') {
    await scan.attempt('frequency-rank', view.id, view.id, () => ({ gates: frequencyGates(view, input) }));
    scan.gates.push(notApplicable('privacy', view.id, view.id, MASKED));
    return;
  }
  const copies = await scan.attempt('copies', view.id, view.id, () => copyGates(view, limits));
  const distances = await scan.attempt('dcr-share', view.id, view.id, () => distanceGates(view, input));
  for (const { gate, compute } of privacyChecks(view, views, input))
    await scan.attempt(gate, view.id, view.id, () => ({ gates: compute() }));
  scan.privacy.push({
    table: view.id,
    unitCount: view.sourceUnitCount,
    copyRate: copies?.copyRate ?? null,
    holdoutCopyRate: copies?.holdoutCopyRate ?? null,
    dcrShare: distances?.dcrShare ?? null,
    dcrInterval: null,
    distanceBins: distances?.distanceBins ?? [],
  });
}

const MASKED =
  'Its rows are real rows, masked on purpose: how near they are to real ones says nothing. ' +
  'Direct identifiers, personal values and their frequencies are judged; what has no treatment is real.';

function integrityGate(input: ScanInput): OpenGate {
  const { integrity } = input;
  if (integrity === null) return notApplicable('integrity', 'database', null, 'The server was not asked.');
  const faults = integrity.orphanCount + integrity.violationCount;
  return exactGate('integrity', 'database', null, {
    value: faults,
    limit: 0,
    passes: faults === 0,
    explanation:
      faults === 0
        ? `The server found no orphan in ${integrity.foreignKeyCount} foreign keys and no other violation.`
        : `The server found ${integrity.orphanCount} orphans in ${integrity.foreignKeyCount} foreign keys and ${integrity.violationCount} other violations.`,
  });
}

function membershipGate(test: ScanInput['selfTests'][number], input: ScanInput): OpenGate {
  const { auc, standardError, table, unitCount } = test;
  if (auc === null || standardError === null) {
    return notApplicable(
      'membership-white-box',
      table,
      table,
      `Too few units (${unitCount}) to compare what the model knows of its own with what it knows of others.`,
    );
  }
  const limit = input.limits.membershipAuc;
  return {
    kind: 'statistical',
    gate: 'membership-white-box',
    scope: table,
    table,
    value: auc,
    standardError,
    limit,
    pValue: standardError === 0 ? (auc > limit ? 0 : 1) : normalTail((auc - limit) / standardError),
    unitCount,
    range: [0, 1],
    powered: (alpha) => detectableEffect(standardError, alpha) <= input.limits.detectable,
    explanation:
      `Given a subject it was fitted on and one it never saw, the model finds the first the likelier in ${(100 * auc).toFixed(1)} % of pairs; ` +
      '50 % is ideal, more means memorising.',
  };
}

interface Outcome {
  readonly gates: readonly OpenGate[];
  readonly columns?: readonly ColumnFidelity[];
  readonly relations?: readonly RelationFidelity[];
  readonly tables?: readonly TableFidelity[];
  readonly queries?: QueryFidelity | null;
}

/** Gathers what the gates find; a gate that cannot be computed counts as failed. */
class ScanCollector {
  readonly gates: OpenGate[] = [];
  readonly columns: ColumnFidelity[] = [];
  readonly relations: RelationFidelity[] = [];
  readonly tables: TableFidelity[] = [];
  readonly privacy: TablePrivacy[] = [];
  readonly findings: Finding[] = [];

  async attempt<T extends Outcome>(
    gate: string,
    scope: string,
    table: string | null,
    compute: () => T | Promise<T>,
  ): Promise<T | null> {
    try {
      const outcome = await compute();
      this.gates.push(...outcome.gates);
      this.columns.push(...(outcome.columns ?? []));
      this.relations.push(...(outcome.relations ?? []));
      this.tables.push(...(outcome.tables ?? []));
      return outcome;
    } catch (thrown) {
      if (thrown instanceof UnderstudyError && thrown.code.startsWith('CONNECT_')) throw thrown;
      if (process.env['UNDERSTUDY_DEBUG'] !== undefined) throw thrown;
      this.gates.push({
        kind: 'exact',
        table,
        result: {
          gate,
          scope,
          value: null,
          interval: null,
          limit: null,
          verdict: 'fail',
          explanation: 'It could not be computed, and what is not known to be safe does not pass.',
        },
      });
      this.findings.push(
        finding(
          'error',
          'SCAN_GATE_ERROR',
          `${gate} ${scope}`,
          'An unexpected error ended the computation of this gate; it counts as failed.',
          'Run again with UNDERSTUDY_DEBUG=1 and report the stack.',
        ),
      );
      return null;
    }
  }

  /** A table of the catalog that is missing on one side is named. */
  noteUnscanned(name: QualifiedName, views: readonly TableView[], input: ScanInput): void {
    const id = tableId(name);
    if (views.some((view) => view.id === id)) return;
    if (input.strategies.get(id) === 'empty') return;
    this.findings.push(
      finding(
        'warning',
        'SCAN_TABLE_MISSING',
        id,
        'It was not read on both sides, so nothing is known of its rows in the target.',
        'Check that both roles may read it.',
      ),
    );
  }

  /** An underpowered gate passes only where the table was made with the small-data defaults. */
  noteUnderpowered(gate: GateResult): void {
    this.findings.push(
      finding(
        'error',
        'SCAN_UNDERPOWERED',
        `${gate.gate} ${gate.scope}`,
        'Its subjects are too few to show that nothing leaks, and it was not made with the defaults for small data.',
        'Learn it with the small-data defaults, or copy, mask or empty the table.',
      ),
    );
  }
}
