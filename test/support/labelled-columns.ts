/** The labelled list of columns, and how well they are told by the packs. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ColumnKind, RulePack } from '../../rules/pack.ts';
import { detectColumn } from '../../src/stages/mask/detect.ts';

export interface LabelledColumn {
  readonly language: string;
  readonly table: string;
  readonly column: string;
  readonly kind: ColumnKind;
  /** A detector's id, or `none`. */
  readonly label: string;
  readonly values: readonly string[];
  /** `tuned`: rules may be written for it; `held`: it is only ever measured. By a hash of the name, so nobody chose. */
  readonly half: 'tuned' | 'held';
}

/** Reads the list from its folder. */
export function labelledColumns(folder: string): LabelledColumn[] {
  const lines = (file: string): string[] =>
    readFileSync(path.join(folder, file), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
  const values = new Map(
    lines('values.txt').map((line) => {
      const [language, label] = line.split(' ', 2);
      return [`${language} ${label}`, line.slice(language.length + label.length + 2).split('|')];
    }),
  );
  return lines('columns.txt').flatMap((line) => {
    const [head, names] = line.split(': ');
    const [language, label, table] = head.split(' ');
    return names.split(' ').map((name): LabelledColumn => {
      const [column, kind] = name.split(':') as [string, ColumnKind | undefined];
      const digest = createHash('sha256').update(`${language} ${table} ${column}`).digest();
      return {
        language,
        table,
        column,
        kind: kind ?? 'text',
        label: label.startsWith('none/') ? 'none' : label,
        values: values.get(`${language} ${label}`) ?? values.get(`* ${label}`) ?? [],
        half: digest[0] % 2 === 0 ? 'tuned' : 'held',
      };
    });
  });
}

export interface Outcome {
  readonly column: LabelledColumn;
  /** A detector's id, or `none`. */
  readonly told: string;
}

export function tellColumns(columns: readonly LabelledColumn[], packs: readonly RulePack[]): Outcome[] {
  return columns.map((column) => {
    const found = detectColumn(column.table, column.column, column.kind, column.values, packs);
    return { column, told: found?.detector.id ?? 'none' };
  });
}

export interface Score {
  readonly precision: number;
  readonly recall: number;
  readonly positiveCount: number;
}

/** Of all classes but `none` together, or of one class. A class that was never told has a precision of 1. */
export function scoreOf(outcomes: readonly Outcome[], label?: string): Score {
  const counts = (name: string): boolean => (label === undefined ? name !== 'none' : name === label);
  const told = outcomes.filter((outcome) => counts(outcome.told));
  const real = outcomes.filter((outcome) => counts(outcome.column.label));
  const right = real.filter((outcome) => outcome.told === outcome.column.label).length;
  return {
    precision: told.length === 0 ? 1 : right / told.length,
    recall: real.length === 0 ? 1 : right / real.length,
    positiveCount: real.length,
  };
}
