/** The limits that a configuration sets for the gates, each beside its default. */
import type { ResolvedConfig } from '../config/resolved.ts';
import { finding, type Finding } from '../kernel/findings.ts';
import type { LimitRecord } from '../stages/report/artifact.ts';
import { DEFAULT_LIMITS } from '../stages/scan/input.ts';
import { scanLimits } from './scan-databases.ts';

/** Which gates a setting limits, and whether more of it (a risk) lets more through, or less (a likeness). */
const SETTINGS = [
  ['privacy', 'familyAlpha', 'less', []],
  ['privacy', 'dcrShare', 'more', ['dcr-share']],
  ['privacy', 'membershipAuc', 'more', ['membership-white-box', 'membership-distance', 'membership-density']],
  ['privacy', 'nearCopies', 'more', ['near-copies']],
  ['privacy', 'lowRateMembership', 'more', ['membership-low-rate']],
  ['privacy', 'attackRisk', 'more', ['singling-out', 'linkability', 'inference']],
  ['privacy', 'copyExcess', 'more', ['copies']],
  ['rules', 'lowEntropyExcess', 'more', ['low-entropy-personal']],
  ['fidelity', 'marginals', 'less', ['marginals']],
  ['fidelity', 'cardinalities', 'less', ['cardinalities']],
  ['fidelity', 'dependences', 'less', ['pairs', 'parent-child']],
  ['fidelity', 'apart', 'more', ['c2st']],
  ['fidelity', 'queryError', 'more', ['queries']],
] as const;

export function gateLimits(config: ResolvedConfig): LimitRecord[] {
  const limits = scanLimits(config);
  return SETTINGS.map(([part, name, weaker, gates]) => {
    const [value, standard] = [limits[name], DEFAULT_LIMITS[name]];
    const loosened = weaker === 'more' ? value > standard : value < standard;
    return { setting: `gates.${part}.${name}`, value, standard, loosened, gates };
  });
}

/** Limits that the configuration sets weaker than the defaults: shown beside the verdict of every run. */
export function loosenedLimits(config: ResolvedConfig): Finding[] {
  return gateLimits(config)
    .filter(({ loosened }) => loosened)
    .map(({ setting, value, standard }) =>
      finding(
        'warning',
        'SCAN_LIMIT_LOOSENED',
        setting,
        `The configuration sets it to ${value}, the default is ${standard}: its gates let more through than they would by themselves.`,
        'Remove the setting, or note who accepted it.',
      ),
    );
}
