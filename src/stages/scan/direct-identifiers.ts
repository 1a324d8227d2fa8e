import { tableId } from '../../../connectors/connector.ts';
import type { QualifiedName, TableFacts } from '../../../connectors/connector.ts';
import { poissonTail } from '../../metrics/intervals.ts';
import { HashCounts, KeyedHash } from '../../metrics/keyed-hash.ts';
import type { ColumnClassification } from '../mask/artifact.ts';
import { emailsIn, identifierClass, normalise } from './identifiers.ts';
import type { IdentifierClass } from './identifiers.ts';
import type { ScanInput } from './input.ts';
import { comparable, tableRows } from './table-rows.ts';
import { exactGate, notApplicable } from './verdicts.ts';
import type { OpenGate } from './verdicts.ts';

const GATE = 'direct-identifiers';
/** A value that so many units share identifies none of them. */
const COMMON_UNITS = 5;
/** Coincidences that are less likely than this are leaks. */
const CHANCE = 0.001;
/** Source values that the rate of near misses is estimated from, per class. */
const NEAR_MISS_SAMPLE = 5000;

/** A target column that may hold identifiers, with the values found in it. */
interface TargetColumn {
  readonly table: TableFacts;
  readonly column: string;
  /** null: free text, searched for e-mail addresses. */
  readonly kind: IdentifierClass | null;
  readonly values: HashCounts;
  rowCount: number;
  hitCount: number;
}

/**
 * No direct identifier of the source may be in the target, in whichever table. All rows of both sides are streamed;
 * what is kept are 64-bit hashes under a key that is drawn for this call and never leaves it.
 *
 * Not counted: values of tables that are copied (they are in the target on purpose), values that at least 5 units
 * share, and so many coincidences of digits as the number of near misses (one digit off) predicts: in a dense space
 * of numbers a made-up one hits a real one now and then.
 *
 * **Random** the hash key. **Memory** about 30 bytes per distinct target value and column.
 */
export async function directIdentifierGates(input: ScanInput): Promise<OpenGate[]> {
  const classified = new Map(input.classification.columns.map((entry) => [`${entry.table}\0${entry.column}`, entry]));
  const hash = new KeyedHash();
  const targets = await readTargets(input, classified, hash);
  const kinds = new Set(targets.flatMap(({ kind }) => kind ?? 'e-mail'));
  if (targets.length === 0) {
    return [
      notApplicable(
        GATE,
        'database',
        null,
        'No column of a table with made rows was classified as a direct identifier.',
      ),
    ];
  }
  const misses = await readSources(input, classified, hash, targets, kinds);
  return targets
    .filter(({ kind, hitCount }) => kind !== null || hitCount > 0)
    .map((target) => identifierGate(target, misses));
}

function identifierGate(target: TargetColumn, misses: NearMisses): OpenGate {
  const scope = `${tableId(target.table.name)}.${target.column}`;
  const kind = target.kind ?? 'e-mail';
  const expected =
    target.hitCount === 0 || target.hitCount > target.rowCount / 100 ? 0 : misses.expectedHits(kind, target.values);
  const passes = poissonTail(target.hitCount, expected) >= CHANCE;
  return exactGate(GATE, scope, tableId(target.table.name), {
    value: target.hitCount,
    limit: 0,
    passes,
    explanation:
      target.hitCount === 0
        ? `None of ${target.rowCount} values is a ${kind} value of the source.`
        : passes
          ? `${target.hitCount} of ${target.rowCount} values coincide with a ${kind} value of the source, as the number of near misses makes likely by chance.`
          : `${target.hitCount} of ${target.rowCount} values are ${kind} values of the source.`,
  });
}

async function readTargets(
  input: ScanInput,
  classified: ReadonlyMap<string, ColumnClassification>,
  hash: KeyedHash,
): Promise<TargetColumn[]> {
  const targets: TargetColumn[] = [];
  for (const table of input.catalog.tables) {
    const id = tableId(table.name);
    const strategy = input.strategies.get(id) ?? 'synthesize';
    if (strategy === 'copy' || strategy === 'empty' || !input.target.sample.tables.has(id)) continue;
    const own: TargetColumn[] = [];
    for (const column of table.columns) {
      const classification = classified.get(`${id}\0${column.name}`) ?? null;
      if (column.generated !== null || classification?.treatment === 'keep') continue;
      const kind = identifierClass(classification);
      const isFreeText = kind === null && (column.type.class === 'text' || column.type.class === 'json');
      if (kind !== null || isFreeText)
        own.push({ table, column: column.name, kind, values: new HashCounts(), rowCount: 0, hitCount: 0 });
    }
    for await (const batch of tableRows(
      input.target,
      table.name,
      own.map(({ column }) => column),
    )) {
      own.forEach((target, c) => batch.columns[c].forEach((value) => addTarget(target, comparable(value), hash)));
    }
    targets.push(...own);
  }
  return targets;
}

function addTarget(target: TargetColumn, value: string | null, hash: KeyedHash): void {
  if (value === null) return;
  if (target.kind === null) {
    for (const email of emailsIn(value)) {
      hash.text(email);
      target.values.add(hash.low, hash.high);
      target.rowCount++;
    }
    return;
  }
  const text = normalise(target.kind, value);
  if (text === null) return;
  hash.text(text);
  target.values.add(hash.low, hash.high);
  target.rowCount++;
}

