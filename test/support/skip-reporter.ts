import type { Reporter, TestModule, Vitest } from 'vitest/node';

/** Prints, after everything else, each skipped test with its reason, and the counts in one plain line. */
export default class SkipReporter implements Reporter {
  /** Run for some tests by name: then the others need no reason. */
  #isFiltered = false;

  onInit(vitest: Vitest): void {
    this.#isFiltered = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let [passedCount, failedCount, skippedCount] = [0, unhandledErrors.length, 0];
    const skips = new Map<string, string[]>();
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      // Where a file does not load or a hook fails, vitest calls the tests skipped: they are not.
      const isBroken =
        module.errors().length > 0 || [...module.children.allSuites()].some((suite) => suite.errors().length > 0);
      if (isBroken && tests.length === 0) failedCount++;
      for (const test of tests) {
        const result = test.result();
        const reason = result.state === 'skipped' ? result.note : undefined;
        if (result.state === 'passed') passedCount++;
        else if (result.state !== 'skipped' || (isBroken && reason === undefined)) failedCount++;
        else {
          skippedCount++;
          const label = reason ?? 'no reason given';
          skips.set(label, [...(skips.get(label) ?? []), `${module.relativeModuleId}: ${test.fullName}`]);
        }
      }
    }
    const lines = this.#isFiltered
      ? []
      : [...skips].flatMap(([reason, tests]) => [
          `skipped (${tests.length}): ${reason}`,
          ...tests.map((test) => `  ${test}`),
        ]);
    const skippedNote = skippedCount > 0 ? `, ${skippedCount} skipped` : '';
    process.stdout.write(`\n${[...lines, `${passedCount} passed, ${failedCount} failed${skippedNote}`].join('\n')}\n`);
  }
}
