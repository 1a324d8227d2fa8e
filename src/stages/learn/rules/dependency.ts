/** Columns that are a function of one or two others, or of the row that a foreign key references. */
import type { ForeignKeyFacts } from '../../../../connectors/connector.ts';
import type { MinedRule, RuleSupport } from '../../../model/rules.ts';
import { permuteIndex, streamKey } from '../../../numeric/random.ts';
import { hasEnough, isWonder, MIN_LITERAL_UNITS } from './evidence.ts';
import { type Dependency, withoutImplied } from './dependency-cover.ts';
import type { RuleColumn } from './rule-column.ts';
import { spread, type RuleTable } from './rule-table.ts';

export type DependencyRule = Extract<MinedRule, { readonly kind: 'dependency' | 'constant-per-parent' }>;

/** Of nearly distinct values everything is a function. */
const MAX_DISTINCT_SHARE = 0.9;
/** A number or a moment that determines something has few values, or it is an accident. */
const MAX_MEASURE_VALUES = 50;
const MIN_VALUES_PER_KEY = 1.3;
/** Two columns are tried together on so many rows first, and must repeat so often there. */
const PAIR_SCREEN_ROWS = 3000;
const MIN_PAIR_REPEATS = 15;
const MAX_PAIR_CHANCE = 0.9;
const MAX_PAIRED_SOURCES = 60;
/** Share of the cases, and their number, that one of a pair would get wrong alone. */
const MIN_PAIR_BREACH_RATE = 0.03;
const MIN_PAIR_BREACHES = 10;
/** Share of a dictionary's rows that a table of values must cover. */
const MIN_MAPPED_SHARE = 0.5;
/** Rows from which free text is known for what it is. */
const EARLY_ROWS = 2000;

/** Something that may determine: a column, or a foreign key as the row behind it. */
interface Source {
  readonly name: string;
  readonly foreignKey: ForeignKeyFacts | null;
  /** By row; −1 none. */
  readonly codes: Int32Array;
  /** More than any code. */
  readonly size: number;
  readonly distinctCount: number;
}

export interface DependencyOptions {
  /** What other rules say already: `to` follows from `from`. */
  readonly known: readonly Dependency[];
  /** Columns whose values may not stand in a rule. */
  readonly unnamed: ReadonlySet<string>;
}

export function mineDependencies(table: RuleTable, options: DependencyOptions): readonly DependencyRule[] {
  const targets = [...table.columns.values()].filter((column) => column.role !== 'id' && isRepeated(table, column));
  const sources = sourcesOf(table, targets);
  const known = [...options.known, ...keyEqualities(table)];
  const determined = new Map(sources.map((source) => [source, new Set<RuleColumn>()]));
  const found: Found[] = [];
  for (const source of sources) {
    for (const target of targets) {
      if (target.name === source.name || source.foreignKey?.columns.includes(target.name)) continue;
      const fate = follow(table, source, target, null);
      if (fate === null) continue;
      determined.get(source)!.add(target);
      found.push({ from: [source], to: target, evidence: fate });
    }
  }
  const perParent = sources.filter((source) => source.foreignKey !== null);
  const single = found.filter(({ from: [source], to }) => isTelling(source, to, perParent));
  const nicknames = found
    .filter((one) => !single.includes(one))
    .map(({ from: [source], to }) => ({
      from: [sourceId(source.name, false)],
      to: sourceId(to.name, false),
    }));
  const pairs = minePairs(table, sources, targets, determined, perParent);
  const candidates = [...single, ...oneOfEach(pairs)].flatMap((candidate) => supported(table, candidate, determined));
  return withoutImplied(candidates.map(asDependency), [...known, ...nicknames], bridgesOf(table)).map(({ index }) =>
    ruleOf(table, candidates[index], options.unnamed),
  );
}

interface Found {
  readonly from: readonly Source[];
  readonly to: RuleColumn;
  readonly evidence: Evidence;
  /** Rows to judge it by, where not all: one for each parent. */
  readonly rows?: Int32Array;
}

interface Supported {
  readonly from: readonly Source[];
  readonly to: RuleColumn;
  readonly support: RuleSupport;
}

/** Fitting and tuning rows whose `from` was seen in a row before. */
interface Evidence {
  readonly caseCount: number;
  readonly unitCount: number;
  readonly tuneCaseCount: number;
}

