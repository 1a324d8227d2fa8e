import { tableId } from '../../../connectors/connector.ts';
import type { ForeignKeyFacts, Snapshot } from '../../../connectors/connector.ts';
import { cardinalityScore, children, degreeHistogram, parents } from '../../metrics/cardinality.ts';
import type { DegreeHistogram } from '../../metrics/cardinality.ts';
import type { RelationFidelity } from './artifact.ts';
import type { ScanInput, ScanSide } from './input.ts';
import type { TableView } from './table-view.ts';
import { exactGate, notApplicable } from './verdicts.ts';
import type { OpenGate } from './verdicts.ts';

const MIN_PARENTS = 30;
/** Degrees that fewer real parents have are merged in what is shown. */
const MIN_BIN_PARENTS = 5;
const MAX_BINS = 20;

export interface RelationOutcome {
  readonly relations: readonly RelationFidelity[];
  readonly gates: readonly OpenGate[];
}

/** Cardinality scores of a table's foreign keys. */
export async function relationGates(view: TableView, input: ScanInput): Promise<RelationOutcome> {
  const relations: RelationFidelity[] = [];
  const gates: OpenGate[] = [];
  for (const key of view.facts.foreignKeys) {
    const referenced = tableId(key.referencedTable);
    const scope = `${view.id}(${key.columns.join(', ')})`;
    const real = await degrees(input.source, view, key, referenced);
    const synthetic = await degrees(input.target, view, key, referenced);
    if (real === null || synthetic === null || parents(real) === 0) {
      gates.push(
        notApplicable('cardinalities', scope, view.id, `Its parent table ${referenced} was not read or has no rows.`),
      );
      continue;
    }
    const ratio = expectedRatio(input, view, referenced, real, synthetic);
    const score = cardinalityScore(real, synthetic, ratio);
    relations.push({
      table: view.id,
      foreignKey: key.name,
      referencedTable: referenced,
      cardinalityScore: score,
      pairs: null,
      bins: degreeBins(real, synthetic),
    });
    gates.push(cardinalityGate(view, key, scope, score, real, synthetic, input));
  }
  return { relations, gates };
}

function cardinalityGate(
  view: TableView,
  key: ForeignKeyFacts,
  scope: string,
  score: number,
  real: DegreeHistogram,
  synthetic: DegreeHistogram,
  input: ScanInput,
): OpenGate {
  const fewer = Math.min(parents(real), parents(synthetic));
  if (view.strategy !== 'synthesize')
    return notApplicable('cardinalities', scope, view.id, `Its rows are not synthesized (strategy ${view.strategy}).`);
  if (fewer < MIN_PARENTS)
    return notApplicable(
      'cardinalities',
      scope,
      view.id,
      `Only ${fewer} parents are on the smaller side; ${MIN_PARENTS} are needed.`,
    );
  const isContext = view.graph === null || view.graph.contextForeignKey === key.name;
  const wanted = isContext ? input.limits.cardinalities : input.limits.secondaryCardinalities;
  const limit = Math.max(0, wanted - 1.2 * Math.sqrt(1 / parents(real) + 1 / parents(synthetic)));
  return exactGate('cardinalities', scope, view.id, {
    value: score,
    limit,
    passes: score >= limit,
    explanation:
      `Likeness of the number of children per parent, childless parents included; on average ${mean(real)} children in the source, ${mean(synthetic)} in the target.` +
      (isContext ? '' : ' It is not the relation that the table was generated along, so its limit is lower.'),
  });
}

/** From all rows where there is a snapshot, else from the sample; null where the parent was not read. */
async function degrees(
  side: ScanSide,
  view: TableView,
  key: ForeignKeyFacts,
  referenced: string,
): Promise<DegreeHistogram | null> {
  if (side.snapshot !== null) return exactDegrees(side.snapshot, view, key);
  const childSample = side.sample.tables.get(view.id);
  const parentSample = side.sample.tables.get(referenced);
  const links = childSample?.parents.get(key.name);
  return links === undefined || parentSample === undefined ? null : degreeHistogram(links, parentSample.rowCount);
}

function exactDegrees(snapshot: Snapshot, view: TableView, key: ForeignKeyFacts): Promise<DegreeHistogram> {
  return snapshot.degreeHistogram(view.facts.name, key);
}

/**
 * A copied parent keeps its rows under a scale, so its children multiply, and beside masked rows, of which there may be
 * a part, a table shrinks with them and not with its other parents; elsewhere both sides scale alike.
 */
function expectedRatio(
  input: ScanInput,
  view: TableView,
  referenced: string,
  real: DegreeHistogram,
  synthetic: DegreeHistogram,
): number {
  const keepsSize =
    input.strategies.get(referenced) === 'copy' ||
    view.facts.foreignKeys.some((key) => input.strategies.get(tableId(key.referencedTable)) === 'mask');
  if (!keepsSize || children(real) === 0) return 1;
  const ratio = children(synthetic) / children(real) / (parents(synthetic) / parents(real));
  return ratio > 1.2 || ratio < 0.8 ? ratio : 1;
}

function mean(histogram: DegreeHistogram): string {
  return (children(histogram) / Math.max(1, parents(histogram))).toFixed(2);
}

/** Shares of parents by number of children, neighbours merged until each bin holds 5 real parents. */
export function degreeBins(real: DegreeHistogram, synthetic: DegreeHistogram): RelationFidelity['bins'] {
  const totals = [parents(real), parents(synthetic)];
  const degrees = [...new Set([...real, ...synthetic].map(([degree]) => degree))].sort((a, b) => a - b);
  const realBy = new Map(real);
  const syntheticBy = new Map(synthetic);
  const wanted = Math.max(MIN_BIN_PARENTS, degrees.length > MAX_BINS ? totals[0] / MAX_BINS : 0);
  const bins: { from: number; to: number; real: number; synthetic: number }[] = [];
  for (const degree of degrees) {
    const last = bins.at(-1);
    const [a, b] = [realBy.get(degree) ?? 0, syntheticBy.get(degree) ?? 0];
    if (last !== undefined && last.real < wanted) {
      last.to = degree;
      last.real += a;
      last.synthetic += b;
    } else bins.push({ from: degree, to: degree, real: a, synthetic: b });
  }
  const last = bins.at(-1);
  if (bins.length > 1 && last !== undefined && last.real < MIN_BIN_PARENTS) {
    bins.pop();
    const before = bins[bins.length - 1];
    before.to = last.to;
    before.real += last.real;
    before.synthetic += last.synthetic;
  }
  if (bins.some((bin) => bin.real < MIN_BIN_PARENTS)) return [];
  // The largest degree of all belongs to one parent, so the last bin does not say where it ends.
  return bins.map((bin, i) => ({
    label:
      bin.from === bin.to ? String(bin.from) : i === bins.length - 1 ? `${bin.from} or more` : `${bin.from}–${bin.to}`,
    real: bin.real / totals[0],
    synthetic: totals[1] === 0 ? 0 : bin.synthetic / totals[1],
  }));
}
