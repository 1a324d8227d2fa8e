/** `tables.*.steer`: what the configuration asks of columns, what came of it, and which gates it makes meaningless. */
import { tableId } from '../../connectors/connector.ts';
import { findTable, findTables } from '../config/names.ts';
import { placeOf, type ConfigPath, type ResolvedConfig } from '../config/resolved.ts';
import type { SteerConfig } from '../config/schema.ts';
import { UnderstudyError } from '../kernel/errors.ts';
import { finding, type Finding } from '../kernel/findings.ts';
import { isGlob } from '../kernel/glob.ts';
import { nearest } from '../kernel/nearest.ts';
import { textAt, type RowBlock } from '../kernel/rows.ts';
import type { TableStream } from '../stages/generate/artifact.ts';
import { steerableValues, type SteeredColumn } from '../stages/generate/steering.ts';
import type { LearnedModel } from '../stages/learn/artifact.ts';
import type { GateResult, ScanReport } from '../stages/scan/artifact.ts';
import type { SteeringResult } from './contract.ts';

/** What compares rows with the source's: rows that are to be unlike them fail it by nature. */
const LIKENESS: ReadonlySet<string> = new Set([
  'marginals',
  'cardinalities',
  'pairs',
  'parent-child',
  'c2st',
  'c2st-agg',
  'tstr',
  'queries',
]);

export class Steering {
  readonly #columns: ReadonlyMap<string, readonly SteeredColumn[]>;
  readonly #unlike: ReadonlySet<string>;
  readonly #before = new ShareTally();
  readonly #after = new ShareTally();

  private constructor(columns: ReadonlyMap<string, readonly SteeredColumn[]>, model: LearnedModel) {
    this.#columns = columns;
    this.#unlike = withDescendants(new Set(columns.keys()), model);
  }

  /** Null where nothing is steered. Throws `CONFIG_UNKNOWN_NAME`, `CONFIG_UNSUPPORTED`. */
  static resolve(config: ResolvedConfig, model: LearnedModel): Steering | null {
    const columns = steeredColumns(config, model);
    return columns.size === 0 ? null : new Steering(columns, model);
  }

  /** Rows as they are made without steering: what shares are changed from. */
  noteBefore(block: RowBlock): void {
    this.#before.add(block, this.#columns.get(block.table) ?? []);
  }

