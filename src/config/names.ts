import { tableId } from '../../connectors/connector.ts';
import type { Catalog, TableFacts } from '../../connectors/connector.ts';
import { UnderstudyError } from '../kernel/errors.ts';
import { finding } from '../kernel/findings.ts';
import type { Finding } from '../kernel/findings.ts';
import { isGlob, tableGlob } from '../kernel/glob.ts';
import { nearest } from '../kernel/nearest.ts';
import { placeOf } from './resolved.ts';
import type { ConfigPath, ResolvedConfig } from './resolved.ts';
import type { TableConfig } from './schema.ts';

/** The table that a configuration means by `schema.table`, or by a name alone where one table has it; else null. */
export function findTable(catalog: Catalog, name: string): TableFacts | null {
  const exact = catalog.tables.find(
    (table) => tableId(table.name) === name || `${table.name.schema}.${table.name.name}` === name,
  );
  if (exact !== undefined) return exact;
  const bare = catalog.tables.filter((table) => table.name.name === name);
  return bare.length === 1 ? bare[0] : null;
}

/** The tables that a key under `tables:` means: one by its name, or all that match a pattern. */
export function findTables(catalog: Catalog, name: string): readonly TableFacts[] {
  const exact = findTable(catalog, name);
  if (exact !== null) return [exact];
  if (!isGlob(name)) return [];
  const matches = tableGlob(name);
  return catalog.tables.filter((table) => matches(table.name));
}

/** What `tables:` says of each table, by `tableId`: patterns in their order, then names, which know better. */
export function tableSettings(config: ResolvedConfig, catalog: Catalog): Map<string, Omit<TableConfig, 'columns'>> {
  const settings = new Map<string, Omit<TableConfig, 'columns'>>();
  const entries = Object.entries(config.tables);
  const patterns = entries.filter(([name]) => isGlob(name) && findTable(catalog, name) === null);
  for (const [name, { columns: _columns, ...said }] of [
    ...patterns,
    ...entries.filter((entry) => !patterns.includes(entry)),
  ])
    for (const table of findTables(catalog, name))
      settings.set(tableId(table.name), { ...settings.get(tableId(table.name)), ...said });
  return settings;
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
  for (const list of ['include', 'exclude'] as const)
    for (const [i, pattern] of config.source[list].entries()) check.pattern(pattern, ['source', list, i]);
  for (const [i, name] of config.subjects.entries()) check.table(name, ['subjects', i]);
  for (const [name, table] of Object.entries(config.tables)) {
    const facts = check.tables(name, ['tables', name]);
    for (const column of Object.keys(table.columns)) check.columnOf(facts, column, ['tables', name, 'columns', column]);
    for (const column of Object.keys(table.steer ?? {}))
      check.columnOf(facts, column, ['tables', name, 'steer', column]);
  }
  if (config.subset !== undefined) check.table(config.subset.root, ['subset', 'root']);
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

  /** By name or by a pattern. */
  tables(name: string, path: ConfigPath): readonly TableFacts[] {
    const found = findTables(this.#catalog, name);
    if (found.length > 0) return found;
    if (isGlob(name)) this.pattern(name, path);
    else this.table(name, path);
    return [];
  }

  pattern(pattern: string, path: ConfigPath): void {
    const matches = tableGlob(pattern);
    if (this.#catalog.tables.some((table) => matches(table.name))) return;
    const letters = pattern.replaceAll(/[*?]/g, '');
    // A pattern is like the table that begins like it.
    const starts = new Map(
      this.#catalog.tables.map(({ name: { schema, name } }) => {
        const known = pattern.includes('.') ? `${schema}.${name}` : name;
        return [isGlob(pattern) ? known.slice(0, letters.length) : known, known];
      }),
    );
    const meant = nearest(letters, starts.keys());
    this.#report(
      path,
      `The pattern \`${pattern}\` matches no table in database ${this.#catalog.database}.`,
      meant === null ? null : starts.get(meant)!,
    );
  }

  column(table: TableFacts | null, name: string, path: ConfigPath): void {
    this.columnOf(table === null ? [] : [table], name, path);
  }

  /** In one of the tables at least. */
  columnOf(tables: readonly TableFacts[], name: string, path: ConfigPath): void {
    if (tables.length === 0) return;
    const known = tables.flatMap((table) => table.columns.map((column) => column.name));
    if (known.includes(name)) return;
    const who =
      tables.length === 1 ? `Table ${tableId(tables[0].name)} has no column` : 'None of these tables has a column';
    this.#report(path, `${who} \`${name}\`.`, nearest(name, known));
  }

  #report(path: ConfigPath, message: string, suggestion: string | null): void {
    const meant = suggestion === null ? '' : ` Did you mean \`${suggestion}\`?`;
    const hint = suggestion === null ? 'Correct the name, or remove it.' : `Write \`${suggestion}\` instead.`;
    const text = `${placeOf(this.#config, path)}: ${message}${meant}`;
    this.findings.push(finding('error', 'CONFIG_UNKNOWN_NAME', path.join('.'), text, hint));
  }
}
