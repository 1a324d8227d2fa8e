/**
 * The shape of `understudy.yaml`: every key, its type, its default, and the sentence that an editor shows for it.
 * `understudy.schema.json` beside this file is generated from here (`npm run schema`).
 */
import { z } from 'zod';

const STRATEGIES = ['synthesize', 'copy', 'mask', 'empty'] as const;
const TREATMENTS = ['synthesize', 'fake', 'pseudonym', 'hash', 'redact', 'null', 'shift', 'bucket', 'keep'] as const;

const name = z.string().min(1);
const rate = z.number().min(0).max(1);
const positive = z.number().positive();
const count = z.number().int().min(0);

const source = z
  .strictObject({
    url: name.optional().describe('Production database: a URL, `env:NAME` or `service=NAME`. Opened read-only.'),
    schemas: z.array(name).optional().describe('Only these schemas; all user schemas where absent.'),
    include: z.array(name).default([]).describe('Only tables that match one of these patterns (`shop.*`, `order_*`).'),
    exclude: z
      .array(name)
      .default([])
      .describe('No rows are read or made for tables that match one of these patterns.'),
    maxConnections: z.number().int().min(1).max(64).default(2).describe('Connections held on production at once.'),
    maxSnapshotMinutes: positive.default(30).describe('Longest time that one snapshot is held open.'),
    statementTimeoutMs: z.number().int().positive().default(600_000).describe('Longest time of one statement.'),
  })
  .describe('The production database.');

const target = z
  .strictObject({
    url: name.optional().describe('Staging database: a URL, `env:NAME` or `service=NAME`.'),
    allow: z
      .array(name)
      .optional()
      .describe(
        'Patterns of `host:port/database` that may be replaced. Unset: only what Understudy made, or empty, or absent.',
      ),
    mode: z
      .enum(['swap', 'in-place'])
      .default('swap')
      .describe('Build beside and rename, or shadow schemas in the same database.'),
    roles: z
      .strictObject({
        map: z.record(name, name).default({}).describe('Role of the source → role of the target.'),
        skip: z.array(name).default([]).describe('Roles whose policies and grants are left out.'),
      })
      .prefault({})
      .describe('What becomes of roles that the schema names.'),
    maxBytes: z.number().int().positive().nullable().default(null).describe('Refuse to load more than this.'),
    maintenanceDatabase: name.default('postgres').describe('Database to connect to while the target is renamed.'),
  })
  .describe('The staging database.');

const treatmentOptions = {
  detector: name.optional().describe('What the values are, where name and values do not say so: `person.email`.'),
  days: z.number().int().positive().optional().describe('Of `shift`: at most so many days either way.'),
  width: positive.optional().describe('Of `bucket`: width of a bucket in the unit of the column; days for dates.'),
  locale: name.optional().describe('Of `fake`: locale of the values, e.g. `de`.'),
  alphabet: z
    .enum(['digits', 'letters', 'both'])
    .optional()
    .describe('Of `pseudonym`: what of a value is replaced; `digits` leaves the letters of `INV-2031`.'),
  accept: name
    .optional()
    .describe(
      'Why letting real values through is acceptable; needed for `keep`, and for `pseudonym` and `hash` of values that repeat or are few.',
    ),
};

const acceptsKept = (value: { treatment: string; accept?: string | undefined }): boolean =>
  value.treatment !== 'keep' || value.accept !== undefined;
const keptMessage = {
  message: '`treatment: keep` lets real values through and needs an `accept:` reason',
  path: ['treatment'],
};

const column = z
  .strictObject({ treatment: z.enum(TREATMENTS).describe('What becomes of the values.'), ...treatmentOptions })
  .refine(acceptsKept, keptMessage);

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const steer = z
  .union([
    z.strictObject({ where: z.array(scalar).min(1).describe('The only values that rows are made with.') }),
    z.strictObject({ boost: z.record(name, positive).describe('By value: factor of its odds.') }),
    z.strictObject({
      shares: z.record(name, rate).describe('By value: its share of the rows; other values share the rest.'),
    }),
  ])
  .refine(
    (value) => !('shares' in value) || Object.values(value.shares).reduce((sum, share) => sum + share, 0) <= 1 + 1e-9,
    { message: '`shares` add up to more than 1', path: ['shares'] },
  );

