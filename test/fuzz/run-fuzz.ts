/** Draws schema after schema, counts what becomes of them, and shrinks those that break. */
import fc from 'fast-check';
import { schemas, type SchemaSpec } from './schema-spec.ts';
import type { Outcome, Plant, Playground } from './try-schema.ts';

const SHRINK_MS = 60_000;
/** Messages of one code that are kept. */
const EXAMPLES = 10;

export interface Failure {
  /** Draws the schema again: `--runs 1 --seed` this. */
  readonly seed: number;
  readonly message: string;
  readonly minimal: SchemaSpec;
  readonly minimalMessage: string;
}

export interface Tally {
  filled: number;
  readonly findings: Map<string, number>;
  readonly failures: Failure[];
  /** A few of each code. */
  readonly examples: Map<string, string[]>;
  /** Schemas tried, without those of shrinking. */
  runs: number;
}

export interface FuzzOptions {
  readonly runs: number;
  readonly seed: number;
  readonly plant?: Plant;
  readonly stopAtFailure?: boolean;
  readonly shrink?: boolean;
  readonly onFailure?: (failure: Failure) => void;
}

/** Each schema has a seed of its own, `seed`, `seed + 1`, …, so that any of them can be drawn again alone. */
export async function fuzz(playgrounds: readonly Playground[], options: FuzzOptions): Promise<Tally> {
  const tally: Tally = { filled: 0, findings: new Map(), failures: [], examples: new Map(), runs: 0 };
  let next = 0;
  const work = async (playground: Playground): Promise<void> => {
    while (next < options.runs && !(options.stopAtFailure && tally.failures.length > 0)) {
      const seed = options.seed + next++;
      await tryOne(playground, seed, options, tally);
    }
  };
  await Promise.all(playgrounds.map(work));
  return tally;
}

async function tryOne(playground: Playground, seed: number, options: FuzzOptions, tally: Tally): Promise<void> {
  const [spec] = fc.sample(schemas, { seed, numRuns: 1 });
  const outcome = await playground.try(spec, options.plant);
  tally.runs++;
  if (outcome.state === 'filled') tally.filled++;
  if (outcome.state === 'finding') {
    tally.findings.set(outcome.code, (tally.findings.get(outcome.code) ?? 0) + 1);
    const examples = tally.examples.get(outcome.code) ?? [];
    if (examples.length < EXAMPLES) tally.examples.set(outcome.code, [...examples, `seed ${seed}: ${outcome.message}`]);
  }
  if (outcome.state !== 'broken') return;
  const failure = { seed, message: outcome.message, ...(await smallest(playground, spec, outcome, seed, options)) };
  tally.failures.push(failure);
  options.onFailure?.(failure);
}

/** The smallest schema that still breaks, as far as the time for it goes. */
async function smallest(
  playground: Playground,
  spec: SchemaSpec,
  { message }: Extract<Outcome, { state: 'broken' }>,
  seed: number,
  { plant, shrink }: FuzzOptions,
): Promise<{ minimal: SchemaSpec; minimalMessage: string }> {
  let found = { minimal: spec, minimalMessage: message };
  if (shrink === false) return found;
  const end = performance.now() + SHRINK_MS;
  const holds = fc.asyncProperty(schemas, async (candidate) => {
    if (performance.now() > end) return;
    const outcome = await playground.try(candidate, plant).catch(() => null);
    if (outcome?.state !== 'broken') return;
    found = { minimal: candidate, minimalMessage: outcome.message };
    throw new Error(outcome.message);
  });
  await fc.check(holds, { seed, numRuns: 1 });
  return found;
}
