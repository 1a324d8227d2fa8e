import { tableId } from '../../../connectors/connector.ts';
import type { Catalog, ColumnFacts, TableFacts } from '../../../connectors/connector.ts';
import type { RulePack } from '../../../rules/pack.ts';
import { UnderstudyError } from '../../kernel/errors.ts';
import { finding } from '../../kernel/findings.ts';
import type { Finding } from '../../kernel/findings.ts';
import type { GraphTable, RelationGraph } from '../graph/artifact.ts';
import type { RelationalSample, TableSample } from '../profile/artifact.ts';
import type { Classification, ColumnClassification, ColumnRule, Sensitivity, Treatment } from './artifact.ts';
import {
  arrayElements,
  detectByName,
  detectColumn,
  detectInJson,
  detectorById,
  distinctValues,
  isContradicted,
  kindOfType,
  namesSomebody,
  packsNamed,
} from './detect.ts';
import type { Detection } from './detect.ts';
import { canFake } from './fit.ts';
import type { RowNames } from './handle-style.ts';
import { followMaskedKeys, judgeRealTable, realColumn, type RealColumn } from './real-columns.ts';
import { ruleFor, unusedRules, whyRuleDoesNotFit } from './column-rule.ts';
import { holdsIdentifier } from './value-checks.ts';
import { inferLocale, learnStyle } from './value-style.ts';
import { localeNamed } from './locale-data.ts';
import { keysToKeepUnique } from './unique-columns.ts';

export interface ClassifyInput {
  readonly catalog: Catalog;
  /** Null before it is known: then no column is personal for its row's sake alone. */
  readonly graph: RelationGraph | null;
  /** Null: names alone decide. */
  readonly sample: RelationalSample | null;
  readonly rules: readonly ColumnRule[];
  /** Names of rule packs; all built-in ones where absent. */
  readonly packs?: readonly string[];
  /** Tables, by `tableId`, whose real rows are masked; none where absent. */
  readonly masked?: ReadonlySet<string>;
  /** Of the values to be made; inferred from the names and cities in the sample where absent. */
  readonly locale?: string;
}

/** Detector of long text that nothing else is known about. */
const WRITTEN = 'text.written-by-person';

/**
 * Says of every column what it holds and what becomes of it. Precedence: the user's rule, the packs in their order,
 * the default (`synthesize`). Keys, foreign keys, identities and generated columns are `structural`; a text key that
 * is itself personal is faked, uniquely, and the foreign keys that reference it follow it.
 *
 * Fails closed: a personal column that no treatment fits is an error among the findings, with the line that settles it.
 * Throws: `MASK_RULE_INVALID` for an unknown pack or locale; wrong column rules are findings of that code.
 */
export function classifyColumns(input: ClassifyInput): Classification {
  const packs = packsNamed(input.packs);
  const findings: Finding[] = [];
  const columns: ColumnClassification[] = [];
  const graphTables = new Map(input.graph?.tables.map((table) => [table.id, table]) ?? []);
  const fallbackLocale = input.locale === undefined ? 'en' : requireLocale(input.locale);

  for (const table of input.catalog.tables) {
    const id = tableId(table.name);
    const sample = input.sample?.tables.get(id) ?? null;
    const isReal = input.masked?.has(id) === true;
    const found = new Map(
      table.columns.map((column) => [column.name, findIn(table, column, sample, graphTables.get(id) ?? null, packs)]),
    );
    const locale = input.locale === undefined ? localeOfTable(found, sample, fallbackLocale) : fallbackLocale;
    const decided = table.columns.map((column) =>
      decide(
        table,
        column,
        found.get(column.name)!,
        input.rules,
        findings,
        isReal ? realColumn(sample, column.name) : null,
      ),
    );
    if (isReal) findings.push(...judgeRealTable(table, decided));
    const unique = keysToKeepUnique(table, decided);
    for (const entry of decided)
      columns.push(
        withStyle(entry, table, sample, unique.has(entry.column), locale, namesBeside(entry, decided, sample)),
      );
  }
  followReferencedKeys(input.catalog, columns);
  findings.push(...followMaskedKeys(input.catalog, columns, input.masked ?? new Set()));
  for (const rule of unusedRules(input.rules, input.catalog)) {
    findings.push(
      finding(
        'warning',
        'MASK_RULE_UNUSED',
        `${rule.table}.${rule.column}`,
        'This rule matches no column, so it treats nothing.',
        'Correct its table or column, or remove it.',
      ),
    );
  }
  return { version: 1, columns, findings };
}