  /** For `generate`. */
  get columns(): ReadonlyMap<string, readonly SteeredColumn[]> {
    return new Map(
      [...this.#columns].map(([table, columns]) => [
        table,
        columns.map((column) => ({ ...column, before: this.#before.shares(table, column.column) })),
      ]),
    );
  }

  /** The same streams, counted as they pass. */
  watch(streams: readonly TableStream[]): readonly TableStream[] {
    return streams.map((stream) => {
      const columns = this.#columns.get(stream.table);
      if (columns === undefined) return stream;
      const after = this.#after;
      async function* blocks(): ReturnType<TableStream['blocks']> {
        for await (const block of stream.blocks()) {
          after.add(block, columns!);
          yield block;
        }
      }
      return { table: stream.table, rowCount: () => stream.rowCount(), blocks };
    });
  }

  results(): SteeringResult[] {
    return [...this.#columns].flatMap(([table, columns]) =>
      columns.map(({ column, kind, values }) => {
        const [before, after] = [this.#before.shares(table, column), this.#after.shares(table, column)];
        const shares = [...values.keys()].map((value) => ({
          value,
          shareBefore: before.get(value) ?? 0,
          // Nothing was made on a dry run.
          shareAfter: after.size === 0 ? null : (after.get(value) ?? 0),
        }));
        return { table, column, kind, values: shares };
      }),
    );
  }

  findings(): Finding[] {
    return this.results().map(({ table, column, kind, values }) => {
      const percent = (of: 'shareBefore' | 'shareAfter'): string =>
        `${(100 * values.reduce((sum, value) => sum + (value[of] ?? 0), 0)).toFixed(1)} %`;
      return finding(
        'info',
        'GENERATE_STEERED',
        `${table}.${column}`,
        `Its \`${kind}\` names ${values.length} value${values.length === 1 ? '' : 's'}: without it ${percent('shareBefore')} of the rows had ${values.length === 1 ? 'it' : 'one of them'}, now ${percent('shareAfter')} have.`,
      );
    });
  }

  /**
   * Likeness to the source is no question for steered tables and what hangs on them. It was asked in the rehearsal, of
   * rows that were not steered; all other gates hold as ever.
   */
  excuse(report: ScanReport): ScanReport {
    const gates = report.gates.map((gate) => (this.#isMeaningless(gate) ? excused(gate) : gate));
    const unasked = new Set(report.gates.filter((gate) => this.#isMeaningless(gate)).map(nameOf));
    const findings = report.findings.filter(({ code, object }) => code !== 'SCAN_UNDERPOWERED' || !unasked.has(object));
    const failed =
      gates.some((gate) => gate.verdict === 'fail') || findings.some((found) => found.severity === 'error');
    return { ...report, gates, findings, verdict: failed ? 'fail' : 'pass' };
  }

  #isMeaningless({ gate, scope }: GateResult): boolean {
    return LIKENESS.has(gate) && (gate === 'queries' || this.#unlike.has(scope.replace(/\(.*$/s, '')));
  }
}

/** As findings name it. */
function nameOf({ gate, scope }: GateResult): string {
  return `${gate} ${scope}`;
}

function excused(gate: GateResult): GateResult {
  return {
    ...gate,
    value: null,
    interval: null,
    limit: null,
    verdict: 'not-applicable',
    explanation:
      'Steered: the configuration asks for rows unlike the source’s here, or of what these hang on. The rehearsal judged the model without it.',
  };
}

function withDescendants(tables: ReadonlySet<string>, model: LearnedModel): Set<string> {
  const found = new Set(tables);
  for (let size = -1; size !== found.size;) {
    size = found.size;
    for (const { id, foreignKeys } of model.tables)
      if (foreignKeys.some((key) => found.has(key.referencedTable))) found.add(id);
  }
  return found;
}

function steeredColumns(config: ResolvedConfig, model: LearnedModel): Map<string, SteeredColumn[]> {
  const { catalog } = model;
  const models = new Map(model.tables.map((table) => [table.id, table]));
  const byTable = new Map<string, Map<string, SteeredColumn>>();
  const isPattern = (name: string): boolean => isGlob(name) && findTable(catalog, name) === null;
  // Names know better than patterns.
  const entries = Object.entries(config.tables).toSorted(([a], [b]) => Number(isPattern(b)) - Number(isPattern(a)));
  for (const [name, { steer }] of entries) {
    for (const [column, asked] of Object.entries(steer ?? {})) {
      const path = ['tables', name, 'steer', column];
      const tables = findTables(catalog, name).filter((table) => table.columns.some((own) => own.name === column));
      if (tables.length === 0)
        throw unknown(config, path, `there is no column \`${column}\` in what \`${name}\` means`, null);
      for (const table of tables) {
        const id = tableId(table.name);
        const known = steerableValues(models.get(id)!, column);
        if (known === null) throw notSteerable(config, path, id);
        const columns = byTable.get(id) ?? new Map<string, SteeredColumn>();
        columns.set(column, { column, ...askedOf(asked, known, config, path) });
        byTable.set(id, columns);
      }
    }
  }
  return new Map([...byTable].map(([id, columns]) => [id, [...columns.values()]]));
}

function askedOf(
  asked: SteerConfig,
  known: readonly (string | null | undefined)[],
  config: ResolvedConfig,
  path: ConfigPath,
): Pick<SteeredColumn, 'kind' | 'values'> {
  const find = (value: string | null): string | null => {
    const found = known.find((candidate) => candidate !== undefined && meansSame(candidate, value));
    if (found !== undefined) return found;
    const names = known.filter((candidate) => typeof candidate === 'string');
    const missing =
      value === null ? 'the column is never NULL' : `no value \`${value}\` was learned (5 subjects must have one)`;
    throw unknown(config, path, missing, value === null ? null : nearest(value, names));
  };
  if ('where' in asked) {
    const values = asked.where.map((value) => find(value === null ? null : String(value)));
    return { kind: 'where', values: new Map(values.map((value) => [value, 1])) };
  }
  const [kind, numbers] = 'boost' in asked ? (['boost', asked.boost] as const) : (['shares', asked.shares] as const);
  return { kind, values: new Map(Object.entries(numbers).map(([value, number]) => [find(value), number])) };
}

/** A server writes booleans its own way. */
function meansSame(learned: string | null, written: string | null): boolean {
  return (
    learned === written || ((learned === 't' || learned === 'f') && written === (learned === 't' ? 'true' : 'false'))
  );
}

function unknown(config: ResolvedConfig, path: ConfigPath, what: string, meant: string | null): UnderstudyError {
  const did = meant === null ? '' : ` Did you mean \`${meant}\`?`;
  return new UnderstudyError('CONFIG_UNKNOWN_NAME', `${placeOf(config, path)}: ${what}; nothing was written.${did}`, {
    hint: meant === null ? 'Correct the name, or remove it.' : `Write \`${meant}\` instead.`,
  });
}

function notSteerable(config: ResolvedConfig, path: ConfigPath, table: string): UnderstudyError {
  return new UnderstudyError(
    'CONFIG_UNSUPPORTED',
    `${placeOf(config, path)}: \`${path.at(-1)}\` of ${table} is not learned as one of a few values (it is a number, a text, a key, or made otherwise), so it cannot be steered; nothing was written.`,
    { hint: 'Steer a column of few values of a synthesized table, or remove it.' },
  );
}

/** Counts the values of steered columns. */
class ShareTally {
  readonly #counts = new Map<string, Map<string | null, number>>();

  add(block: RowBlock, columns: readonly SteeredColumn[]): void {
    for (const { column } of columns) {
      const key = `${block.table}\0${column}`;
      const counts = this.#counts.get(key) ?? new Map<string | null, number>();
      this.#counts.set(key, counts);
      const vector = block.columns.get(column);
      for (let i = 0; i < block.rowCount; i++) {
        const value = vector === undefined ? null : textAt(vector, i);
        counts.set(value, (counts.get(value) ?? 0) + 1);
      }
    }
  }

  shares(table: string, column: string): Map<string | null, number> {
    const counts = this.#counts.get(`${table}\0${column}`) ?? new Map<string | null, number>();
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    return new Map([...counts].map(([value, count]) => [value, count / total]));
  }
}