const table = z
  .strictObject({
    strategy: z
      .enum(STRATEGIES)
      .optional()
      .describe('synthesize: learned; copy: real rows; mask: real rows, masked; empty: none.'),
    scale: positive.optional().describe('Rows relative to the source, for this table.'),
    accept: name.optional().describe('Why real rows in staging are acceptable; shown beside the verdict.'),
    columns: z.record(name, column).default({}).describe('Column rules.'),
    steer: z
      .record(name, steer)
      .optional()
      .describe('Columns that are to be unlike the source: `where`, `boost` or `shares` of their values.'),
  })
  .refine((value) => value.strategy !== 'copy' || value.accept !== undefined, {
    message: '`strategy: copy` puts real rows into staging and needs an `accept:` reason',
    path: ['strategy'],
  });

const rule = z
  .strictObject({
    table: name.default('*').describe('Pattern over `schema.table`, or over the name alone; `*` and `?` are wild.'),
    column: name.describe('Pattern over column names.'),
    treatment: z.enum(TREATMENTS).describe('What becomes of the values.'),
    ...treatmentOptions,
  })
  .refine(acceptsKept, keptMessage);

const virtualForeignKey = z
  .strictObject({
    name: name.optional(),
    table: name,
    columns: z.array(name).min(1),
    references: z.strictObject({ table: name, columns: z.array(name).min(1) }),
    when: z
      .strictObject({ column: name, equals: z.string() })
      .optional()
      .describe('Of a polymorphic pair: the key holds where this column has this value.'),
  })
  .refine((value) => value.columns.length === value.references.columns.length, {
    message: '`columns` and `references.columns` must be of equal length',
    path: ['columns'],
  });

const subset = z
  .strictObject({
    root: name.describe('Table whose rows are chosen; its strategy is mask.'),
    share: z.number().gt(0).max(1).optional().describe("Share of the root's rows, the same ones every time."),
    where: name.optional().describe("Condition over the root's columns, in SQL."),
    children: z
      .enum(['listed', 'all'])
      .default('listed')
      .describe(
        'Whose rows come along: tables with `strategy: mask`, or all that reference the root, directly or not. Rows that a chosen row references always do.',
      ),
  })
  .refine((value) => value.share !== undefined || value.where !== undefined, {
    message: '`subset` needs `share` or `where`',
    path: ['root'],
  });

const mask = z
  .strictObject({
    key: z
      .string()
      .regex(/^(env|file):.+/, 'write `env:NAME` or `file:PATH`: the secret itself does not belong here')
      .optional()
      .describe('Where the secret of `pseudonym`, `hash` and `shift` is: `env:NAME` or `file:PATH`.'),
  })
  .describe('Masking of real rows.');

const pinned = z.strictObject({
  table: name,
  rows: z.array(z.record(name, scalar)).min(1).describe('Rows loaded as they are, their keys reserved.'),
});

const learn = z
  .strictObject({
    engine: z.enum(['auto', 'trees', 'neural']).default('auto'),
    backend: z
      .enum(['auto', 'cpu', 'webgpu', 'tfjs-node-gpu'])
      .default('auto')
      .describe('Where to compute; anything but auto is strict.'),
    maxSubjects: z.number().int().min(100).default(200_000).describe('Subjects that are read at most.'),
    maxRowsPerTable: z.number().int().min(1000).default(500_000).describe('Rows of one table that are read at most.'),
    minimumSubjects: z.number().int().min(5).default(5).describe('Subjects that any learned value needs.'),
    timeZone: name.default('UTC').describe('Zone in which dates and hours are learned.'),
    locale: name.default('en').describe('Locale of fakes where values do not tell.'),
    expiresAfterDays: positive
      .max(36_500)
      .default(180)
      .describe('Days after which a model file is refused without --allow-expired-model.'),
    time: z
      .enum(['keep', 'shift-to-now'])
      .default('keep')
      .describe('shift-to-now: what the rows record is moved by whole weeks, up to `--as-of` or the time of the run.'),
  })
  .describe('How the model is learned.');