function requireLocale(text: string): string {
  const name = localeNamed(text);
  if (name !== null) return name;
  throw new UnderstudyError('MASK_RULE_INVALID', `There is no locale named ${text} to make values in.`, {
    hint: 'Use a language or locale that faker has, such as en, de, fr, es or pt_BR.',
  });
}

/** What the packs and the data say about a column. */
interface Found {
  readonly structural: string | null;
  readonly detection: Detection | null;
  /** Personal for its content: a JSON document with identifiers, long text. */
  readonly content: {
    readonly detector: string;
    readonly sensitivity: Sensitivity;
    readonly reason: string;
    readonly pack: string;
  } | null;
}

function findIn(
  table: TableFacts,
  column: ColumnFacts,
  sample: TableSample | null,
  graph: GraphTable | null,
  packs: readonly RulePack[],
): Found {
  const structural = structuralReason(table, column);
  const values = sample?.columns.get(column.name) ?? [];
  const kind = kindOfType(column.type);
  const distinct = distinctValues(
    column.type.class === 'array' ? values.flatMap((value) => (value === null ? [] : arrayElements(value))) : values,
  );
  const detection =
    kind === 'json' || column.type.class === 'composite'
      ? null
      : detectColumn(table.name.name, column.name, kind, distinct, packs);
  const content =
    detection !== null || structural !== null ? null : findContent(table, column, kind, distinct, graph, packs);
  return { structural, detection, content };
}

function structuralReason(table: TableFacts, column: ColumnFacts): string | null {
  if (column.generated !== null) return 'the server computes it';
  if (column.identity !== null || column.sequence !== null) return 'it draws from a sequence';
  if (table.foreignKeys.some((key) => key.columns.includes(column.name))) return 'it is part of a foreign key';
  if (table.primaryKey?.columns.includes(column.name)) return 'it is part of the primary key';
  return null;
}

/** Long text is personal where it holds identifiers, or where its row belongs to a person; JSON where it holds identifiers. */
function findContent(
  table: TableFacts,
  column: ColumnFacts,
  kind: string,
  distinct: readonly string[],
  graph: GraphTable | null,
  packs: readonly RulePack[],
): Found['content'] {
  if (kind === 'json' || column.type.class === 'composite') {
    const named =
      column.type.fields
        ?.map((field) => detectByName(table.name.name, field.name, kindOfType(field.type), packs)?.detector)
        .find((hit) => hit !== undefined) ?? detectByName(table.name.name, column.name, 'text', packs)?.detector;
    const inside = named !== undefined && namesSomebody(named) ? named : detectInJson(table.name.name, distinct, packs);
    if (inside === null) return null;
    return {
      detector: inside.id,
      sensitivity: inside.sensitivity,
      reason: `the ${kind === 'json' ? 'JSON document' : 'composite value'} holds a ${inside.title}`,
      pack: packOf(inside.id, packs),
    };
  }
  if (kind !== 'text' || column.type.class === 'array' || distinct.length === 0) return null;
  const long = distinct.filter((value) => value.length >= 40 && value.split(/\s+/).length >= 5);
  const holding = distinct.filter(holdsIdentifier).length;
  if (holding >= 2 && holding >= distinct.length / 100) {
    return {
      detector: WRITTEN,
      sensitivity: 'direct',
      reason: `${percent(holding / distinct.length)} of ${distinct.length} sampled values hold an e-mail address, phone number or bank account`,
      pack: packOf(WRITTEN, packs),
    };
  }
  const leadsToSubject = graph?.subjectPath?.every((step) => step.direction === 'up') === true;
  if (leadsToSubject && long.length >= distinct.length / 2 && distinct.length >= 5) {
    return {
      detector: WRITTEN,
      sensitivity: 'quasi',
      reason: 'it is long text in rows that belong to persons',
      pack: packOf(WRITTEN, packs),
    };
  }
  return null;
}

function packOf(detector: string, packs: readonly RulePack[]): string {
  return packs.find((pack) => pack.detectors.some((candidate) => candidate.id === detector))?.name ?? 'default';
}

