/** Asks the privacy gates of one half of a real database's subjects, against the other. */
import { openSource } from '../../connectors/open.ts';
import type { Source } from '../../connectors/connector.ts';
import { parseConfig } from '../../src/config/load.ts';
import { silent } from '../../src/kernel/events.ts';
import { StageClock } from '../../src/pipeline/stage-clock.ts';
import { readSourceStructure } from '../../src/pipeline/learn-source.ts';
import type { SourceStructure } from '../../src/pipeline/learn-source.ts';
import { smallTables } from '../../src/stages/learn/rows-to-learn.ts';
import { chooseStrategies } from '../../src/stages/learn/strategies.ts';
import { classifyColumns } from '../../src/stages/mask/index.ts';
import type { Classification } from '../../src/stages/mask/artifact.ts';
import { DEFAULT_LIMITS as SAMPLE_LIMITS, profile } from '../../src/stages/profile/index.ts';
import type { RelationalSample } from '../../src/stages/profile/artifact.ts';
import type { ScanReport } from '../../src/stages/scan/artifact.ts';
import { DEFAULT_LIMITS, scanSynthetic } from '../../src/stages/scan/index.ts';
import { subjectHalves } from './subject-halves.ts';

/** The gates on privacy but for the rules, which real people break by being real. */
const ASKED: ReadonlySet<string> = new Set([
  'copies',
  'copies-outright',
  'near-copies',
  'dcr-share',
  'neighbour-ratio',
  'membership-distance',
  'membership-density',
  'membership-low-rate',
  'singling-out',
  'linkability',
  'inference',
  'rare-combinations',
  'repeated-combination',
  'subject-copies',
  'degree-uniqueness',
  'extremes',
  'timestamps',
]);

export class HoldoutTrial {
  readonly #database: Source;
  readonly #structure: SourceStructure;
  readonly #sample: RelationalSample;
  readonly #classification: Classification;

  private constructor(database: Source, structure: SourceStructure, sample: RelationalSample) {
    this.#database = database;
    this.#structure = structure;
    this.#sample = sample;
    const { artifact, graph } = structure;
    this.#classification = classifyColumns({ catalog: artifact.catalog, graph, sample, rules: [] });
  }

  /** `subjects`: tables of persons, where detectors do not find them. */
  static async open(url: string, subjects: readonly string[]): Promise<HoldoutTrial> {
    const config = parseConfig(JSON.stringify({ version: 1, subjects }), null, {});
    const { maxConnections, maxSnapshotMinutes, statementTimeoutMs } = config.source;
    const database = await openSource(url, { maxConnections, maxSnapshotMinutes, statementTimeoutMs });
    const { signal } = new AbortController();
    const structure = await readSourceStructure(database, config, new StageClock(silent, signal));
    const snapshot = await database.openSnapshot();
    try {
      const { artifact, graph } = structure;
      const sample = await profile(snapshot, artifact.catalog, graph, SAMPLE_LIMITS, silent, signal);
      return new HoldoutTrial(database, structure, sample);
    } finally {
      await snapshot.close();
    }
  }

  async scan(seed: number): Promise<Pick<ScanReport, 'gates'>> {
    const { artifact, graph } = this.#structure;
    const { source, target } = subjectHalves(this.#sample, artifact.catalog, seed);
    const rowCounts = new Map([...this.#sample.tables].map(([id, table]) => [id, table.totalRowCount]));
    const chosen = chooseStrategies(artifact.catalog, graph, this.#classification, rowCounts, new Map());
    const report = await scanSynthetic({
      catalog: artifact.catalog,
      graph,
      classification: this.#classification,
      source: { sample: source, snapshot: null },
      target: { sample: target, snapshot: null },
      basis: 'loaded',
      strategies: new Map([...chosen].map(([id, { strategy }]) => [id, strategy])),
      acceptedCopies: new Map(),
      smallData: smallTables(source, graph),
      selfTests: [],
      holdout: 'unseen',
      integrity: null,
      limits: DEFAULT_LIMITS,
      seed,
    });
    return { gates: report.gates.filter((gate) => ASKED.has(gate.gate)) };
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}