function sourcesOf(table: RuleTable, repeated: readonly RuleColumn[]): readonly Source[] {
  const keys = table.foreignKeys();
  const ofKeys = keys.map((key) =>
    describe(table, key.name, key, table.links(key.name), table.parent(key.name)!.sample.rowCount),
  );
  const covered = new Set(keys.filter((key) => key.columns.length === 1).map((key) => key.columns[0]));
  const ofColumns = repeated
    .filter((column) => !covered.has(column.name) && mayDetermine(column))
    .map((column) => describe(table, column.name, null, column.codes.of, column.codes.values.length))
    .filter((source) => source.size <= MAX_MEASURE_VALUES || !isFine(table.columns.get(source.name)!));
  return [...ofKeys, ...ofColumns].filter((source) => source.distinctCount >= 2 && repeats(table, source));
}

function mayDetermine(column: RuleColumn): boolean {
  return ['integer', 'decimal', 'boolean', 'enum', 'text', 'uuid', 'date', 'timestamp', 'timestamptz', 'time'].includes(
    column.facts.type.class,
  );
}

function isFine(column: RuleColumn): boolean {
  return column.line !== null && column.role !== 'key';
}

function describe(
  table: RuleTable,
  name: string,
  foreignKey: ForeignKeyFacts | null,
  links: Int32Array,
  size: number,
): Source {
  const seen = new Uint8Array(size);
  let distinctCount = 0;
  for (const row of table.fit) {
    const code = links[row];
    if (code < 0 || seen[code] === 1) continue;
    seen[code] = 1;
    distinctCount++;
  }
  return { name, foreignKey, codes: links, size, distinctCount };
}

function repeats(table: RuleTable, source: Source): boolean {
  let present = 0;
  for (const row of table.fit) if (source.codes[row] >= 0) present++;
  return source.distinctCount <= MAX_DISTINCT_SHARE * present;
}

/** Whether the column has two values, or one and NULL, and is not nearly distinct; long free text is given up early. */
function isRepeated(table: RuleTable, column: RuleColumn): boolean {
  const first = new Set<string>();
  let present = 0;
  for (const row of table.fit.subarray(0, EARLY_ROWS)) {
    const text = column.texts[row];
    if (text === null) continue;
    present++;
    first.add(text);
  }
  if (table.fit.length > EARLY_ROWS && present > EARLY_ROWS / 4 && first.size > 0.95 * present) return false;
  const { of, values } = column.codes;
  const seen = new Uint8Array(values.length + 1);
  let distinct = 0;
  present = 0;
  for (const row of table.fit) {
    const code = of[row] + 1;
    if (code > 0) present++;
    if (seen[code] === 0) distinct++;
    seen[code] = 1;
  }
  return distinct >= 2 && distinct <= Math.max(2, MAX_DISTINCT_SHARE * present + 1);
}

/** A foreign key of one column and that column say the same. */
function keyEqualities(table: RuleTable): Dependency[] {
  return table
    .foreignKeys()
    .filter((key) => key.columns.length === 1)
    .flatMap((key) => [
      { from: [sourceId(key.name, true)], to: sourceId(key.columns[0], false) },
      { from: [sourceId(key.columns[0], false)], to: sourceId(key.name, true) },
    ]);
}

/** Keeps foreign keys and columns of one name apart. */
export function sourceId(name: string, isForeignKey: boolean): string {
  return `${isForeignKey ? '→' : '.'}${name}`;
}

/** Null if two rows of one `source` differ in `target`. */
function follow(table: RuleTable, source: Source, target: RuleColumn, rows: Int32Array | null): Evidence | null {
  const { of } = target.codes;
  const first = new Int32Array(source.size).fill(-2);
  const { units } = table.sample;
  const seen = new Set<number>();
  let caseCount = 0;
  for (const row of rows ?? table.fit) {
    const code = source.codes[row];
    if (code < 0) continue;
    if (first[code] === -2) first[code] = of[row];
    else if (first[code] !== of[row]) return null;
    else {
      caseCount++;
      seen.add(units[row]);
    }
  }
  let tuneCaseCount = 0;
  for (const row of rows === null ? table.tune : []) {
    const code = source.codes[row];
    if (code < 0) continue;
    if (first[code] === -2) first[code] = of[row];
    else if (first[code] !== of[row]) return null;
    else tuneCaseCount++;
  }
  return { caseCount, unitCount: seen.size, tuneCaseCount };
}

/** What has hardly more values than the key that it determines is another name for the row behind the key. */
function isTelling(source: Source, target: RuleColumn, perParent: readonly Source[]): boolean {
  if (target.role !== 'key' || source.foreignKey !== null) return true;
  return !perParent.some(
    (key) =>
      key.foreignKey!.columns.includes(target.name) && source.distinctCount < MIN_VALUES_PER_KEY * key.distinctCount,
  );
}

