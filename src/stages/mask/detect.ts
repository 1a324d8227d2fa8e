import type { TypeClass } from '../../../connectors/connector.ts';
import { builtInPacks } from '../../../rules/index.ts';
import type { ColumnKind, Detector, RulePack, ValueTest } from '../../../rules/pack.ts';
import { UnderstudyError } from '../../kernel/errors.ts';
import { columnNameOf, matchNameRules, singularsOf, tableKindsOf } from './column-name.ts';
import type { ColumnName, NameMatch } from './column-name.ts';
import { isInDictionary } from './dictionaries.ts';
import { VALUE_CHECKS } from './value-checks.ts';

/** Distinct values of a column that are tried against the packs: enough to tell a share of a fifth from none. */
export const TRIED_VALUES = 1000;

const KIND_OF_CLASS: Readonly<Record<TypeClass, ColumnKind>> = {
  integer: 'number',
  decimal: 'number',
  float: 'number',
  money: 'number',
  boolean: 'boolean',
  text: 'text',
  uuid: 'uuid',
  date: 'date',
  timestamp: 'date',
  timestamptz: 'date',
  time: 'other',
  timetz: 'other',
  interval: 'other',
  json: 'json',
  bytes: 'bytes',
  enum: 'enum',
  array: 'other',
  composite: 'other',
  range: 'other',
  multirange: 'other',
  network: 'network',
  bit: 'other',
  tsvector: 'other',
  other: 'other',
};

/** The kind of a type; arrays count as their element. */
export function kindOfType(type: {
  readonly class: TypeClass;
  readonly element: { readonly class: TypeClass } | null;
}): ColumnKind {
  return type.class === 'array' && type.element !== null
    ? KIND_OF_CLASS[type.element.class]
    : KIND_OF_CLASS[type.class];
}

/** The named packs in that order, or all built-in ones. Throws `MASK_RULE_INVALID` for a name that no pack has. */
export function packsNamed(names?: readonly string[]): readonly RulePack[] {
  if (names === undefined) return builtInPacks;
  return names.map((name) => {
    const pack = builtInPacks.find((candidate) => candidate.name === name);
    if (pack === undefined) {
      throw new UnderstudyError(
        'MASK_RULE_INVALID',
        `There is no rule pack named ${name}, so no column can be classified by it.`,
        {
          hint: `Name one of: ${builtInPacks.map((known) => known.name).join(', ')}.`,
        },
      );
    }
    return pack;
  });
}

export function detectorById(id: string): Detector | null {
  for (const pack of builtInPacks) {
    const found = pack.detectors.find((detector) => detector.id === id);
    if (found !== undefined) return found;
  }
  return null;
}

/** What must not stand untreated even alone: what belongs to one person, grants access, or is a person's name. */
export function namesSomebody(detector: Detector): boolean {
  return detector.sensitivity === 'direct' || detector.sensitivity === 'secret' || detector.identifiesPerson;
}

export interface NameHit {
  readonly pack: RulePack;
  readonly detector: Detector;
  readonly match: NameMatch;
}

/** What a column is by its name alone; the longest matching term decides. A plural (`emails`) is tried as its singular. */
export function detectByName(
  table: string,
  column: string,
  kind: ColumnKind,
  packs: readonly RulePack[],
): NameHit | null {
  for (const name of namesOf(table, column)) {
    const hit = longestMatch(table, name, kind, packs);
    if (hit !== null) return hit;
  }
  return null;
}

function namesOf(table: string, column: string): ColumnName[] {
  const name = columnNameOf(table, column);
  const last = name.words.at(-1) ?? '';
  return [name, ...singularsOf(last).map((singular) => ({ ...name, words: [...name.words.slice(0, -1), singular] }))];
}

function longestMatch(table: string, name: ColumnName, kind: ColumnKind, packs: readonly RulePack[]): NameHit | null {
  let best: NameHit | null = null;
  for (const pack of packs) {
    const kinds = tableKindsOf(table, pack.tables);
    for (const detector of pack.detectors) {
      if (!detector.kinds.includes(kind)) continue;
      const match = matchNameRules(name, kinds, detector.names);
      if (match !== null && (best === null || match.weight > best.match.weight)) best = { pack, detector, match };
    }
  }
  return best;
}

export interface ValueHit {
  readonly pack: RulePack;
  readonly detector: Detector;
  /** Share of the distinct values that pass. */
  readonly share: number;
  readonly distinctCount: number;
}

/** What a column is by its values alone: the detector whose threshold is reached with the greatest share. */
export function detectByValues(
  kind: ColumnKind,
  distinct: readonly string[],
  packs: readonly RulePack[],
): ValueHit | null {
  let best: ValueHit | null = null;
  for (const pack of packs) {
    for (const detector of pack.detectors) {
      const alone = detector.values?.alone;
      if (alone === undefined || !detector.kinds.includes(kind) || distinct.length < alone.distinctCount) continue;
      const share = shareThatPasses(detector.values!.test, distinct);
      if (share >= alone.share && (best === null || share > best.share))
        best = { pack, detector, share, distinctCount: distinct.length };
    }
  }
  return best;
}

