/** Cells of one row, by column number, and what an expression reads from them. */
import type { ColumnType, TableFacts } from '../../../connectors/connector.ts';
import type { Cell, CellForm, ColumnEncoder } from '../../model/encoders/encoder.ts';
import { reviveEncoder } from '../../model/encoders/index.ts';
import { NumberEncoder, type NumberEncoderJson } from '../../model/encoders/number.ts';
import { parseTimestamp } from '../../model/encoders/scalar.ts';
import type { ColumnMaker, TableModel } from '../../model/table-model.ts';
import { textAt, type ColumnVector } from '../../kernel/rows.ts';
import type { BuilderForm } from './block-builder.ts';
import type { Value } from './expression.ts';
import { largestOf } from './support.ts';

export interface CellColumn {
  readonly name: string;
  readonly maker: ColumnMaker;
  readonly encoder: ColumnEncoder | null;
  readonly form: BuilderForm;
  readonly decimals: number | undefined;
  /** What an expression sees. */
  readonly read: (cell: Cell) => Value;
  /** The server's text, as keys and unique guards compare it. */
  readonly text: (cell: Cell) => string | null;
  /** A cell from the server's text. */
  readonly parse: (text: string | null) => Cell;
  /** What the bounds of a range column are; null for other columns, and for bounds without a line. */
  readonly rangeOf: 'number' | 'date' | 'moment' | null;
  /** Of a learned number: its smallest and largest value, and the largest that its type holds. */
  readonly reach: { readonly learned: readonly [number, number]; readonly largest: number } | null;
}

export function cellColumns(table: TableFacts, model: TableModel): readonly CellColumn[] {
  return model.columns.map(({ name, maker }) => {
    const facts = table.columns.find((column) => column.name === name)!;
    const encoder = maker.by === 'encoder' ? reviveEncoder(maker.kind, maker.parameters) : null;
    const form = formOf(maker, encoder);
    const isCounted = maker.by === 'serial' || maker.by === 'position';
    const decimals = isCounted ? 0 : encoder?.decimals;
    const read = valueReader(facts.type.class);
    const rangeOf = facts.type.class === 'range' ? boundsOf(facts.type.element?.class) : null;
    const reach = reachOf(encoder, facts.type);
    const text = texter(form, decimals);
    return { name, maker, encoder, form, decimals, read, text, parse: parser(form), rangeOf, reach };
  });
}

function reachOf(encoder: ColumnEncoder | null, type: ColumnType): CellColumn['reach'] {
  if (encoder?.kind !== 'scalar' || !['integer', 'decimal'].includes(type.class)) return null;
  const { step, numbers } = encoder.toJson() as { step: number; numbers: NumberEncoderJson };
  const [low, high] = NumberEncoder.fromJson(numbers).range;
  return { learned: [low * step, high * step], largest: largestOf(type) };
}

function boundsOf(typeClass: string | undefined): CellColumn['rangeOf'] {
  switch (typeClass) {
    case 'integer':
    case 'decimal':
    case 'float':
      return 'number';
    case 'date':
      return 'date';
    case 'timestamp':
    case 'timestamptz':
      return 'moment';
    default:
      return null;
  }
}

function formOf(maker: ColumnMaker, encoder: ColumnEncoder | null): BuilderForm {
  switch (maker.by) {
    case 'mask':
      return 'masked';
    case 'serial':
    case 'position':
      return 'number';
    case 'moment':
      return maker.isDate ? 'epoch-days' : 'epoch-micros';
    default:
      return encoder?.form ?? 'text';
  }
}

function parser(form: BuilderForm): (text: string | null) => Cell {
  switch (form) {
    case 'number':
      return (text) => (text === null ? null : Number(text));
    case 'epoch-micros':
      return (text) => (text === null ? null : parseTimestamp(text));
    case 'epoch-days':
      return (text) => {
        const micros = text === null ? null : parseTimestamp(text);
        return micros === null ? null : Math.floor(micros / 86_400_000_000);
      };
    default:
      return (text) => text;
  }
}

/** What an expression sees of a cell of a column of this class. */
export function valueReader(typeClass: string): (cell: Cell) => Value {
  switch (typeClass) {
    case 'integer':
    case 'decimal':
    case 'float':
      return (cell) => (typeof cell === 'string' ? Number(cell) : cell);
    case 'boolean':
      return (cell) => (cell === null ? null : cell === 't' || cell === 'true' || cell === 1);
    case 'date':
      return (cell) => (typeof cell === 'number' ? cell * 86_400_000_000 : cell === null ? null : parseTimestamp(cell));
    case 'timestamp':
    case 'timestamptz':
      return (cell) => (typeof cell === 'string' ? parseTimestamp(cell) : cell);
    default:
      return (cell) => cell;
  }
}

function texter(form: BuilderForm, decimals: number | undefined): (cell: Cell) => string | null {
  if (form === 'text' || form === 'masked') return (cell) => (cell === null ? null : String(cell));
  const values = new Float64Array(1);
  const vector = {
    form,
    values,
    nulls: new Uint8Array(1),
    ...(decimals === undefined ? {} : { decimals }),
  } as ColumnVector;
  const isPlain = (form satisfies CellForm) === 'number' && decimals === undefined;
  return (cell) => {
    if (cell === null) return null;
    if (isPlain) return String(cell);
    values[0] = cell as number;
    return textAt(vector, 0);
  };
}
