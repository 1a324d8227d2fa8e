/** Network addresses: family, length of the prefix and width are learned; the address is one of a private range. */
import { countByUnit, MIN_UNITS, type Cell, type ColumnEncoder, type PartSpec, type Uniforms } from './encoder.ts';

export interface NetworkJson {
  /** `inet`, `cidr`, `macaddr`, `macaddr8`. */
  readonly baseName: string;
  /** `4/24`, `6/128`: family and prefix. */
  readonly shapes: readonly string[];
  readonly hasNull: boolean;
}

export class NetworkEncoder implements ColumnEncoder {
  readonly kind = 'network';
  readonly form = 'text';
  readonly parts: readonly PartSpec[];
  readonly #json: NetworkJson;

  constructor(json: NetworkJson) {
    this.#json = json;
    this.parts = [
      { size: Math.max(1, json.shapes.length + (json.hasNull ? 1 : 0)), ordered: false, hasNull: json.hasNull },
    ];
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    out[at] =
      value === null
        ? this.parts[0].size - 1
        : Math.max(0, this.#json.shapes.indexOf(shapeOf(value, this.#json.baseName)));
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    const shape = this.#json.shapes[codes[at]];
    return shape === undefined ? null : addressOf(this.#json.baseName, shape, () => Math.floor(random.next() * 256));
  }

  toJson(): unknown {
    return this.#json;
  }
}

/** An address of that shape from bytes as they come. */
export function addressOf(baseName: string, shape: string, nextByte: () => number): string {
  if (baseName.startsWith('macaddr')) {
    const count = baseName === 'macaddr8' ? 8 : 6;
    // The second bit of the first byte: given by hand, no maker's.
    return Array.from({ length: count }, (_, i) => hex(i === 0 ? (nextByte() & 0xfc) | 2 : nextByte())).join(':');
  }
  const [family, prefix] = shape.split('/').map(Number);
  const bytes =
    family === 4
      ? [10, nextByte(), nextByte(), 1 + (nextByte() % 254)]
      : [0xfd, ...Array.from({ length: 15 }, () => 1 + (nextByte() % 255))];
  const full = bytes.length * 8;
  if (baseName === 'cidr') for (let bit = prefix; bit < full; bit++) bytes[bit >> 3] &= ~(0x80 >> (bit & 7));
  const address = family === 4 ? bytes.join('.') : shortened(bytes);
  return baseName === 'cidr' || prefix < full ? `${address}/${prefix}` : address;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** Groups of four digits, the longest run of zero groups as `::`. */
function shortened(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i] * 256 + bytes[2 * i + 1]).toString(16));
  let best = { from: -1, length: 1 };
  for (let from = 0; from < 8; from++) {
    let length = 0;
    while (from + length < 8 && groups[from + length] === '0') length++;
    if (length > best.length) best = { from, length };
  }
  if (best.from < 0) return groups.join(':');
  return `${groups.slice(0, best.from).join(':')}::${groups.slice(best.from + best.length).join(':')}`;
}

function shapeOf(value: string, baseName: string): string {
  if (baseName.startsWith('macaddr')) return 'mac';
  const [address, prefix] = value.split('/');
  const family = address.includes(':') ? 6 : 4;
  return `${family}/${prefix ?? (family === 6 ? 128 : 32)}`;
}

export function fitNetworkEncoder(
  baseName: string,
  values: readonly (string | null)[],
  units: Uint32Array,
): NetworkEncoder {
  const shapes = values.map((value) => (value === null ? null : shapeOf(value, baseName)));
  const counts = [...countByUnit(shapes, units)].sort((a, b) => b[1].rows - a[1].rows || (a[0] < b[0] ? -1 : 1));
  const common = counts.filter(([, count]) => count.units >= MIN_UNITS).map(([shape]) => shape);
  // A family is no secret even where few rows have it.
  const fallback = counts.length > 0 && counts[0][0].startsWith('6') ? '6/128' : '4/32';
  return new NetworkEncoder({
    baseName,
    shapes: common.length > 0 ? common : [baseName.startsWith('macaddr') ? 'mac' : fallback],
    hasNull: values.includes(null),
  });
}
