import type { ResolvedConfig } from '../config/resolved.ts';
import { finding } from '../kernel/findings.ts';
import type { RowBlock } from '../kernel/rows.ts';
import { pause } from '../kernel/pause.ts';
import type { LearnedModel } from '../stages/learn/artifact.ts';
import type { RealTable } from '../stages/generate/artifact.ts';
import type { RealRows } from '../stages/mask/real-rows.ts';
import type { GateResult, ScanReport } from '../stages/scan/artifact.ts';
import type { ScanSide } from '../stages/scan/input.ts';
import { makeRows } from './make-rows.ts';
import { RowStore } from './row-store.ts';
import { scanMade } from './scan-databases.ts';

/** Rows of a rehearsal, over all tables: enough for the gates to see, made in a few seconds. */
export const REHEARSAL_ROWS = 80_000;
const BLOCK_ROWS = 2000;

export interface RehearsalRequest {
  readonly model: LearnedModel;
  /** Null where a model file takes the source's place: then rows are made, and there is nothing to compare them with. */
  readonly source: ScanSide | null;
  readonly basis: Extract<GateResult['basis'], 'rehearsal' | 'learn-sample'>;
  readonly config: ResolvedConfig;
  readonly seed: number;
  /** Of the run; the rehearsal is smaller where that would be large, and as large as the source where that would be small. */
  readonly scale: number;
  readonly signal: AbortSignal;
  /** Masked rows, of which a few are rehearsed. */
  readonly realRows?: ReadonlyMap<string, RealRows>;
  /** Sees all rows that are made. */
  readonly onBlock?: (block: RowBlock) => void;
}

/** Of rows that there was nothing to compare with. */
export const NOTHING_COMPARED: ScanReport = {
  version: 1,
  gates: [],
  columns: [],
  relations: [],
  tables: [],
  queries: null,
  rules: null,
  privacy: [],
  findings: [],
  verdict: 'pass',
};

/** Masked rows that are read and masked for a look at what their treatments do. */
const REAL_ROWS = 5000;

function someOf(rows: ReadonlyMap<string, RealRows>): Map<string, RealTable> {
  return new Map(
    [...rows].map(([id, table]) => [
      id,
      { rowCount: Math.min(REAL_ROWS, table.rowCount), blocks: () => table.blocks(REAL_ROWS) },
    ]),
  );
}

/**
 * Makes a sample in memory and asks the gates of it. It is the model that is asked: the sample has the proportions of
 * the source, and its size or a bounded one, however many rows the run makes of which table. Throws `GENERATE_*`.
 */
export async function rehearseModel(request: RehearsalRequest): Promise<ScanReport> {
  const { model, config, seed, signal } = request;
  const sourceRows = model.tables.reduce((sum, table) => sum + table.sourceRowCount, 0);
  const scale = Math.min(Math.max(1, request.scale), REHEARSAL_ROWS / Math.max(1, sourceRows));
  const store = new RowStore();
  const realRows = request.realRows === undefined ? {} : { realRows: someOf(request.realRows) };
  for (const stream of await makeRows(model, {
    seed,
    scale,
    tableScales: new Map(),
    blockRows: BLOCK_ROWS,
    ...realRows,
  })) {
    for await (const block of stream.blocks()) {
      store.add(block);
      request.onBlock?.(block);
    }
    await pause(signal);
  }
  if (request.source === null) return NOTHING_COMPARED;
  const report = await scanMade({
    model,
    source: request.source,
    target: store,
    basis: request.basis,
    integrity: null,
    config,
    seed,
    signal,
  });
  if (scale === request.scale) return report;
  // Small tables leave junctions fewer partners than they will have: how many children a row has is judged at its size.
  const gates = report.gates.filter((gate) => gate.gate !== 'cardinalities');
  return { ...report, gates, verdict: gates.some((gate) => gate.verdict === 'fail') ? 'fail' : 'pass' };
}

/**
 * What few loaded rows cannot show, where the rehearsal showed it on more rows of the same model: fewer of them give
 * nothing more away. The gate stays underpowered on the loaded rows, the rehearsal's answer is put beside it.
 */
export function answerFromRehearsal(loaded: ScanReport, rehearsed: readonly GateResult[]): ScanReport {
  const answers = new Map(
    rehearsed.filter((gate) => gate.verdict === 'pass').map((gate) => [`${gate.gate} ${gate.scope}`, gate]),
  );
  const answered: GateResult[] = [];
  const findings = loaded.findings.map((found) => {
    const answer = found.code === 'SCAN_UNDERPOWERED' ? answers.get(found.object) : undefined;
    if (answer === undefined) return found;
    answered.push(answer);
    return finding(
      'info',
      found.code,
      found.object,
      'The loaded rows are too few to show it; the rehearsal, with as many rows as the source, passed.',
    );
  });
  const failed =
    loaded.gates.some((gate) => gate.verdict === 'fail') || findings.some((found) => found.severity === 'error');
  return { ...loaded, gates: [...loaded.gates, ...answered], findings, verdict: failed ? 'fail' : 'pass' };
}
