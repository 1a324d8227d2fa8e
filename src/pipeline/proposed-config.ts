import { stringify } from 'yaml';
import { redactUrl } from '../config/redact.ts';
import type { GraphTable } from '../stages/graph/artifact.ts';
import type { ColumnClassification } from '../stages/mask/artifact.ts';
import type { ClassifiedSource } from './classify-source.ts';

/** The commented `understudy.yaml` that a classified source suggests; it loads without error. Pure. */
export function proposeConfig(classified: ClassifiedSource, sourceUrl: string): string {
  const { catalog } = classified.artifact;
  return [
    comment(
      `Configuration of Understudy for ${catalog.database} (${catalog.engine} ${catalog.serverVersion}), proposed by \`understudy init\`.`,
    ),
    comment(
      'Read it before the first run: what is proposed is a guess by names and values, with its reason beside it.',
    ),
    'version: 1\n',
    sourceSection(sourceUrl),
    '# The staging database. What is not an empty, absent or Understudy-made database needs `allow` and --yes.',
    'target:',
    '  # url: env:STAGING_URL',
    '  mode: swap # or in-place, where no database may be created',
    '  # allow: ["staging.example.com:5432/*"]\n',
    '# Multiplies subjects and entities; copied tables never scale.',
    'scale: 1',
    '# The same seed gives the same rows.',
    'seed: 0\n',
    subjectSection(classified),
    VIRTUAL_KEYS,
    tableSection(classified),
  ].join('\n');
}

const VIRTUAL_KEYS = `# Relations that the schema does not declare; with \`when\`, where a column says which table is meant.
# virtualForeignKeys:
#   - { table: reading, columns: [sensor], references: { table: sensor, columns: [id] } }
#   - { table: remark, columns: [subject_id], references: { table: photo, columns: [id] }, when: { column: subject_type, equals: photo } }
`;

/** Comments end at the line's end, whatever the database put into a name or a reason. */
function comment(text: string, indent = ''): string {
  return `${indent}# ${text.replaceAll(/[\r\n]+/g, ' ')}`;
}

function scalar(value: string): string {
  return stringify(value, { lineWidth: 0 }).trim();
}

function sourceSection(sourceUrl: string): string {
  const secret = redactUrl(sourceUrl) !== sourceUrl;
  const url = secret
    ? '  # The URL had a password, which does not belong into a file: put it into a variable.\n  url: env:PRODUCTION_URL'
    : `  url: ${scalar(sourceUrl)}`;
  return [
    '# The production database; it is opened read-only.',
    'source:',
    url,
    '  # schemas: [public]',
    '  # exclude: ["audit_*"]\n',
  ].join('\n');
}

function subjectSection({ subjects }: ClassifiedSource): string {
  const head = '# Tables whose rows are natural persons; every privacy figure is computed over them.';
  if (subjects.length === 0) {
    return `${head}\n# None was recognised. List them, or no table carries a membership gate.\nsubjects: []\n`;
  }
  const items = subjects.map(({ table, reason }) => `${comment(reason, '  ')}\n  - ${scalar(table)}`);
  return [head, 'subjects:', ...items, ''].join('\n');
}

function tableSection(classified: ClassifiedSource): string {
  const sections = classified.graph.tables.map((table) => tableEntry(table, classified));
  const head = [
    '# Tables in load order. Strategies: synthesize (the default), copy and mask (real rows: need `accept:`), empty.',
    '# Look-up tables of at most 1,000 rows without personal values are copied unless told otherwise.',
  ];
  return [...head, 'tables:', ...sections, ''].join('\n');
}

function tableEntry(table: GraphTable, { classification }: ClassifiedSource): string {
  const columns = classification.columns.filter((column) => column.table === table.id && column.sensitivity !== 'none');
  const settled = columns.filter(canBeConfigured);
  const open = columns.filter((column) => !canBeConfigured(column));
  const lines = [
    comment(`${table.role}: ${table.reasons.join(' ')}`, '  '),
    `  ${scalar(table.id)}:${settled.length === 0 ? ' {}' : ''}`,
    ...(settled.length === 0 ? [] : ['    columns:']),
    ...settled.flatMap((column) => [
      comment(column.reason, '      '),
      `      ${scalar(column.column)}: ${columnRule(column)}`,
    ]),
    ...open.map((column) =>
      comment(`${column.column} (${column.sensitivity}) is ${column.treatment}: ${column.reason}`, '    '),
    ),
  ];
  return lines.join('\n');
}

/** What `generate` makes itself is not configured, and `keep` is only ever written by a person, with a reason. */
function canBeConfigured(column: ColumnClassification): boolean {
  return column.treatment !== 'structural' && column.treatment !== 'keep';
}

function columnRule({ treatment, detector }: ColumnClassification): string {
  return treatment === 'fake' && detector !== null
    ? `{ treatment: fake, detector: ${scalar(detector)} }`
    : `{ treatment: ${treatment === 'null' ? '"null"' : treatment} }`;
}
