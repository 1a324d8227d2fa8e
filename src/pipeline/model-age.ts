/** How long a model may stand in for its source. */
import { UnderstudyError } from '../kernel/errors.ts';
import { finding, type Finding } from '../kernel/findings.ts';
import type { Provenance } from '../stages/learn/artifact.ts';

/** Throws `MODEL_EXPIRED`; where that is `allowed`, it is a finding that stands beside the verdict. */
export function requireUnexpired({ learnedAt, expiresAt }: Provenance, now: Date, allowed: boolean): Finding[] {
  if (now.getTime() < Date.parse(expiresAt)) return [];
  const found = `The model was learned on ${day(learnedAt)} and expired on ${day(expiresAt)}: its source may have changed, and so may those who agreed to its use.`;
  if (allowed)
    return [
      finding('warning', 'MODEL_EXPIRED', 'model', `${found} It was taken all the same, by --allow-expired-model.`),
    ];
  throw new UnderstudyError('MODEL_EXPIRED', `${found} Nothing was written.`, {
    hint: 'Learn the source again, or take the model as it is with --allow-expired-model.',
    data: { learnedAt, expiresAt },
  });
}

function day(iso: string): string {
  return iso.slice(0, 10);
}
