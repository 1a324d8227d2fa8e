import type { EventSink, StageName } from '../kernel/events.ts';
import { pause } from '../kernel/pause.ts';

/** Times the stages of a run and tells the sink. */
export class StageClock {
  readonly #sink: EventSink;
  readonly #signal: AbortSignal | undefined;
  readonly #started = performance.now();
  readonly #timings: Partial<Record<StageName | 'total', number>> = {};

  /** Once `signal` is aborted no stage begins but `report`, which tells of what has been done. */
  constructor(sink: EventSink, signal?: AbortSignal) {
    this.#sink = sink;
    this.#signal = signal;
  }

  /** Runs `work` as a stage; a stage that runs twice adds up. */
  async run<R>(stage: StageName, work: () => R | Promise<R>): Promise<R> {
    await pause(stage === 'report' ? undefined : this.#signal);
    const started = performance.now();
    this.#sink({ type: 'stage-started', stage });
    const result = await work();
    const durationMs = performance.now() - started;
    this.#timings[stage] = Math.round((this.#timings[stage] ?? 0) + durationMs);
    this.#sink({ type: 'stage-finished', stage, durationMs });
    return result;
  }

  /** Milliseconds by stage so far, and in total. */
  timingsMs(): Readonly<Record<string, number>> {
    return { ...this.#timings, total: Math.round(performance.now() - this.#started) };
  }
}

/** Peak resident memory of this process, workers included. */
export function peakRssBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