function decide(
  table: TableFacts,
  column: ColumnFacts,
  found: Found,
  rules: readonly ColumnRule[],
  findings: Finding[],
  real: RealColumn | null,
): ColumnClassification {
  const id = tableId(table.name);
  const place = { table: id, column: column.name, style: null };
  const { detection, content } = found;
  const detector = detection?.detector.id ?? content?.detector ?? null;
  const sensitivity: Sensitivity = detection?.detector.sensitivity ?? content?.sensitivity ?? 'none';
  const match = detection?.byName ?? null;
  const group = match === null ? {} : { group: groupOf(match.qualifier) };
  const evidence = detection === null ? (content?.reason ?? 'no rule matches') : evidenceOf(detection);

  const rule = ruleFor(rules, table.name, column.name);
  if (rule !== null) {
    const problem = whyRuleDoesNotFit(rule, table, column, found.structural, real);
    if (problem !== null)
      findings.push(finding('error', 'MASK_RULE_INVALID', `${id}.${column.name}`, problem.message, problem.hint));
    else if (
      (rule.treatment === 'keep' || rule.treatment === 'synthesize') &&
      (detection !== null ? namesSomebody(detection.detector) : content !== null)
    ) {
      findings.push(
        finding(
          'warning',
          'MASK_PERSONAL_KEPT',
          `${id}.${column.name}`,
          `The configuration says ${rule.treatment}, but ${evidence}.`,
          'Remove the rule, or set its treatment to fake, unless this is meant.',
        ),
      );
    }
    const named = rule.detector === undefined ? null : detectorById(rule.detector);
    return {
      ...place,
      ...group,
      sensitivity: named?.sensitivity ?? sensitivity,
      detector: named?.id ?? detector,
      treatment: rule.treatment,
      decidedBy: 'config',
      reason: `the configuration says ${rule.treatment}; ${evidence}`,
      ...(rule.options === undefined ? {} : { options: rule.options }),
    };
  }
  const decidedBy = detection?.pack.name ?? content?.pack ?? 'default';
  if (found.structural !== null && !isPersonalKey(table, column, detection)) {
    return {
      ...place,
      sensitivity: 'none',
      detector: null,
      treatment: 'structural',
      decidedBy: 'default',
      reason: found.structural,
    };
  }
  if (detector === null)
    return {
      ...place,
      sensitivity: 'none',
      detector: null,
      treatment: 'synthesize',
      decidedBy: 'default',
      reason: evidence,
    };

  const treatment = treatmentFor(column, detector, detection?.detector.treatment ?? 'fake');
  if (treatment === null) {
    findings.push(untreated(table, column, evidence));
    return {
      ...place,
      ...group,
      sensitivity,
      detector,
      treatment: 'redact',
      decidedBy,
      reason: `${evidence}; no treatment fits its type`,
    };
  }
  if (detection !== null && isContradicted(detection)) {
    findings.push(
      finding(
        'info',
        'MASK_NAME_AND_VALUES_DIFFER',
        `${id}.${column.name}`,
        `Its name says ${detection.detector.title}, but only ${percent(detection.share!)} of ${detection.distinctCount} sampled values pass as one; it is treated by its name.`,
        'Add a rule for this column if the name misleads.',
      ),
    );
  }
  return { ...place, ...group, sensitivity, detector, treatment, decidedBy, reason: evidence };
}

/** The treatment of the pack, if it fits the type; for bytes `null` where allowed; null where none fits. */
function treatmentFor(column: ColumnFacts, detector: string, wanted: Treatment): Treatment | null {
  if (wanted === 'synthesize' || wanted === 'keep') return wanted;
  if (wanted === 'fake') return canFake(detector, column.type) ? 'fake' : null;
  if (wanted === 'redact' && column.type.class === 'bytes') return column.nullable ? 'null' : 'redact';
  return wanted;
}

/** A key that is itself a person's: in text, or a number that somebody outside gave; not a reference, nor one that a sequence draws. */
function isPersonalKey(table: TableFacts, column: ColumnFacts, detection: Detection | null): boolean {
  if (detection === null || column.generated !== null || column.identity !== null || column.sequence !== null)
    return false;
  if (table.foreignKeys.some((key) => key.columns.includes(column.name))) return false;
  if (column.type.class === 'uuid') return false; // made anew by `generate` in any case
  return namesSomebody(detection.detector);
}

function untreated(table: TableFacts, column: ColumnFacts, evidence: string): Finding {
  const id = tableId(table.name);
  const treatment = column.nullable ? 'null' : 'redact';
  return finding(
    'error',
    'MASK_UNTREATED_COLUMN',
    `${id}.${column.name}`,
    `It is personal (${evidence}), and no fake value can be made for its type ${column.type.sql}; the run stops so that nothing personal passes.`,
    `Add under rules: - { table: ${id}, column: ${column.name}, treatment: ${treatment} }`,
  );
}