const gates = z
  .strictObject({
    privacy: z
      .strictObject({
        familyAlpha: z
          .number()
          .gt(0)
          .lt(0.5)
          .default(0.005)
          .describe('Family-wise error of all statistical gates of a run.'),
        dcrShare: rate.default(0.5).describe('The lower bound of the DCR share may not exceed this.'),
        membershipAuc: rate
          .default(0.6)
          .describe('The lower bound of the AUC of each membership attack may not exceed this.'),
        nearCopies: rate
          .default(0.02)
          .describe('Share of rows that may come as close to a source row as 1 in 100 real rows does.'),
        lowRateMembership: rate.default(0.02).describe('Share of members that may be found at 1 false alarm in 100.'),
        attackRisk: rate
          .default(0.1)
          .describe('What singling out, linking and inferring may gain on subjects that were learned from.'),
        copyExcess: rate.default(0.002).describe('Copies of single subjects’ rows beyond those that real rows show.'),
      })
      .prefault({}),
    fidelity: z
      .strictObject({
        marginals: rate.default(0.8).describe('Lowest mean marginal score of a table.'),
        cardinalities: rate.default(0.8).describe('Lowest cardinality score of a foreign key.'),
        dependences: rate
          .default(0.5)
          .describe('Of the way from shuffled columns to real rows, what columns that depend on each other must keep.'),
        apart: rate
          .default(0.98)
          .describe('AUC at which a learner may tell rows of the target from those of the source.'),
        queryError: z.number().min(1).default(3).describe('Factor by which nine in ten join queries may miscount.'),
      })
      .prefault({}),
    rules: z
      .strictObject({
        lowEntropyExcess: rate.default(0).describe('Coincidences beyond the hold-out that are tolerated.'),
      })
      .prefault({}),
    bias: z
      .strictObject({
        subgroups: z
          .array(z.strictObject({ table: name, group: name, outcome: name, limit: rate.default(0.1) }))
          .default([]),
      })
      .prefault({}),
  })
  .describe('Limits of the gates.');

const hook = z
  .union([
    z.strictObject({ sql: name }),
    z.strictObject({ command: name, timeoutMs: z.number().int().positive().default(60_000) }),
  ])
  .describe('An SQL file or a command; the result JSON is on its standard input.');

const hooks = z
  .strictObject({ beforePublish: hook.optional(), afterPublish: hook.optional(), onFailure: hook.optional() })
  .describe('What to run around publishing.');

const output = z
  .strictObject({
    keepPrevious: count.default(1).describe('Previous databases kept for `rollback`.'),
    counts: z.enum(['exact', 'rounded']).default('exact').describe('How row counts of production are shown.'),
    directory: name.default('understudy-reports').describe('Where reports are written.'),
  })
  .describe('What is kept and written.');

export const configSchema = z
  .strictObject({
    version: z.literal(1).default(1),
    source: source.prefault({}),
    target: target.prefault({}),
    subjects: z
      .array(name)
      .default([])
      .describe('Tables whose rows are natural persons; they decide every privacy figure.'),
    scale: positive.default(1).describe('Multiplies subjects and entities; copied tables never scale.'),
    seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
    tables: z
      .record(name, table)
      .default({})
      .describe(
        'By `schema.table`, by name alone where it is unique, or by a pattern (`audit_*`); names precede patterns.',
      ),
    subset: subset.optional().describe('Which rows masked tables hold; all of them where absent.'),
    mask: mask.prefault({}),
    pinned: z.array(pinned).default([]),
    rules: z
      .array(rule)
      .default([])
      .describe(
        'Treatment of columns by pattern, the first that matches; column rules under `tables` precede, the built-in packs follow.',
      ),
    virtualForeignKeys: z.array(virtualForeignKey).default([]).describe('Relations that the schema does not declare.'),
    learn: learn.prefault({}),
    gates: gates.prefault({}),
    hooks: hooks.prefault({}),
    output: output.prefault({}),
  })
  .describe('Configuration of Understudy.');

/** The configuration with all defaults filled in. */
export type Config = z.output<typeof configSchema>;
export type TableConfig = Config['tables'][string];
export type SteerConfig = z.output<typeof steer>;
export type ColumnConfig = TableConfig['columns'][string];
export type RuleConfig = Config['rules'][number];
export type VirtualForeignKeyConfig = Config['virtualForeignKeys'][number];

/** JSON Schema of the file as users write it, for editors. */
export function configJsonSchema(): Record<string, unknown> {
  return { $id: 'understudy.schema.json', title: 'understudy.yaml', ...z.toJSONSchema(configSchema, { io: 'input' }) };
}
