import { tableId } from '../../../connectors/connector.ts';
import type { Figure, QueryFidelity, RelationFidelity, TableFidelity } from './artifact.ts';
import { familiesApart, rowsApart, type TwoSampleFigures } from './fidelity-c2st.ts';
import { apartGate, dependenceGate, queryGate, ruleGate } from './fidelity-gates.ts';
import { parentChildPairs, tablePairs } from './fidelity-pairs.ts';
import { queryErrors } from './fidelity-queries.ts';
import { fidelityTable, type FidelityTable } from './fidelity-table.ts';
import { predictions } from './fidelity-tstr.ts';
import type { ScanInput } from './input.ts';
import type { TableView } from './table-view.ts';
import { notApplicable, type OpenGate } from './verdicts.ts';

export interface StructureOutcome {
  readonly gates: readonly OpenGate[];
  readonly tables: readonly TableFidelity[];
}

/** Judges how the rows of a database hang together, table by table. Everything is measured on samples. */
export class StructureScan {
  readonly #input: ScanInput;
  readonly #tables: readonly FidelityTable[];

  constructor(views: readonly TableView[], input: ScanInput) {
    this.#input = input;
    this.#tables = views
      .filter((view) => view.source.rowCount > 0 && view.target.rowCount > 0)
      .map((view) => fidelityTable(view, input));
  }

  /** Pairs, two-sample tests and predictions of one table. A rehearsal looks at pairs alone. */
  table(view: TableView): StructureOutcome {
    const { limits, basis } = this.#input;
    const table = this.#tables.find((candidate) => candidate.view === view);
    if (view.strategy !== 'synthesize' || table === undefined) {
      const reason =
        table === undefined
          ? 'It has no rows on one of the sides.'
          : `Its rows are not synthesized (strategy ${view.strategy}).`;
      return { tables: [], gates: [notApplicable('pairs', view.id, view.id, reason)] };
    }
    const pairs = tablePairs(table);
    const gates = [dependenceGate('pairs', view.id, pairs, table, this.#input)];
    if (basis === 'rehearsal')
      return { gates, tables: [{ table: view.id, pairs, c2st: null, c2stAgg: null, tstr: [] }] };
    const [apart, families] = [rowsApart(table), familiesApart(table, this.#tables)];
    gates.push(apartGate(table, apart, limits));
    const tstr = predictions(table, this.#tables);
    return {
      gates,
      tables: [{ table: view.id, pairs, c2st: figureOf(apart), c2stAgg: figureOf(families), tstr }],
    };
  }

  /** The relations of a table with the trends along them, and a gate for each. */
  relations(
    view: TableView,
    relations: readonly RelationFidelity[],
  ): { readonly gates: readonly OpenGate[]; readonly relations: readonly RelationFidelity[] } {
    const child = this.#tables.find((candidate) => candidate.view === view);
    const gates: OpenGate[] = [];
    const withPairs = relations.map((relation) => {
      const key = view.facts.foreignKeys.find((candidate) => candidate.name === relation.foreignKey);
      const parent = this.#tables.find(
        (candidate) => key !== undefined && candidate.view.id === tableId(key.referencedTable),
      );
      if (child === undefined || parent === undefined || key === undefined || view.strategy !== 'synthesize')
        return relation;
      const pairs = parentChildPairs(child, key, parent);
      const scope = `${view.id}(${key.columns.join(', ')})`;
      gates.push(dependenceGate('parent-child', scope, pairs, child, this.#input));
      return { ...relation, pairs };
    });
    return { gates, relations: withPairs };
  }

  /** Answers of join queries, and the hidden rules. */
  database(): { readonly gates: readonly OpenGate[]; readonly queries: QueryFidelity | null } {
    const { basis, limits, rules, seed } = this.#input;
    const gates = rules === undefined || rules === null ? [] : [ruleGate(rules)];
    if (basis === 'rehearsal') return { gates, queries: null };
    const queries = queryErrors(this.#tables, seed);
    return { gates: [...gates, queryGate(queries, limits)], queries };
  }
}

function figureOf(figures: TwoSampleFigures | null): Figure | null {
  return figures === null
    ? null
    : { value: figures.target.auc, ceiling: figures.ceiling.auc, floor: figures.floor.auc };
}
