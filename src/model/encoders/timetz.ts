/** Times of day with a zone: the time on its line, the zone as one of those that 5 units share. */
import { countByUnit, MIN_UNITS, type Cell, type ColumnEncoder, type PartSpec, type Uniforms } from './encoder.ts';
import { fitScalarEncoder, ScalarEncoder } from './simple.ts';

export interface ZonedTimeJson {
  readonly zones: readonly string[];
  readonly hasNull: boolean;
  readonly time: unknown;
}

export class ZonedTimeEncoder implements ColumnEncoder {
  readonly kind = 'timetz';
  readonly form = 'text';
  readonly parts: readonly PartSpec[];
  readonly #json: ZonedTimeJson;
  readonly #time: ScalarEncoder;

  constructor(json: ZonedTimeJson) {
    this.#json = json;
    this.#time = ScalarEncoder.fromJson(json.time);
    this.parts = [
      { size: json.zones.length + (json.hasNull ? 1 : 0), ordered: false, hasNull: json.hasNull },
      ...this.#time.parts,
    ];
  }

  encode(value: string | null, out: Uint16Array, at: number): void {
    const zone = value === null ? -1 : this.#json.zones.indexOf(split(value)[1]);
    out[at] = value === null ? this.parts[0].size - 1 : Math.max(0, zone);
    this.#time.encode(value === null ? null : split(value)[0], out, at + 1);
  }

  decode(codes: Uint16Array, at: number, random: Uniforms): Cell {
    const zone = this.#json.zones[codes[at]];
    if (zone === undefined) return null;
    const time = this.#time.decode(codes, at + 1, random);
    return time === null ? null : `${time}${zone}`;
  }

  toJson(): unknown {
    return this.#json;
  }
}

export function fitZonedTimeEncoder(
  values: readonly (string | null)[],
  units: Uint32Array,
  options: Parameters<typeof fitScalarEncoder>[3],
): ZonedTimeEncoder {
  const parts = values.map((value) => (value === null ? null : split(value)));
  const zones = [
    ...countByUnit(
      parts.map((part) => part?.[1] ?? null),
      units,
    ),
  ]
    .filter(([, count]) => count.units >= MIN_UNITS)
    .sort((a, b) => b[1].rows - a[1].rows || (a[0] < b[0] ? -1 : 1))
    .map(([zone]) => zone);
  const time = fitScalarEncoder(
    'time',
    parts.map((part) => part?.[0] ?? null),
    units,
    options,
  );
  return new ZonedTimeEncoder({
    zones: zones.length > 0 ? zones : ['+00'],
    hasNull: values.includes(null),
    time: time.toJson(),
  });
}

function split(text: string): [string, string] {
  const at = text.search(/[+-]/);
  return at < 0 ? [text, '+00'] : [text.slice(0, at), text.slice(at)];
}
