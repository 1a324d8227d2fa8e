import { classifySource } from './classify-source.ts';
import type { CheckRules, ListRules, RuleInfo, RulesCheckResult, TryRule } from './contract.ts';
import { withSource } from './open-databases.ts';
import { columnRules } from '../config/column-rules.ts';
import { detectByName, detectByValues, packsNamed } from '../stages/mask/detect.ts';

/** The user's rules, then the packs, in the order in which they decide. */
export const listRules: ListRules = async ({ config }) => ({
  schemaVersion: 1,
  verdict: 'pass',
  findings: [],
  rules: [
    ...columnRules(config).map((rule): RuleInfo => ({
      pack: 'config',
      name: `${rule.table}.${rule.column}`,
      detector: rule.detector ?? null,
      sensitivity: '',
      treatment: rule.treatment,
    })),
    ...packsNamed().flatMap((pack) => pack.detectors.map((detector) => infoOf(pack.name, detector))),
  ],
});

/** What each column of a source gets, and why. */
export const checkRules: CheckRules = (options, sink, signal) =>
  withSource(options.sourceUrl, options.config, signal, async (source): Promise<RulesCheckResult> => {
    const { artifact, classification } = await classifySource(source, options, sink, signal);
    const findings = [...artifact.findings, ...classification.findings];
    return { schemaVersion: 1, verdict: 'pass', findings, columns: classification.columns };
  });

/** The rules that recognise one value, or a column of that name. */
export const tryRule: TryRule = async ({ value, column }) => {
  const packs = packsNamed();
  const hits = [
    column === null ? null : detectByName('things', column, 'text', packs),
    // One value is no evidence by number, so each detector is asked alone whether the value passes.
    ...packs.flatMap((pack) =>
      pack.detectors.map((detector) => {
        const { values } = detector;
        if (values === null) return null;
        const asked = { ...detector, values: { ...values, alone: { share: 1, distinctCount: 1 } } };
        return detectByValues(detector.kinds[0], [value], [{ ...pack, detectors: [asked] }]);
      }),
    ),
  ].filter((hit) => hit !== null);
  const matches = new Map(hits.map((hit) => [hit.detector.id, infoOf(hit.pack.name, hit.detector)]));
  return { schemaVersion: 1, verdict: 'pass', findings: [], matches: [...matches.values()] };
};

function infoOf(
  pack: string,
  detector: { readonly id: string; readonly sensitivity: string; readonly treatment: string },
): RuleInfo {
  return {
    pack,
    name: detector.id,
    detector: detector.id,
    sensitivity: detector.sensitivity,
    treatment: detector.treatment,
  };
}