/** Streams the source's identifiers past the target's, and counts in `targets` what was hit. */
async function readSources(
  input: ScanInput,
  classified: ReadonlyMap<string, ColumnClassification>,
  hash: KeyedHash,
  targets: readonly TargetColumn[],
  kinds: ReadonlySet<IdentifierClass>,
): Promise<NearMisses> {
  const byKind = new Map<IdentifierClass, TargetColumn[]>();
  for (const target of targets) {
    const kind = target.kind ?? 'e-mail';
    byKind.set(kind, [...(byKind.get(kind) ?? []), target]);
  }
  const allowed = await copiedValues(input, classified, hash);
  const seen = new HashCounts();
  const misses = new NearMisses(hash);
  for (const table of input.catalog.tables) {
    const id = tableId(table.name);
    if (input.strategies.get(id) === 'copy') continue;
    const columns = identifierColumns(table, classified).filter(({ kind }) => kinds.has(kind));
    const common = columns.map(({ column }) => commonValues(input, table.name, column));
    for await (const batch of tableRows(
      input.source,
      table.name,
      columns.map(({ column }) => column),
    )) {
      columns.forEach(({ kind }, c) => {
        const rivals = byKind.get(kind) ?? [];
        for (const raw of batch.columns[c]) {
          const value = comparable(raw);
          if (value === null || common[c].has(value)) continue;
          const text = normalise(kind, value);
          if (text === null) continue;
          hash.text(text);
          const { low, high } = hash;
          misses.offer(kind, text, low);
          if (!rivals.some((target) => target.values.count(low, high) > 0)) continue;
          if (allowed.count(low, high) > 0 || seen.add(low, high) > 1) continue;
          for (const target of rivals) target.hitCount += target.values.count(low, high);
        }
      });
    }
  }
  return misses;
}

function identifierColumns(
  table: TableFacts,
  classified: ReadonlyMap<string, ColumnClassification>,
): { readonly column: string; readonly kind: IdentifierClass }[] {
  return table.columns.flatMap((column) => {
    const kind = identifierClass(classified.get(`${tableId(table.name)}\0${column.name}`) ?? null);
    return kind === null || column.generated !== null ? [] : [{ column: column.name, kind }];
  });
}

/** Identifiers in tables that are copied on purpose. */
async function copiedValues(
  input: ScanInput,
  classified: ReadonlyMap<string, ColumnClassification>,
  hash: KeyedHash,
): Promise<HashCounts> {
  const allowed = new HashCounts();
  for (const table of input.catalog.tables) {
    if (input.strategies.get(tableId(table.name)) !== 'copy') continue;
    const columns = identifierColumns(table, classified);
    for await (const batch of tableRows(
      input.source,
      table.name,
      columns.map(({ column }) => column),
    )) {
      columns.forEach(({ kind }, c) => {
        for (const value of batch.columns[c]) {
          const text = normalise(kind, comparable(value));
          if (text === null) continue;
          hash.text(text);
          allowed.add(hash.low, hash.high);
        }
      });
    }
  }
  return allowed;
}

/** Raw values of a column that at least 5 units of the sample hold: placeholders, shared mailboxes. */
function commonValues(input: ScanInput, table: QualifiedName, column: string): Set<string> {
  const sample = input.source.sample.tables.get(tableId(table));
  const holders = new Map<string, Set<number>>();
  sample?.columns.get(column)?.forEach((value, row) => {
    if (value === null) return;
    const units = holders.get(value) ?? new Set<number>();
    if (units.size < COMMON_UNITS) units.add(sample.units[row]);
    holders.set(value, units);
  });
  return new Set([...holders].filter(([, units]) => units.size >= COMMON_UNITS).map(([value]) => value));
}

/**
 * How many coincidences chance makes. If made-up values fall at random into the space around the real ones, each of
 * the 9·d values that differ from a real one in one of its d digits is hit as often as the real one itself.
 */
class NearMisses {
  readonly #hash: KeyedHash;
  readonly #byKind = new Map<IdentifierClass, { seen: number; texts: Map<number, string> }>();

  constructor(hash: KeyedHash) {
    this.#hash = hash;
  }

  /** Keeps the values of the smallest hashes: a uniform sample of the distinct ones. */
  offer(kind: IdentifierClass, text: string, low: number): void {
    let sample = this.#byKind.get(kind);
    if (sample === undefined) this.#byKind.set(kind, (sample = { seen: 0, texts: new Map() }));
    sample.seen++;
    if (sample.texts.size < NEAR_MISS_SAMPLE) sample.texts.set(low, text);
    else if (low >>> 0 < (0xffffffff * NEAR_MISS_SAMPLE) / sample.seen) {
      const first = sample.texts.keys().next().value;
      if (first !== undefined) sample.texts.delete(first);
      sample.texts.set(low, text);
    }
  }

  expectedHits(kind: IdentifierClass, values: HashCounts): number {
    const sample = this.#byKind.get(kind);
    if (sample === undefined || sample.texts.size === 0) return 0;
    let expected = 0;
    for (const text of sample.texts.values()) {
      const digits = [...text.matchAll(/[0-9]/g)].map((match) => match.index);
      let near = 0;
      for (const at of digits) {
        for (let digit = 0; digit < 10; digit++) {
          if (text.charCodeAt(at) === 48 + digit) continue;
          this.#hash.text(`${text.slice(0, at)}${digit}${text.slice(at + 1)}`);
          near += values.count(this.#hash.low, this.#hash.high);
        }
      }
      if (digits.length > 0) expected += near / (9 * digits.length);
    }
    return (expected * sample.seen) / sample.texts.size;
  }
}
