import type { Reporter, TestModule, Vitest } from 'vitest/node';

/** Prints, after everything else, each skipped test with its reason, and the counts in one plain line. */
export default class SkipReporter implements Reporter {
  /** Run for some tests by name: then the others need no reason. */
  #isFiltered = false;

  onInit(vitest: Vitest): void {
    this.#isFiltered = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    const skips = new Map<string, string[]>();
    let brokenModuleCount = 0;
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const result = test.result();
        counts[result.state]++;
        if (result.state !== 'skipped' || this.#isFiltered) continue;
        const reason = result.note ?? 'no reason given';
        skips.set(reason, [...(skips.get(reason) ?? []), `${module.relativeModuleId}: ${test.fullName}`]);
      }
      // A file that failed to load or a failed suite hook hides its tests; it must not pass for "nothing failed".
      if (module.errors().length > 0 || [...module.children.allSuites()].some((suite) => suite.errors().length > 0))
        brokenModuleCount++;
    }
    const lines: string[] = [];
    for (const [reason, tests] of skips)
      lines.push(`skipped (${tests.length}): ${reason}`, ...tests.map((test) => `  ${test}`));
    if (brokenModuleCount > 0) lines.push(`files that failed as a whole: ${brokenModuleCount}`);
    const failedCount = counts.failed + counts.pending + brokenModuleCount;
    const skippedNote = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
    lines.push(`${counts.passed} passed, ${failedCount} failed${skippedNote}`);
    process.stdout.write(`\n${lines.join('\n')}\n`);
  }
}