function* pairsOf(sources: readonly Source[]): Generator<readonly [Source, Source]> {
  for (let i = 0; i < sources.length; i++) {
    for (let j = i + 1; j < sources.length; j++) yield [sources[i], sources[j]];
  }
}

function minePairs(
  table: RuleTable,
  sources: readonly Source[],
  targets: readonly RuleColumn[],
  determined: ReadonlyMap<Source, ReadonlySet<RuleColumn>>,
  perParent: readonly Source[],
): Found[] {
  const found: Found[] = [];
  const usable = sources.filter((source) => source.foreignKey === null || source.foreignKey.columns.length === 1);
  const screen = spread(table.fit, PAIR_SCREEN_ROWS);
  for (const [a, b] of pairsOf(fewest(usable))) {
    if (determines(table, a, b, determined) || determines(table, b, a, determined)) continue;
    const open = targets.filter(
      (target) =>
        target.name !== nameOf(a) &&
        target.name !== nameOf(b) &&
        !determined.get(a)!.has(target) &&
        !determined.get(b)!.has(target) &&
        isOpen(table, a, b, target, determined, perParent),
    );
    if (open.length === 0) continue;
    const surviving = screenPair(a, b, open, screen);
    if (surviving.length === 0) continue;
    const joint = join(table, a, b);
    if (!repeats(table, joint)) continue;
    for (const target of surviving) {
      const evidence = follow(table, joint, target, null);
      if (evidence !== null && [a, b].every((one) => isNeeded(table, one, joint, target)))
        found.push({ from: [a, b], to: target, evidence });
    }
  }
  return found;
}

/** Pairs are quadratic in what may determine: of a very wide table those with the fewest values are tried. */
function fewest(sources: readonly Source[]): readonly Source[] {
  if (sources.length <= MAX_PAIRED_SOURCES) return sources;
  const kept = new Set([...sources].sort((a, b) => a.distinctCount - b.distinctCount).slice(0, MAX_PAIRED_SOURCES));
  return sources.filter((source) => kept.has(source));
}

/** Of several that tie the same three columns together, the one whose sources meet most freely. */
function oneOfEach(pairs: readonly Found[]): readonly Found[] {
  const best = new Map<string, Found>();
  const size = ({ from }: Found): number => from[0].distinctCount * from[1].distinctCount;
  for (const pair of pairs) {
    const names = [...pair.from.map(nameOf), pair.to.name];
    const id = JSON.stringify(names.sort());
    const known = best.get(id);
    if (known === undefined || size(pair) < size(known)) best.set(id, pair);
  }
  return [...best.values()];
}

/** The column that a source stands for. */
function nameOf(source: Source): string {
  return source.foreignKey?.columns[0] ?? source.name;
}

/** Whether the other of a pair would often be wrong without this one: no mere outlier is explained by it. */
function isNeeded(table: RuleTable, other: Source, joint: Source, target: RuleColumn): boolean {
  const { of } = target.codes;
  const counts = new Map<number, number>();
  const most = new Map<number, number>();
  let present = 0;
  for (const row of table.fit) {
    if (joint.codes[row] < 0) continue;
    present++;
    const code = other.codes[row];
    const id = code * (target.codes.values.length + 1) + of[row] + 1;
    const count = (counts.get(id) ?? 0) + 1;
    counts.set(id, count);
    if (count > (most.get(code) ?? 0)) most.set(code, count);
  }
  const right = [...most.values()].reduce((sum, count) => sum + count, 0);
  return present - right >= Math.max(MIN_PAIR_BREACHES, MIN_PAIR_BREACH_RATE * present);
}

/** `b` follows from `a` alone, so the pair says no more than `a`. */
function determines(
  table: RuleTable,
  a: Source,
  b: Source,
  determined: ReadonlyMap<Source, ReadonlySet<RuleColumn>>,
): boolean {
  const column = table.columns.get(nameOf(b));
  return column !== undefined && determined.get(a)!.has(column);
}

/** Not so where the target already follows from a key that a member of the pair stands for. */
function isOpen(
  table: RuleTable,
  a: Source,
  b: Source,
  target: RuleColumn,
  determined: ReadonlyMap<Source, ReadonlySet<RuleColumn>>,
  perParent: readonly Source[],
): boolean {
  if (target.role !== 'key') return true;
  // "Which parent" as a function of two of its properties is a matter of few parents, not of a rule.
  const column = (source: Source): RuleColumn | undefined => table.columns.get(nameOf(source));
  return !perParent.some(
    (key) =>
      key.foreignKey!.columns.includes(target.name) &&
      [a, b].every((source) => source !== key && determined.get(key)!.has(column(source)!)),
  );
}

