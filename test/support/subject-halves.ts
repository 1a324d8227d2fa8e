/** Cuts a sample of real rows by subject: one half stands for the source, the other for what was made of it. */
import { tableId } from '../../connectors/connector.ts';
import type { Catalog } from '../../connectors/connector.ts';
import type { Split } from '../../src/kernel/split.ts';
import { uniformAt, streamKey } from '../../src/numeric/random.ts';
import type { RelationalSample, TableSample } from '../../src/stages/profile/artifact.ts';

/** Another `seed`, another cut, and other parts of the source to fit, tune and test. */
export function subjectHalves(
  sample: RelationalSample,
  catalog: Catalog,
  seed: number,
): { readonly source: RelationalSample; readonly target: RelationalSample } {
  const key = streamKey(seed, 'halves');
  const sides = sample.unitKeys.map((_, unit) => uniformAt(key, 0, unit, 0) < 0.5);
  const unitSplits = sample.unitKeys.map((_, unit): Split => {
    const draw = uniformAt(key, 1, unit, 0);
    return draw < 0.8 ? 'fit' : draw < 0.9 ? 'tune' : 'test';
  });
  const half = (side: boolean): RelationalSample =>
    withUnits({ ...sample, unitSplits }, catalog, (unit) => sides[unit] === side);
  return { source: half(true), target: half(false) };
}

function withUnits(sample: RelationalSample, catalog: Catalog, keeps: (unit: number) => boolean): RelationalSample {
  const places = new Map<string, Int32Array>();
  for (const [id, table] of sample.tables) {
    let next = 0;
    places.set(
      id,
      Int32Array.from(table.units, (unit) => (keeps(unit) ? next++ : -2)),
    );
  }
  const tables = new Map<string, TableSample>();
  for (const facts of catalog.tables) {
    const id = tableId(facts.name);
    const table = sample.tables.get(id);
    if (table === undefined) continue;
    const rows = [...places.get(id)!.keys()].filter((row) => places.get(id)![row] >= 0);
    const referenced = new Map(facts.foreignKeys.map((key) => [key.name, places.get(tableId(key.referencedTable))]));
    tables.set(id, {
      ...table,
      rowCount: rows.length,
      totalRowCount: rows.length,
      columns: new Map([...table.columns].map(([name, values]) => [name, rows.map((row) => values[row])])),
      units: Uint32Array.from(rows, (row) => table.units[row]),
      parents: new Map(
        [...table.parents].map(([name, links]) => [
          name,
          Int32Array.from(rows, (row) => (links[row] < 0 ? links[row] : (referenced.get(name)?.[links[row]] ?? -2))),
        ]),
      ),
    });
  }
  return { ...sample, tables };
}
