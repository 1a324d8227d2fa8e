import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { loosenedLimits } from '../../../src/pipeline/gate-limits.ts';
import { requireSupported } from '../../../src/config/unsupported.ts';
import { scanLimits } from '../../../src/pipeline/scan-databases.ts';

const names = (gates: unknown): string[] =>
  loosenedLimits(parseConfig(JSON.stringify({ gates }), null, {})).map(({ code, object }) => `${code} ${object}`);

const WEAKER = {
  privacy: {
    familyAlpha: 0.001,
    dcrShare: 0.6,
    membershipAuc: 0.7,
    nearCopies: 0.05,
    lowRateMembership: 0.1,
    attackRisk: 0.2,
    copyExcess: 0.01,
  },
  fidelity: { marginals: 0.7, cardinalities: 0.7, dependences: 0.4, apart: 0.99, queryError: 5 },
  rules: { lowEntropyExcess: 0.1 },
};

const STRICTER = {
  privacy: {
    familyAlpha: 0.01,
    dcrShare: 0.4,
    membershipAuc: 0.55,
    nearCopies: 0.01,
    lowRateMembership: 0.01,
    attackRisk: 0.05,
    copyExcess: 0.001,
  },
  fidelity: { marginals: 0.9, cardinalities: 0.9, dependences: 0.6, apart: 0.9, queryError: 2 },
  rules: { lowEntropyExcess: 0 },
};

test('each limit that is set weaker than its default is named, one that is stricter is not', () => {
  const expected = Object.entries(WEAKER).flatMap(([group, settings]) =>
    Object.keys(settings).map((name) => `SCAN_LIMIT_LOOSENED gates.${group}.${name}`),
  );
  expect(names(WEAKER).toSorted()).toEqual(expected.toSorted());
  expect(names(STRICTER)).toEqual([]);
  expect(names({})).toEqual([]);
});

test('what is set reaches the gates', () => {
  const limits = scanLimits(parseConfig(JSON.stringify({ gates: WEAKER }), null, {}));
  expect(limits).toMatchObject({ ...WEAKER.privacy, ...WEAKER.fidelity, ...WEAKER.rules });
});

test('subgroups are a setting that runs carry out', () => {
  const subgroups = [{ table: 'applicant', group: 'sex', outcome: 'accepted' }];
  expect(() =>
    requireSupported(parseConfig(JSON.stringify({ gates: { bias: { subgroups } } }), null, {})),
  ).not.toThrow();
});