export function shareThatPasses(test: ValueTest, distinct: readonly string[]): number {
  if (distinct.length === 0) return 0;
  const passes = valueTest(test);
  return distinct.reduce((count, value) => count + (passes(value) ? 1 : 0), 0) / distinct.length;
}

export function valueTest(test: ValueTest): (value: string) => boolean {
  if ('check' in test) return VALUE_CHECKS[test.check];
  if ('dictionary' in test) return (value) => isInDictionary(test.dictionary, value);
  const pattern = new RegExp(test.pattern, 'u');
  return (value) => pattern.test(value);
}

/** What a column is, and by what evidence. */
export interface Detection {
  readonly pack: RulePack;
  readonly detector: Detector;
  readonly byName: NameMatch | null;
  /** Share of distinct sampled values that pass the detector's test; null where it has none or nothing was sampled. */
  readonly share: number | null;
  readonly distinctCount: number;
}

/** Below this share, values speak against a name. */
const CONTRADICTED_SHARE = 0.2;
const CONTRADICTION_NEEDS = 10;

/**
 * Name and values together. A name decides, unless the values are plainly of another class that is told by form
 * (an e-mail in `login`); a dictionary never overrules a name, as many cities are last names. What a name does not
 * tell, values do.
 */
export function detectColumn(
  table: string,
  column: string,
  kind: ColumnKind,
  distinct: readonly string[],
  packs: readonly RulePack[],
): Detection | null {
  const named = detectByName(table, column, kind, packs);
  const valued = detectByValues(kind, distinct, packs);
  if (named === null) return valued === null ? null : { ...valued, byName: null };
  const test = named.detector.values?.confirm ?? named.detector.values?.test;
  const share = test === undefined || distinct.length === 0 ? null : shareThatPasses(test, distinct);
  const overruled =
    valued !== null &&
    valued.detector !== named.detector &&
    !('dictionary' in valued.detector.values!.test) &&
    valued.share >= 0.5 &&
    (share === null || share < CONTRADICTED_SHARE);
  if (overruled) return { ...valued, byName: null };
  return { pack: named.pack, detector: named.detector, byName: named.match, share, distinctCount: distinct.length };
}

/** Whether a name promises a form that the values do not have: worth a remark, never a reason to let it pass. */
export function isContradicted(detection: Detection): boolean {
  return (
    detection.byName !== null &&
    detection.share !== null &&
    detection.share < CONTRADICTED_SHARE &&
    detection.distinctCount >= CONTRADICTION_NEEDS &&
    !('dictionary' in (detection.detector.values?.test ?? { dictionary: '' }))
  );
}

/** The first `TRIED_VALUES` distinct values that are not blank, in the sample's order. */
export function distinctValues(values: readonly (string | null)[]): string[] {
  const distinct = new Set<string>();
  for (const value of values) {
    if (value === null || value.trim() === '') continue;
    distinct.add(value);
    if (distinct.size >= TRIED_VALUES) break;
  }
  return [...distinct];
}

/** Elements of a one-dimensional array literal `{a,"b c",NULL}`; what is nested counts as one text. */
export function arrayElements(literal: string): string[] {
  const elements: string[] = [];
  const pattern = /"((?:[^"\\]|\\.)*)"|([^,{}"]+)/g;
  for (const match of literal.matchAll(pattern)) {
    const element = match[1]?.replace(/\\(.)/g, '$1') ?? match[2];
    if (element !== undefined && element !== 'NULL') elements.push(element);
  }
  return elements;
}

/** Direct identifiers and secrets in JSON documents: the id of the first detector that a key or its values match. */
export function detectInJson(table: string, documents: readonly string[], packs: readonly RulePack[]): Detector | null {
  const leaves = new Map<string, { kind: ColumnKind; values: string[] }>();
  for (const document of documents) {
    let parsed: unknown;
    try {
      parsed = JSON.parse(document);
    } catch {
      continue; // cut at TEXT_LIMIT
    }
    collectLeaves(parsed, '', leaves);
  }
  for (const [key, leaf] of leaves) {
    const found = detectColumn(table, key, leaf.kind, distinctValues(leaf.values), packs);
    if (found !== null && namesSomebody(found.detector)) return found.detector;
  }
  return null;
}

function collectLeaves(node: unknown, key: string, leaves: Map<string, { kind: ColumnKind; values: string[] }>): void {
  if (Array.isArray(node)) {
    for (const item of node) collectLeaves(item, key, leaves);
  } else if (node !== null && typeof node === 'object') {
    for (const [name, child] of Object.entries(node)) collectLeaves(child, name, leaves);
  } else if (typeof node === 'string' || typeof node === 'number') {
    const leaf = leaves.get(key) ?? { kind: typeof node === 'string' ? 'text' : 'number', values: [] };
    leaf.values.push(String(node));
    leaves.set(key, leaf);
  }
}
