/** Equalities: with a parent's column, between paths to one row, within the row. */
import type { ForeignKeyFacts } from '../../../../connectors/connector.ts';
import { tableId } from '../../../../connectors/connector.ts';
import type { MinedRule } from '../../../model/rules.ts';
import { BROKEN, HELD, SILENT, weigh, type RuleTest } from './evidence.ts';
import type { RuleColumn } from './rule-column.ts';
import type { RuleTable } from './rule-table.ts';

export type EqualityRule = Extract<
  MinedRule,
  { readonly kind: 'copy' | 'copy-through' | 'same-parent' | 'points-back' | 'equal' }
>;

export function mineEqualities(table: RuleTable): readonly EqualityRule[] {
  const keys = table.foreignKeys();
  const copies = keys.flatMap((key) => mineCopies(table, key));
  const copied = new Set(copies.map((rule) => rule.column));
  return [
    ...mineEqualColumns(table),
    ...copies,
    ...keys.flatMap((key) => mineCopiesThrough(table, key, copied)),
    ...keys.flatMap((key) => mineSameParents(table, key)),
    ...keys.flatMap((key) => minePointingBack(table, key)),
  ];
}

function mineEqualColumns(table: RuleTable): EqualityRule[] {
  const columns = [...table.columns.values()].filter((column) => column.role !== 'id');
  const rules: EqualityRule[] = [];
  const known = new Set<string>();
  columns.forEach((to, i) => {
    // One of several equal columns stands for all of them.
    if (known.has(to.name)) return;
    for (const column of columns.slice(i + 1)) {
      if (column.role !== to.role || !comparable(column, to)) continue;
      const test = equality(column, to, null);
      const support = weigh(table, test);
      if (support === null) continue;
      known.add(column.name);
      rules.push({ kind: 'equal', table: table.id, column: column.name, to: to.name, support });
    }
  });
  return rules;
}

function mineCopies(table: RuleTable, key: ForeignKeyFacts): Extract<EqualityRule, { kind: 'copy' }>[] {
  const parent = table.parent(key.name)!;
  const links = table.links(key.name);
  const rules: Extract<EqualityRule, { kind: 'copy' }>[] = [];
  for (const column of table.columns.values()) {
    for (const parentColumn of parent.columns.values()) {
      if (!mayCopy(column, parentColumn) || key.referencedColumns.includes(parentColumn.name)) continue;
      const support = weigh(table, equality(column, parentColumn, links));
      if (support === null) continue;
      rules.push({
        kind: 'copy',
        table: table.id,
        column: column.name,
        foreignKey: key.name,
        parentColumn: parentColumn.name,
        support,
      });
    }
  }
  return rules;
}

/** Copies of a grandparent's column that the parent has not got. */
function mineCopiesThrough(table: RuleTable, key: ForeignKeyFacts, copied: ReadonlySet<string>): EqualityRule[] {
  const parent = table.parent(key.name)!;
  const rules: EqualityRule[] = [];
  for (const second of parent.foreignKeys()) {
    const links = table.linksAlong(key.name, second.name);
    // Where the path leads back to the row, everything is equal to itself.
    if (table.screen.every((row) => links[row] < 0 || links[row] === row)) continue;
    for (const column of table.columns.values()) {
      if (copied.has(column.name)) continue;
      for (const parentColumn of parent.parent(second.name)!.columns.values()) {
        if (!mayCopy(column, parentColumn) || second.referencedColumns.includes(parentColumn.name)) continue;
        const support = weigh(table, equality(column, parentColumn, links));
        if (support === null) continue;
        rules.push({
          kind: 'copy-through',
          table: table.id,
          column: column.name,
          path: [key.name, second.name],
          parentColumn: parentColumn.name,
          support,
        });
      }
    }
  }
  return rules;
}

/** What references a row is not copied from it: that is for `same-parent`. */
function mayCopy(column: RuleColumn, parentColumn: RuleColumn): boolean {
  if (column.role === 'id' || (column.role === 'key' && parentColumn.role !== 'value')) return false;
  return comparable(column, parentColumn);
}

function comparable(a: RuleColumn, b: RuleColumn): boolean {
  if (a.line !== null || b.line !== null) return a.line === b.line && a.isDate === b.isDate;
  return a.facts.type.class === b.facts.type.class;
}

/** Whether the column equals the other, in the row itself or in the one that `links` leads to; NULL equals NULL. */
function equality(column: RuleColumn, other: RuleColumn, links: Int32Array | null): RuleTest {
  const at = (row: number): number => (links === null ? row : links[row]);
  if (column.line === null) {
    const { texts } = column;
    return (row, moved) => {
      const to = at(moved);
      return to < 0 ? SILENT : texts[row] === other.texts[to] ? HELD : BROKEN;
    };
  }
  // Parsed only when the texts differ: most candidates fall at the first row.
  return (row, moved) => {
    const to = at(moved);
    if (to < 0) return SILENT;
    const text = column.texts[row];
    const otherText = other.texts[to];
    if (text === otherText) return HELD;
    return text !== null && otherText !== null && column.numbers[row] === other.numbers[to] ? HELD : BROKEN;
  };
}

function mineSameParents(table: RuleTable, through: ForeignKeyFacts): EqualityRule[] {
  const parent = table.parent(through.name)!;
  const rules: EqualityRule[] = [];
  const steps = table.links(through.name);
  for (const key of table.foreignKeys()) {
    if (key.name === through.name) continue;
    const direct = table.links(key.name);
    for (const parentKey of parent.foreignKeys()) {
      if (tableId(parentKey.referencedTable) !== tableId(key.referencedTable) || shares(key, through, parentKey))
        continue;
      const onward = parent.links(parentKey.name);
      const test: RuleTest = (row, moved) => {
        const to = direct[row];
        const by = steps[moved];
        if (to < 0 || by < 0 || onward[by] === -2) return SILENT;
        return onward[by] === to ? HELD : BROKEN;
      };
      const support = weigh(table, test);
      if (support === null) continue;
      rules.push({
        kind: 'same-parent',
        table: table.id,
        foreignKey: key.name,
        through: through.name,
        parentForeignKey: parentKey.name,
        support,
      });
    }
  }
  return rules;
}

/** Both paths use the same columns, so that they could not disagree. */
function shares(key: ForeignKeyFacts, through: ForeignKeyFacts, parentKey: ForeignKeyFacts): boolean {
  return key.columns.every((column, i) => {
    const referenced = through.referencedColumns[through.columns.indexOf(column)];
    const j = parentKey.columns.indexOf(referenced);
    return j >= 0 && parentKey.referencedColumns[j] === key.referencedColumns[i];
  });
}

function minePointingBack(table: RuleTable, through: ForeignKeyFacts): EqualityRule[] {
  const parent = table.parent(through.name)!;
  const steps = table.links(through.name);
  return parent.foreignKeys().flatMap((parentKey): EqualityRule[] => {
    if (tableId(parentKey.referencedTable) !== table.id) return [];
    const onward = parent.links(parentKey.name);
    const test: RuleTest = (row, moved) => {
      const by = steps[moved];
      return by < 0 ? SILENT : onward[by] === row ? HELD : BROKEN;
    };
    const support = weigh(table, test);
    if (support === null) return [];
    return [{ kind: 'points-back', table: table.id, through: through.name, parentForeignKey: parentKey.name, support }];
  });
}
