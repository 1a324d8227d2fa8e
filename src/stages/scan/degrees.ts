import { tableId } from '../../../connectors/connector.ts';
import type { TableView } from './table-view.ts';
import { excessPValue, percent, twinRates } from './twins.ts';
import { notApplicable } from './verdicts.ts';
import type { OpenGate } from './verdicts.ts';

const GATE = 'degree-uniqueness';
/** Share of the hold-out's rate that is tolerated in excess: degrees are held exactly, in sum, and by few values. */
const RELATIVE_EXCESS = 0.5;
const ABSOLUTE_EXCESS = 0.01;

/**
 * Degrees: subjects of the target whose numbers of children, over all tables that reference them, are those of exactly
 * one subject of the source. Who has 412 orders and 3 returns is known by that alone.
 */
export function degreeGates(view: TableView, views: readonly TableView[]): OpenGate[] {
  if (view.graph?.isSubject !== true) return [];
  const incoming = views
    .filter((child) => child.strategy === 'synthesize')
    .flatMap((child) =>
      child.facts.foreignKeys
        .filter((key) => tableId(key.referencedTable) === view.id)
        .map((key) => ({ child, name: key.name })),
    );
  if (incoming.length === 0) return [notApplicable(GATE, view.id, view.id, 'No table with made rows references it.')];
  const vectors = (side: 'source' | 'target'): (string | null)[] => {
    const counts = incoming.map(({ child, name }) => {
      const own = new Uint32Array(view[side].rowCount);
      child[side].parents.get(name)?.forEach((parent) => {
        if (parent >= 0) own[parent]++;
      });
      return own;
    });
    return Array.from({ length: view[side].rowCount }, (_, row) =>
      counts.some((own) => own[row] > 0) ? counts.map((own) => own[row]).join(' ') : null,
    );
  };
  const { target, holdout } = twinRates(vectors('source'), view.source.units, vectors('target'), view.target.units);
  const tolerated = ABSOLUTE_EXCESS + RELATIVE_EXCESS * holdout.rate;
  return [
    {
      kind: 'statistical',
      gate: GATE,
      scope: view.id,
      table: view.id,
      value: target.rate - holdout.rate,
      standardError: Math.sqrt(target.variance + holdout.variance),
      limit: tolerated,
      pValue: excessPValue(target, holdout, tolerated, view.sourceUnitCount),
      unitCount: Math.min(view.sourceUnitCount, view.targetUnitCount),
      range: [-1, 1],
      powered: () => true,
      explanation:
        `${percent(target.rate)} of its rows have as many children, in ${incoming.length} relations, as exactly one row of the source; ` +
        `among real rows it is ${percent(holdout.rate)}.`,
    },
  ];
}
