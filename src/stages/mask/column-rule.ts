import { tableId } from '../../../connectors/connector.ts';
import type { Catalog, ColumnFacts, QualifiedName, TableFacts } from '../../../connectors/connector.ts';
import { glob } from '../../kernel/glob.ts';
import type { ColumnRule } from './artifact.ts';
import { detectorById } from './detect.ts';
import { canFake } from './fit.ts';
import { whyNoPseudonym, type RealColumn } from './real-columns.ts';

/** The first of the user's rules that matches the column. */
export function ruleFor(rules: readonly ColumnRule[], table: QualifiedName, column: string): ColumnRule | null {
  return rules.find((rule) => matches(rule, table, column)) ?? null;
}

/** Rules that no column of the catalog matches; a rule that an earlier one hides is used. */
export function unusedRules(rules: readonly ColumnRule[], catalog: Catalog): readonly ColumnRule[] {
  return rules.filter(
    (rule) => !catalog.tables.some((table) => table.columns.some((column) => matches(rule, table.name, column.name))),
  );
}

function matches(rule: ColumnRule, table: QualifiedName, column: string): boolean {
  const isMeant = glob(rule.table);
  return (isMeant(tableId(table)) || isMeant(table.name)) && glob(rule.column)(column);
}

/**
 * What is wrong with a rule for this column, or null: a treatment must suit type and nullability before any row moves.
 * `real`: what is known of its values, where real rows are to be masked.
 */
export function whyRuleDoesNotFit(
  rule: ColumnRule,
  table: TableFacts,
  column: ColumnFacts,
  structural: string | null,
  real: RealColumn | null,
): { message: string; hint: string } | null {
  const { treatment } = rule;
  const type = column.type;
  if (rule.detector !== undefined && detectorById(rule.detector) === null) {
    return {
      message: `The rule names the detector ${rule.detector}, which no pack has.`,
      hint: 'Run `understudy rules list` and name one of its detectors.',
    };
  }
  if (column.generated !== null && treatment !== 'structural') {
    return {
      message: `The server computes this column, so it cannot be treated as ${treatment}.`,
      hint: 'Write the rule for the columns that it is computed from.',
    };
  }
  if (structural === 'it is part of a foreign key' && !['structural', 'synthesize', 'keep'].includes(treatment)) {
    return {
      message: `The column is part of a foreign key and follows the key that it references, so it cannot be treated as ${treatment}.`,
      hint: 'Write the rule for the referenced column.',
    };
  }
  if (treatment === 'pseudonym') {
    const problem = whyNoPseudonym(rule, column, real, coversUniqueKey(table, column.name));
    if (problem !== null) return problem;
  }
  if (treatment === 'hash' && real !== null && coversUniqueKey(table, column.name) && isNarrow(column)) {
    return {
      message: `The column alone is unique, and hashes as short as ${type.sql} would repeat.`,
      hint: 'Use pseudonym for this column.',
    };
  }
  if (treatment === 'null' && !column.nullable) {
    return { message: 'The rule says null, but the column is NOT NULL.', hint: 'Use redact or fake for this column.' };
  }
  if (treatment === 'fake' && !canFake(rule.detector ?? detectorOfType(column), type)) {
    return {
      message: `No fake value can be made for the type ${type.sql}${rule.detector === undefined ? '' : ` as ${rule.detector}`}.`,
      hint: `Use ${column.nullable ? 'null' : 'redact'} for this column.`,
    };
  }
  if (treatment === 'shift' && !['date', 'timestamp', 'timestamptz'].includes(type.class)) {
    return {
      message: `Only dates and timestamps can be shifted; the type is ${type.sql}.`,
      hint: 'Use another treatment for this column.',
    };
  }
  if (
    treatment === 'bucket' &&
    !['integer', 'decimal', 'float', 'money', 'date', 'timestamp', 'timestamptz'].includes(type.class)
  ) {
    return {
      message: `Only numbers, dates and timestamps can be put in buckets; the type is ${type.sql}.`,
      hint: 'Use another treatment for this column.',
    };
  }
  if (treatment === 'hash' && !['text', 'bytes', 'uuid', 'integer'].includes(type.class)) {
    return {
      message: `Only text, bytes, UUIDs and integers can be hashed; the type is ${type.sql}.`,
      hint: 'Use another treatment for this column.',
    };
  }
  if (
    treatment === 'redact' &&
    ![
      'text',
      'bytes',
      'json',
      'array',
      'integer',
      'decimal',
      'float',
      'money',
      'boolean',
      'date',
      'timestamp',
      'timestamptz',
      'uuid',
      'network',
    ].includes(type.class)
  ) {
    return {
      message: `There is no neutral value for the type ${type.sql}.`,
      hint: column.nullable ? 'Use null for this column.' : 'Use synthesize for this column, or leave its table out.',
    };
  }
  if (['redact', 'bucket'].includes(treatment) && coversUniqueKey(table, column.name)) {
    return {
      message: `The column alone is unique, and ${treatment} gives many rows the same value.`,
      hint: 'Use fake or hash for this column.',
    };
  }
  return null;
}

/** Fewer than 64 bits of a hash: among some ten thousand values two would be the same. */
function isNarrow({ type }: ColumnFacts): boolean {
  return type.class === 'integer' ? type.byteSize !== 8 : type.class === 'text' && (type.maxLength ?? 64) < 16;
}

/** Class of an undetected column that is to be faked: by type. */
export function detectorOfType(column: ColumnFacts): string {
  return column.type.class === 'date' || column.type.class === 'timestamp' || column.type.class === 'timestamptz'
    ? 'person.birth-date'
    : column.type.class === 'network'
      ? 'internet.ip'
      : column.type.class === 'uuid' || column.type.class === 'bytes'
        ? 'secret.token'
        : column.type.class === 'integer' || column.type.class === 'decimal'
          ? 'person.national-id'
          : 'text.written-by-person';
}

export function coversUniqueKey(table: TableFacts, column: string): boolean {
  return [table.primaryKey, ...table.uniqueKeys].some(
    (key) => key !== null && key.predicate === null && key.columns.length === 1 && key.columns[0] === column,
  );
}