/** The targets that no two screened rows contradict; none if too few rows repeat to say. */
function screenPair(a: Source, b: Source, targets: readonly RuleColumn[], screen: Int32Array): readonly RuleColumn[] {
  const first = new Map<number, number>();
  const repeated: (readonly [number, number])[] = [];
  let surviving = targets;
  for (const row of screen) {
    if (a.codes[row] < 0 || b.codes[row] < 0) continue;
    const code = a.codes[row] * b.size + b.codes[row];
    const before = first.get(code);
    if (before === undefined) first.set(code, row);
    else {
      repeated.push([before, row]);
      surviving = surviving.filter(({ codes: { of } }) => of[before] === of[row]);
      if (surviving.length === 0) return [];
    }
  }
  return repeated.length >= MIN_PAIR_REPEATS ? surviving : [];
}

function join(table: RuleTable, a: Source, b: Source): Source {
  const codeOf = new Map<number, number>();
  const codes = new Int32Array(a.codes.length).fill(-1);
  for (const rows of [table.fit, table.tune]) {
    for (const row of rows) {
      if (a.codes[row] < 0 || b.codes[row] < 0) continue;
      const pair = a.codes[row] * b.size + b.codes[row];
      let code = codeOf.get(pair);
      if (code === undefined) codeOf.set(pair, (code = codeOf.size));
      codes[row] = code;
    }
  }
  return describe(table, `${a.name}+${b.name}`, null, codes, codeOf.size);
}

/** With its support, where it is founded; judged by one row a parent where both sides are the parent's own. */
function supported(
  table: RuleTable,
  { from, to, evidence }: Found,
  determined: ReadonlyMap<Source, ReadonlySet<RuleColumn>>,
): Supported[] {
  const source = from.length === 1 ? from[0] : join(table, from[0], from[1]);
  const key = sharedParent(table, from, to, determined);
  const rows = key === null ? null : onePerParent(table, key);
  const judged = rows === null ? evidence : follow(table, source, to, rows)!;
  if (!hasEnough(judged.caseCount, judged.unitCount)) return [];
  const chance = chanceShare(table, source, to, rows ?? table.fit);
  const limit = from.length > 1 ? MAX_PAIR_CHANCE : undefined;
  if (!isWonder(chance, judged.caseCount, judged.unitCount, limit)) return [];
  return [{ from, to, support: { ...judged, tuneCaseCount: evidence.tuneCaseCount } }];
}

/** A foreign key that determines all of the columns by itself: then they are properties of the parent. */
function sharedParent(
  table: RuleTable,
  from: readonly Source[],
  to: RuleColumn,
  determined: ReadonlyMap<Source, ReadonlySet<RuleColumn>>,
): Source | null {
  for (const [key, columns] of determined) {
    if (key.foreignKey === null || from.includes(key) || !columns.has(to)) continue;
    const all = from.every((source) => {
      const column = table.columns.get(nameOf(source));
      return column !== undefined && columns.has(column);
    });
    if (all) return key;
  }
  return null;
}

function onePerParent(table: RuleTable, key: Source): Int32Array {
  const seen = new Uint8Array(key.size);
  return table.fit.filter((row) => {
    const to = key.codes[row];
    if (to < 0) return true;
    if (seen[to] === 1) return false;
    seen[to] = 1;
    return true;
  });
}

/** Share of the cases that would hold with the target's values exchanged among the rows that have a source. */
function chanceShare(table: RuleTable, source: Source, target: RuleColumn, rows: Int32Array): number {
  const present = rows.filter((row) => source.codes[row] >= 0);
  const key = streamKey(0, 'rules', table.id, source.name, target.name);
  const { of } = target.codes;
  const first = new Int32Array(source.size).fill(-2);
  // A random shift of a random order is as good as an order of its own, and costs next to nothing.
  const shift = present.length > 1 ? 1 + permuteIndex(key, 0, present.length - 1) : 0;
  const order = shuffled(present);
  let cases = 0;
  let held = 0;
  for (let i = 0; i < order.length; i++) {
    const code = source.codes[order[i]];
    const value = of[order[(i + shift) % order.length]];
    if (first[code] === -2) first[code] = value;
    else {
      cases++;
      if (first[code] === value) held++;
    }
  }
  return cases === 0 ? 1 : held / cases;
}

