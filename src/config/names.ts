import { tableId } from '../../connectors/connector.ts';
import type { Catalog, TableFacts } from '../../connectors/connector.ts';
import { UnderstudyError } from '../kernel/errors.ts';
import { finding } from '../kernel/findings.ts';
import type { Finding } from '../kernel/findings.ts';
import { nearest } from './nearest.ts';
import { placeOf } from './resolved.ts';
import type { ConfigPath, ResolvedConfig } from './resolved.ts';

/** The table that a configuration means by `schema.table`, or by a name alone where one table has it; else null. */
export function findTable(catalog: Catalog, name: string): TableFacts | null {
  const exact = catalog.tables.find(
    (table) => tableId(table.name) === name || `${table.name.schema}.${table.name.name}` === name,
  );
  if (exact !== undefined) return exact;
  const bare = catalog.tables.filter((table) => table.name.name === name);
  return bare.length === 1 ? bare[0] : null;
}

/**
 * Checks every table and column that the configuration names against the catalog; roles of the target are not checked.
 * Throws: `CONFIG_UNKNOWN_NAME` with all wrong names, their places and the nearest right ones.
 */
export function requireNames(config: ResolvedConfig, catalog: Catalog): void {
  const findings = checkNames(config, catalog);
  if (findings.length === 0) return;
  throw new UnderstudyError('CONFIG_UNKNOWN_NAME', findings.map((found) => found.message).join('\n'), {
    hint: findings[0].hint ?? 'Correct the name, or remove it.',
    data: { findings },
  });
}

/** The same as findings of severity `error`. Pure. */
export function checkNames(config: ResolvedConfig, catalog: Catalog): Finding[] {
  const check = new NameCheck(config, catalog);
  for (const [i, name] of config.subjects.entries()) check.table(name, ['subjects', i]);
  for (const [name, table] of Object.entries(config.tables)) {
    const facts = check.table(name, ['tables', name]);
    for (const column of Object.keys(table.columns)) check.column(facts, column, ['tables', name, 'columns', column]);
  }
  for (const [i, pinned] of config.pinned.entries()) {
    const facts = check.table(pinned.table, ['pinned', i, 'table']);
    for (const [j, row] of pinned.rows.entries()) {
      for (const column of Object.keys(row)) check.column(facts, column, ['pinned', i, 'rows', j, column]);
    }
  }
  for (const [i, key] of config.virtualForeignKeys.entries()) {
    const path = ['virtualForeignKeys', i];
    const from = check.table(key.table, [...path, 'table']);
    const to = check.table(key.references.table, [...path, 'references', 'table']);
    for (const [j, column] of key.columns.entries()) check.column(from, column, [...path, 'columns', j]);
    for (const [j, column] of key.references.columns.entries())
      check.column(to, column, [...path, 'references', 'columns', j]);
    if (key.when !== undefined) check.column(from, key.when.column, [...path, 'when', 'column']);
  }
  for (const [i, group] of config.gates.bias.subgroups.entries()) {
    const path = ['gates', 'bias', 'subgroups', i];
    const facts = check.table(group.table, [...path, 'table']);
    check.column(facts, group.group, [...path, 'group']);
    check.column(facts, group.outcome, [...path, 'outcome']);
  }
  return check.findings;
}

class NameCheck {
  readonly findings: Finding[] = [];
  readonly #config: ResolvedConfig;
  readonly #catalog: Catalog;

  constructor(config: ResolvedConfig, catalog: Catalog) {
    this.#config = config;
    this.#catalog = catalog;
  }

  table(name: string, path: ConfigPath): TableFacts | null {
    const table = findTable(this.#catalog, name);
    if (table !== null) return table;
    const namesakes = this.#catalog.tables
      .filter((other) => other.name.name === name)
      .map((other) => tableId(other.name));
    if (namesakes.length > 1) {
      this.#report(path, `\`${name}\` is the name of several tables: ${namesakes.join(', ')}.`, namesakes[0]);
    } else {
      const known = this.#catalog.tables.map((other) => tableId(other.name));
      const candidates = name.includes('.') ? known : this.#catalog.tables.map((other) => other.name.name);
      this.#report(
        path,
        `There is no table \`${name}\` in database ${this.#catalog.database}.`,
        nearest(name, candidates),
      );
    }
    return null;
  }

  column(table: TableFacts | null, name: string, path: ConfigPath): void {
    if (table === null || table.columns.some((column) => column.name === name)) return;
    const known = table.columns.map((column) => column.name);
    this.#report(path, `Table ${tableId(table.name)} has no column \`${name}\`.`, nearest(name, known));
  }

  #report(path: ConfigPath, message: string, suggestion: string | null): void {
    const meant = suggestion === null ? '' : ` Did you mean \`${suggestion}\`?`;
    const hint = suggestion === null ? 'Correct the name, or remove it.' : `Write \`${suggestion}\` instead.`;
    const text = `${placeOf(this.#config, path)}: ${message}${meant}`;
    this.findings.push(finding('error', 'CONFIG_UNKNOWN_NAME', path.join('.'), text, hint));
  }
}