function evidenceOf(detection: Detection): string {
  const parts: string[] = [];
  if (detection.byName !== null) parts.push(`name matches ${detection.pack.name}/${detection.detector.id}`);
  if (detection.share !== null)
    parts.push(
      `${percent(detection.share)} of ${detection.distinctCount} sampled values pass as ${detection.detector.title}`,
    );
  return parts.join('; ');
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Qualifiers that speak of the same person, or only of which of their numbers it is. */
const OWN_QUALIFIERS = new Set([
  'home',
  'work',
  'mobile',
  'private',
  'privat',
  'office',
  'business',
  'primary',
  'secondary',
  'main',
  'default',
  'current',
  'contact',
  'customer',
  'client',
  'user',
  'person',
  'personal',
  'employee',
  'member',
  'account',
  'patient',
  'student',
  'login',
  'kunden',
  'kunde',
  'nutzer',
  'full',
  'real',
  'legal',
  'public',
  'cell',
  'fax',
  'phone',
  'movil',
  'cliente',
  'persona',
]);

function groupOf(qualifier: string): string {
  return qualifier
    .split('_')
    .filter((word) => word !== '' && !OWN_QUALIFIERS.has(word))
    .join('_');
}

function withStyle(
  entry: ColumnClassification,
  table: TableFacts,
  sample: TableSample | null,
  unique: boolean,
  tableLocale: string,
  names: readonly RowNames[] | null,
): ColumnClassification {
  if (entry.treatment === 'structural' || entry.treatment === 'synthesize' || entry.treatment === 'keep') return entry;
  const column = table.columns.find((candidate) => candidate.name === entry.column)!;
  const locale = entry.options?.locale === undefined ? tableLocale : (localeNamed(entry.options.locale) ?? tableLocale);
  const raw = sample?.columns.get(entry.column) ?? null;
  const isArray = column.type.class === 'array';
  return {
    ...entry,
    style: learnStyle({
      detector: entry.detector,
      maxLength: isArray ? (column.type.element?.maxLength ?? null) : column.type.maxLength,
      unique,
      locale,
      values: isArray
        ? (raw?.map((value) => (value === null ? null : (arrayElements(value)[0] ?? null))) ?? null)
        : raw,
      units: sample?.units ?? [],
      ...(names === null ? {} : { names }),
    }),
  };
}

/** The names of the same person in other columns of the row; null where there are none. */
function namesBeside(
  entry: ColumnClassification,
  columns: readonly ColumnClassification[],
  sample: TableSample | null,
): readonly RowNames[] | null {
  const valuesOf = (detector: string): readonly (string | null)[] | undefined => {
    const named = columns.find((other) => other.detector === detector && (other.group ?? '') === (entry.group ?? ''));
    return named === undefined ? undefined : sample?.columns.get(named.column);
  };
  const [first, last, full] = ['person.first-name', 'person.last-name', 'person.full-name'].map(valuesOf);
  if (first === undefined && last === undefined && full === undefined) return null;
  return Array.from({ length: sample!.rowCount }, (_, row) => {
    const parts = full?.[row]?.trim().split(/\s+/) ?? [];
    return { first: first?.[row] ?? parts[0] ?? null, last: last?.[row] ?? parts.slice(1).at(-1) ?? null };
  });
}

function localeOfTable(found: ReadonlyMap<string, Found>, sample: TableSample | null, fallback: string): string {
  const sampled = (detector: string): string[] => {
    for (const [column, { detection }] of found) {
      if (detection?.detector.id === detector) return distinctValues(sample?.columns.get(column) ?? []);
    }
    return [];
  };
  const full = sampled('person.full-name').map((name) => name.split(' '));
  return inferLocale(
    {
      firstNames: [...sampled('person.first-name'), ...full.map((parts) => parts[0])],
      lastNames: [...sampled('person.last-name'), ...full.map((parts) => parts.at(-1) ?? '')],
      cities: sampled('location.city'),
    },
    fallback,
  );
}

/** A foreign key to a personal key carries what that key carries; it stays structural, as it copies the made value. */
function followReferencedKeys(catalog: Catalog, columns: ColumnClassification[]): void {
  const index = new Map(columns.map((entry, i) => [`${entry.table}\0${entry.column}`, i]));
  for (const table of catalog.tables) {
    for (const key of table.foreignKeys) {
      key.columns.forEach((column, i) => {
        const place = index.get(`${tableId(key.referencedTable)}\0${key.referencedColumns[i]}`) ?? -1;
        const target = columns[place];
        const own = index.get(`${tableId(table.name)}\0${column}`);
        if (
          target === undefined ||
          own === undefined ||
          target.treatment === 'structural' ||
          target.treatment === 'synthesize' ||
          target.treatment === 'keep'
        )
          return;
        columns[place] = { ...target, referenced: true };
        if (columns[own].decidedBy === 'config') return;
        columns[own] = {
          ...columns[own],
          sensitivity: target.sensitivity,
          detector: target.detector,
          treatment: 'structural',
          reason: `it references ${target.table}.${target.column}, whose made values it copies`,
        };
      });
    }
  }
}
