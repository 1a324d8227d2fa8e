/** Puts together what a scan needs from what a run has at hand. */
import { tableId } from '../../connectors/connector.ts';
import type { Catalog, IntegrityReport, Snapshot } from '../../connectors/connector.ts';
import { findTable } from '../config/names.ts';
import type { ResolvedConfig } from '../config/resolved.ts';
import { silent } from '../kernel/events.ts';
import type { RelationGraph } from '../stages/graph/artifact.ts';
import type { LearnedModel } from '../stages/learn/artifact.ts';
import type { RelationalSample } from '../stages/profile/artifact.ts';
import { DEFAULT_LIMITS as SAMPLE_LIMITS, profile } from '../stages/profile/index.ts';
import type { GateResult, ScanReport } from '../stages/scan/artifact.ts';
import { scanSynthetic } from '../stages/scan/index.ts';
import { DEFAULT_LIMITS, type ScanLimits, type ScanSide, type Subgroups } from '../stages/scan/input.ts';
import { fakeControls } from './make-rows.ts';
import { ruleAdherence, ruleFidelity } from './rule-adherence.ts';

export interface ScanRequest {
  readonly model: LearnedModel;
  /** The source's sample and, where all rows can be asked for, its snapshot. */
  readonly source: ScanSide;
  /** What was loaded, or rehearsed. */
  readonly target: Snapshot;
  readonly basis: GateResult['basis'];
  readonly integrity: IntegrityReport | null;
  readonly config: ResolvedConfig;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** Profiles the target as the source was profiled, and asks every gate. */
export async function scanMade(request: ScanRequest): Promise<ScanReport> {
  const { model, config, seed } = request;
  const sample = await readTarget(request.target, model.catalog, model.graph, request.basis, request.signal);
  const exhaustive = request.basis === 'loaded';
  const hiddenRules = ruleAdherence(model, sample);
  const report = await scanSynthetic({
    catalog: model.catalog,
    graph: model.graph,
    classification: model.classification,
    // A rehearsal looks at samples alone: it is there to fail early, not to prove.
    source: { sample: request.source.sample, snapshot: exhaustive ? request.source.snapshot : null },
    target: { sample, snapshot: exhaustive ? request.target : null },
    basis: request.basis,
    strategies: new Map(model.tables.map((table) => [table.id, table.strategy])),
    acceptedCopies: new Map(
      model.tables.filter((table) => table.strategy === 'copy').map((table) => [table.id, table.strategyReason]),
    ),
    smallData: new Set(model.tables.filter((table) => table.smallData).map((table) => table.id)),
    selfTests: model.tables.flatMap((table) => (table.selfTest === null ? [] : [table.selfTest])),
    holdout: 'unseen',
    fakeControls: fakeControls(model, seed),
    rules: ruleFidelity(hiddenRules),
    integrity: request.integrity,
    limits: scanLimits(config),
    subgroups: subgroups(config, model.catalog),
    seed,
  });
  return { ...report, hiddenRules };
}

async function readTarget(
  snapshot: Snapshot,
  catalog: Catalog,
  graph: RelationGraph,
  basis: GateResult['basis'],
  signal: AbortSignal,
): Promise<RelationalSample> {
  const limits = basis === 'loaded' ? SAMPLE_LIMITS : { maxRows: Infinity, maxBytes: Infinity };
  return profile(snapshot, catalog, graph, limits, silent, signal);
}

export function scanLimits(config: ResolvedConfig): ScanLimits {
  const { privacy, fidelity, rules } = config.gates;
  return {
    ...DEFAULT_LIMITS,
    familyAlpha: privacy.familyAlpha,
    dcrShare: privacy.dcrShare,
    membershipAuc: privacy.membershipAuc,
    nearCopies: privacy.nearCopies,
    lowRateMembership: privacy.lowRateMembership,
    attackRisk: privacy.attackRisk,
    copyExcess: privacy.copyExcess,
    lowEntropyExcess: Math.max(DEFAULT_LIMITS.lowEntropyExcess, rules.lowEntropyExcess),
    marginals: fidelity.marginals,
    cardinalities: fidelity.cardinalities,
    dependences: fidelity.dependences,
    apart: fidelity.apart,
    queryError: fidelity.queryError,
  };
}

/** The subgroups to compare, with their tables as the catalog names them. */
export function subgroups(config: ResolvedConfig, catalog: Catalog): Subgroups[] {
  return config.gates.bias.subgroups.flatMap((entry) => {
    const facts = findTable(catalog, entry.table);
    return facts === null ? [] : [{ ...entry, table: tableId(facts.name) }];
  });
}
