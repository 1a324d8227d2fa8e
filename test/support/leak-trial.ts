/** Learns a source, makes rows of it in memory, and asks the gates of them: with a leak planted, or as they are. */
import { openSource } from '../../connectors/open.ts';
import type { Snapshot, Source } from '../../connectors/connector.ts';
import { parseConfig } from '../../src/config/load.ts';
import { silent } from '../../src/kernel/events.ts';
import { learnSource, readSourceStructure } from '../../src/pipeline/learn-source.ts';
import type { LearnedSource } from '../../src/pipeline/learn-source.ts';
import { makeRows } from '../../src/pipeline/make-rows.ts';
import { RowStore } from '../../src/pipeline/row-store.ts';
import { scanMade } from '../../src/pipeline/scan-databases.ts';
import { StageClock } from '../../src/pipeline/stage-clock.ts';
import { learn } from '../../src/stages/learn/index.ts';
import type { LearnedModel } from '../../src/stages/learn/artifact.ts';
import type { ScanReport } from '../../src/stages/scan/artifact.ts';
import { addBlock, blockOf, MEMORISING } from './planted-leaks.ts';
import type { Made } from './planted-leaks.ts';

const config = parseConfig('version: 1', null, {});
const { signal } = new AbortController();

export class LeakTrial {
  readonly source: LearnedSource;
  readonly #database: Source;
  readonly #snapshot: Snapshot;

  private constructor(database: Source, snapshot: Snapshot, source: LearnedSource) {
    this.#database = database;
    this.#snapshot = snapshot;
    this.source = source;
  }

  static async open(url: string): Promise<LeakTrial> {
    const { maxConnections, maxSnapshotMinutes, statementTimeoutMs } = config.source;
    const database = await openSource(url, { maxConnections, maxSnapshotMinutes, statementTimeoutMs });
    const clock = new StageClock(silent, signal);
    const structure = await readSourceStructure(database, config, clock);
    const snapshot = await database.openSnapshot();
    return new LeakTrial(database, snapshot, await learnSource(structure, snapshot, config, clock, silent, signal));
  }

  get model(): LearnedModel {
    return this.source.model;
  }

  /** The same source fitted behind no gate, with leaves of one row. */
  memorisingModel(): Promise<LearnedModel> {
    const { artifact, graph, sample, model } = this.source;
    const options = { overrides: new Map(), toolVersion: '', now: new Date(0), fitting: MEMORISING };
    return learn(artifact.catalog, graph, sample, model.classification, options, silent, signal);
  }

  /** Rows of a model; `scales`: row factors by table. */
  async make(model: LearnedModel, seed: number, scales: ReadonlyMap<string, number> = new Map()): Promise<Made> {
    const made: Made = new Map();
    const streams = await makeRows(model, { seed, scale: 1, tableScales: scales, blockRows: 2000 });
    for (const stream of streams) for await (const block of stream.blocks()) addBlock(made, block);
    return made;
  }

  /** Every gate, over all rows, as after loading; a rehearsal leaves out what learners tell of fidelity. */
  async scan(
    model: LearnedModel,
    made: Made,
    seed: number,
    basis: 'loaded' | 'rehearsal' = 'loaded',
  ): Promise<ScanReport> {
    const target = new RowStore();
    for (const table of made.keys()) target.add(blockOf(made, table));
    return scanMade({
      model,
      source: { sample: this.source.sample, snapshot: this.#snapshot },
      target,
      basis,
      integrity: null,
      config,
      seed,
      signal,
    });
  }

  async close(): Promise<void> {
    await this.#snapshot.close();
    await this.#database.close();
  }
}

/** Names of the gates that failed. */
export function failedGates(report: Pick<ScanReport, 'gates'>): string[] {
  return [...new Set(report.gates.filter((gate) => gate.verdict === 'fail').map((gate) => gate.gate))];
}
