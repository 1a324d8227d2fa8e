/** A rule in plain words. */
import type { MinedRule, Operand } from '../../../model/rules.ts';

/** `order_line: amount = quantity · unit_price`; literals that enough units share are named, no others. */
export function describeRule(rule: MinedRule): string {
  return `${shortTable(rule.table)}: ${saying(rule)}`;
}

/** `4,526 cases of 1,070 units, 597 more to check`. */
export function describeSupport({ support }: MinedRule): string {
  const shown = (count: number): string => count.toLocaleString('en-US');
  const { caseCount, unitCount, tuneCaseCount } = support;
  return `${shown(caseCount)} cases of ${shown(unitCount)} units, ${shown(tuneCaseCount)} more checked`;
}

function saying(rule: MinedRule): string {
  switch (rule.kind) {
    case 'order':
      return `${name(rule.low)} ${rule.strict ? '<' : '≤'} ${name(rule.high)}${within(rule.within)}`;
    case 'present':
      return `${name(rule.of)} is never NULL`;
    case 'has-child':
      return `where ${rule.given} is not NULL there are rows of ${shortTable(rule.childTable)} by ${rule.childForeignKey}`;
    case 'value-from': {
      const of = rule.minus === undefined ? rule.of : `${rule.of} − ${rule.minus}`;
      return `${rule.column} is ${literal(rule.value)} where ${of} ${rule.side === 'at-least' ? '≥' : '≤'} ${rule.from}`;
    }
    case 'found-in': {
      const after = rule.after === undefined ? '' : `, whose ${name(rule.after.than)} < ${rule.after.column}`;
      const pair = `${name(rule.inLeft)} and ${name(rule.inRight)}`;
      return `${name(rule.left)} and ${name(rule.right)} are ${pair} of some row of ${shortTable(rule.inTable)}${after}`;
    }
    case 'null-together':
      return `${list(rule.columns)} are NULL together`;
    case 'null-given':
      return saysNull(rule.column, rule.given, rule.nullFor, rule.presentFor);
    case 'value-when-null':
      return `${rule.column} is ${literal(rule.value)} where ${rule.given} is NULL`;
    case 'equal':
      return `${rule.column} = ${rule.to}`;
    case 'dependency': {
      const told = rule.map.length > 0 ? ` (${rule.map.length} values known)` : '';
      return `${list(rule.from)} ${rule.from.length > 1 ? 'determine' : 'determines'} ${rule.to}${told}`;
    }
    case 'copy':
      return `${rule.column} = ${rule.parentColumn} behind ${rule.foreignKey}`;
    case 'copy-through':
      return `${rule.column} = ${rule.parentColumn} behind ${rule.path.join(' → ')}`;
    case 'same-parent':
      return `${rule.foreignKey} leads where ${rule.through} → ${rule.parentForeignKey} leads`;
    case 'points-back':
      return `what ${rule.through} leads to belongs to the row itself (${rule.parentForeignKey})`;
    case 'sequence':
      return `${rule.column} counts the rows of ${rule.foreignKey} from ${rule.start}`;
    case 'monotone':
      return `${rule.column} does not decrease with ${rule.by} among the rows of ${rule.foreignKey}`;
    case 'constant-per-parent':
      return `${rule.column} is the same in all rows of one ${rule.foreignKey}`;
    case 'arithmetic':
      return `${rule.target} = ${formula(rule)}`;
    case 'aggregate': {
      const parts = rule.function === 'count' ? 'rows' : rule.of.join(' · ');
      const where = rule.where === undefined ? '' : ` where ${rule.where.column} is ${literal(rule.where.value)}`;
      const given = rule.given === undefined ? '' : `, none where ${rule.given} is NULL`;
      return `${rule.column} = ${rule.function} of ${parts} of ${shortTable(rule.childTable)} by ${rule.childForeignKey}${where}${given}`;
    }
  }
}

function shortTable(id: string): string {
  return id.replace(/^public\./, '');
}

const UNITS = [
  ['day', 86_400_000_000],
  ['hour', 3_600_000_000],
  ['minute', 60_000_000],
  ['second', 1_000_000],
] as const;

/** Only moments have a bounded distance; it is a whole number of some unit. */
function within(micros: number | undefined): string {
  if (micros === undefined) return '';
  const [unit, size] = UNITS.find(([, of]) => micros % of === 0) ?? ['microsecond', 1];
  return `, within ${(micros / size).toLocaleString('en-US')} ${unit}${micros === size ? '' : 's'}`;
}

function saysNull(
  column: string,
  given: string,
  nullFor: readonly (string | null)[],
  presentFor: readonly (string | null)[],
): string {
  const cases = (values: readonly (string | null)[]): string => {
    const named = values.map((value) => (value === null ? 'NULL' : literal(value)));
    return `${given} is ${named.join(' or ')}`;
  };
  const parts = [
    ...(nullFor.length > 0 ? [`NULL where ${cases(nullFor)}`] : []),
    ...(presentFor.length > 0 ? [`never NULL where ${cases(presentFor)}`] : []),
  ];
  return `${column} is ${parts.join(', ')}`;
}

function formula(rule: Extract<MinedRule, { kind: 'arithmetic' }>): string {
  const operands = rule.operands.map(name);
  const last = operands[operands.length - 1];
  const rate = rule.percent === true ? `${last} / 100` : last;
  switch (rule.form) {
    case 'sum':
      return operands.join(' + ');
    case 'difference':
      return operands.join(' − ');
    case 'linear':
      return operands.map((operand, i) => `${rule.signs![i] < 0 ? '− ' : i > 0 ? '+ ' : ''}${operand}`).join(' ');
    case 'product':
      return operands.join(' · ');
    case 'percentage':
      return `${operands.join(' · ')} / 100`;
    case 'discounted-product':
      return `${operands.slice(0, -1).join(' · ')} · (1 − ${rate})`;
    case 'difference-product':
      return `(${operands[0]} − ${operands[1]}) · ${rate}`;
  }
}

function name({ column, foreignKey, then }: Operand): string {
  if (foreignKey === null) return column;
  return `${column} behind ${then === undefined ? foreignKey : `${foreignKey} → ${then}`}`;
}

function list(names: readonly string[]): string {
  return names.length === 1 ? names[0] : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function literal(value: string): string {
  return JSON.stringify(value);
}