/** By a multiplicative generator: quality does not matter here, speed and repeatability do. */
function shuffled(rows: Int32Array): Int32Array {
  const order = Int32Array.from(rows);
  let state = 12345;
  for (let i = order.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

function asDependency({ from, to }: Supported): Dependency & { readonly rank: number } {
  const isKey = from.length === 1 && from[0].foreignKey !== null;
  return {
    from: from.map((source) => sourceId(source.name, source.foreignKey !== null)),
    to: sourceId(to.name, false),
    // Foreign keys' own dependencies stay, they are the easiest to hold; the finest sources go first.
    rank: isKey ? -1 : from.length * 1e9 + from.reduce((sum, source) => sum + source.distinctCount, 0),
  };
}

/**
 * Whether the members of `through` are there wherever those of `a` are. Asked of thousands of pairs where a table is
 * wide: presence is read once a column, and every answer is kept.
 */
function bridgesOf(table: RuleTable): (a: readonly string[], b: string, through: readonly string[]) => boolean {
  const rows = [...table.fit, ...table.tune];
  const presences = new Map<string, Uint8Array>();
  const presenceOf = (id: string): Uint8Array => {
    let presence = presences.get(id);
    if (presence === undefined) presences.set(id, (presence = presenceIn(table, id, rows)));
    return presence;
  };
  const always = new Map<string, boolean>();
  const isAlwaysThere = (id: string): boolean => {
    let is = always.get(id);
    if (is === undefined) always.set(id, (is = !presenceOf(id).includes(0)));
    return is;
  };
  const answers = new Map<string, boolean>();
  return (a, _b, through) => {
    if (through.every(isAlwaysThere)) return true;
    const question = `${a.join('\u0000')}\u0001${through.join('\u0000')}`;
    let answer = answers.get(question);
    if (answer === undefined) {
      const given = a.map(presenceOf);
      const needed = through.map(presenceOf);
      answer = rows.every((_, i) => given.some((has) => has[i] === 0) || needed.every((has) => has[i] === 1));
      answers.set(question, answer);
    }
    return answer;
  };
}

function presenceIn(table: RuleTable, id: string, rows: readonly number[]): Uint8Array {
  const name = id.slice(1);
  if (id.startsWith('→')) {
    const links = table.links(name);
    return Uint8Array.from(rows, (row) => (links[row] === -1 ? 0 : 1));
  }
  const { texts } = table.columns.get(name)!;
  return Uint8Array.from(rows, (row) => (texts[row] === null ? 0 : 1));
}

function ruleOf(table: RuleTable, { from, to, support }: Supported, unnamed: ReadonlySet<string>): DependencyRule {
  const names = from.map(nameOf);
  const [first] = from;
  const base = { table: table.id, support };
  const isTable = from.every((source) => source.foreignKey === null || table.parent(source.name)!.isCopied);
  if (from.length === 1 && first.foreignKey !== null) {
    const map = isTable && first.foreignKey.columns.length === 1 ? literals(table, names, to, unnamed) : [];
    // A table of values serves where the rows behind the key are a dictionary's, most of them shared by enough units.
    if (map.length === 0 || map.length < MIN_MAPPED_SHARE * first.distinctCount) {
      return { kind: 'constant-per-parent', ...base, column: to.name, foreignKey: first.name };
    }
    return { kind: 'dependency', ...base, from: names, to: to.name, map };
  }
  return {
    kind: 'dependency',
    ...base,
    from: names,
    to: to.name,
    map: isTable ? literals(table, names, to, unnamed) : [],
  };
}

/** What enough units share, as [from values…, to value]. */
function literals(
  table: RuleTable,
  from: readonly string[],
  to: RuleColumn,
  unnamed: ReadonlySet<string>,
): readonly (readonly (string | null)[])[] {
  if ([...from, to.name].some((name) => unnamed.has(name))) return [];
  const entries = new Map<string, { readonly row: number; readonly units: Set<number> }>();
  for (const row of table.fit) {
    const values = from.map((name) => table.columns.get(name)!.texts[row]);
    if (values.includes(null)) continue;
    const id = values.length === 1 ? values[0]! : JSON.stringify(values);
    let entry = entries.get(id);
    if (entry === undefined) entries.set(id, (entry = { row, units: new Set() }));
    if (entry.units.size < MIN_LITERAL_UNITS) entry.units.add(table.sample.units[row]);
  }
  return [...entries.values()]
    .filter(({ units }) => units.size >= MIN_LITERAL_UNITS)
    .map(({ row }) => [...from.map((name) => table.columns.get(name)!.texts[row]), to.texts[row]]);
}
