import { describe, expect, it } from 'vitest';
import { requireUnexpired } from '../../../src/pipeline/model-age.ts';

const provenance = {
  sourceFingerprint: 'f',
  learnedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-06-30T00:00:00.000Z',
  subjectCount: 10,
  splitCounts: { fit: 8, tune: 1, test: 1 },
  subjectRate: 1,
  toolVersion: '0',
};
const before = new Date('2026-06-29T23:59:59.999Z');
const after = new Date('2026-06-30T00:00:00.000Z');

describe('how long a model holds', () => {
  it('is taken in silence until its last day', () => {
    expect(requireUnexpired(provenance, before, false)).toEqual([]);
  });

  it('is refused from then on, or a finding where that is allowed', () => {
    expect(() => requireUnexpired(provenance, after, false)).toThrow(
      expect.objectContaining({ code: 'MODEL_EXPIRED', exitCode: 77 }) as Error,
    );
    expect(requireUnexpired(provenance, after, true)).toMatchObject([{ code: 'MODEL_EXPIRED', severity: 'warning' }]);
  });
});
