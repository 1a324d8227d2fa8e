import { expect, test } from 'vitest';
import { builtInPacks } from '../../../rules/index.ts';
import type { Example } from '../../../rules/pack.ts';
import { detectColumn } from '../../../src/stages/mask/detect.ts';

function found(example: Example): string | null {
  return (
    detectColumn(example.table ?? 'things', example.column, example.kind ?? 'text', example.values ?? [], builtInPacks)
      ?.detector.id ?? null
  );
}

const said = (example: Example): string =>
  `${example.table ?? 'things'}.${example.column}${example.values === undefined ? '' : ` with ${example.values.length} values`}`;

for (const pack of builtInPacks) {
  for (const detector of pack.detectors) {
    test(`${pack.name}: ${detector.id} finds what it is for, and nothing else`, () => {
      expect(detector.positive.length).toBeGreaterThan(0);
      expect(detector.negative.length).toBeGreaterThan(0);
      for (const example of detector.positive)
        expect([said(example), found(example)]).toEqual([said(example), detector.id]);
      for (const example of detector.negative)
        expect([said(example), found(example)]).not.toEqual([said(example), detector.id]);
    });
  }
}

test('no two detectors share an id or a term in the same kind of table', () => {
  const ids = builtInPacks.flatMap((pack) => pack.detectors.map((detector) => detector.id));
  expect(new Set(ids).size).toBe(ids.length);
  const terms = new Map<string, string>();
  const clashes: string[] = [];
  for (const detector of builtInPacks.flatMap((pack) => pack.detectors)) {
    for (const rule of detector.names) {
      for (const term of rule.terms) {
        for (const kind of detector.kinds) {
          const key = `${rule.in ?? ''} ${term.replaceAll('_', '')} ${kind}`;
          const other = terms.get(key);
          if (other !== undefined && other !== detector.id) clashes.push(`${key}: ${other}, ${detector.id}`);
          terms.set(key, detector.id);
        }
      }
    }
  }
  expect(clashes).toEqual([]);
});
