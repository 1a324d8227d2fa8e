/** Names that are not there, and model files that do not fit. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attempt, createDatabase, createShop, expectFailure, expectUnchanged } from '../support/bad-input.ts';
import type { AttemptOptions } from '../support/bad-input.ts';
import { runBinary } from '../support/binary.ts';
import { startPrivateServer } from '../support/postgres.ts';
import type { PrivateServer } from '../support/postgres.ts';
import { sql } from '../support/publish-fixture.ts';

let server: PrivateServer;
let home: string;
let model: Buffer;
beforeAll(async () => {
  server = await startPrivateServer();
  await createShop(server, 'shop');
  home = mkdtempSync(path.join(tmpdir(), 'understudy-model-'));
  const env = { SOURCE: server.url('shop') };
  const learned = await runBinary(['learn', '--source', 'env:SOURCE', '--model', 'shop.model'], { cwd: home, env });
  expect(learned.exitCode, learned.stderr).toBe(0);
  model = readFileSync(path.join(home, 'shop.model'));
});
afterAll(async () => {
  await server.close();
  rmSync(home, { recursive: true });
});

function given(config: string, target = 'staging'): AttemptOptions {
  return {
    env: { SOURCE: server.url('shop'), TARGET: server.url(target) },
    files: { 'understudy.yaml': `version: 1\n${config}\n` },
  };
}

// ---------------------------------------------------------------------------------------------- names

const MISTAKES = [
  {
    name: 'an unknown key',
    config: 'target:\n  alow: [staging]',
    code: 'CONFIG_UNKNOWN_KEY',
    told: /understudy\.yaml:3:3: `target\.alow` is not a known key\. Did you mean `allow`\?/,
    hint: /allow/,
  },
  {
    name: 'an unknown key of a table',
    config: 'tables:\n  customer:\n    stratgy: empty',
    code: 'CONFIG_UNKNOWN_KEY',
    told: /understudy\.yaml:4:5: `tables\.customer\.stratgy` is not a known key\. Did you mean `strategy`\?/,
    hint: /strategy/,
  },
  {
    name: 'a value of the wrong type',
    config: 'seed: zero',
    code: 'CONFIG_INVALID',
    told: /understudy\.yaml:2:1: `seed` must be/,
    hint: /./,
  },
  {
    name: 'a table that is not there',
    config: 'subjects: [costumer]',
    code: 'CONFIG_UNKNOWN_NAME',
    told: /understudy\.yaml:2:12: There is no table `costumer` in database shop\. Did you mean `customer`\?/,
    hint: /^Write `customer` instead\.$/,
  },
  {
    name: 'a column that is not there',
    config: 'tables:\n  public.customer:\n    columns:\n      emial: { treatment: fake }',
    code: 'CONFIG_UNKNOWN_NAME',
    told: /understudy\.yaml:5:7: Table public\.customer has no column `emial`\. Did you mean `email`\?/,
    hint: /^Write `email` instead\.$/,
  },
] as const;

test.for(MISTAKES)('$name ends every command alike', async ({ config, code, told, hint }) => {
  await expectUnchanged(server, async () => {
    for (const command of [
      ['provision', '--source', 'env:SOURCE', '--target', 'env:TARGET'],
      ['learn', '--source', 'env:SOURCE', '--model', 'shop.model'],
      ['introspect', '--source', 'env:SOURCE'],
    ])
      await expectFailure(command, { code, exitCode: 64, told, hint }, given(config));
  });
});

const NOT_CARRIED_OUT = [
  'pinned: [{ table: customer, rows: [{ id: 1 }] }]',
  'hooks: { beforePublish: { command: "true" } }',
  'learn: { engine: neural }',
  'learn: { minimumSubjects: 50 }',
  'learn: { timeZone: Europe/Berlin }',
  'output: { counts: rounded }',
];

test('a setting that no run carries out is refused, not passed over', async () => {
  const expected = {
    code: 'CONFIG_UNSUPPORTED',
    exitCode: 65,
    told: /^understudy\.yaml:2:\d+: this version does not carry out `\S+` yet; nothing was/,
    hint: /^Remove/,
  } as const;
  const commands = [
    ['provision', '--source', 'env:SOURCE', '--target', 'env:TARGET'],
    ['learn', '--source', 'env:SOURCE', '--model', 'shop.model'],
  ];
  await expectUnchanged(server, async () => {
    for (const [i, config] of NOT_CARRIED_OUT.entries()) await expectFailure(commands[i % 2], expected, given(config));
    await expectFailure(
      [...commands[0], '--as-of', 'yesterday'],
      { code: 'CLI_USAGE', exitCode: 64, told: /--as-of/, hint: /2026/ },
      given(''),
    );
    for (const command of commands)
      await expectFailure(
        [...command, '--backend', 'webgpu'],
        { code: 'DEVICE_UNAVAILABLE', exitCode: 69, told: /^The backend webgpu cannot be used: /, hint: /--backend/ },
        given(''),
      );
  });
});

// ---------------------------------------------------------------------------------------------- model files

const FROM_MODEL = ['provision', '--model', 'shop.model', '--target', 'env:TARGET'] as const;
function withModel(data: Uint8Array | string, target = 'staging'): AttemptOptions {
  return { env: { TARGET: server.url(target) }, files: { 'shop.model': data } };
}

test('a truncated, damaged, foreign or missing model file is told as such', async () => {
  const damaged = Buffer.from(model);
  damaged[Math.floor(damaged.length * 0.7)] ^= 0xff;
  const foreign = Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.alloc(4000, 7)]);
  const header = '{"__metadata__":{"format":"pt"}}';
  const otherTensors = Buffer.concat([Buffer.from([header.length, 0, 0, 0, 0, 0, 0, 0]), Buffer.from(header)]);
  const expected = {
    code: 'MODEL_FILE_INVALID',
    exitCode: 65,
    told: /shop\.model .*nothing was (written|changed)/i,
    hint: /./,
  } as const;
  await expectUnchanged(server, async () => {
    for (const data of ['', model.subarray(0, 1000), model.subarray(0, -1), damaged, foreign, otherTensors])
      await expectFailure(FROM_MODEL, expected, withModel(data));
    await expectFailure(
      ['provision', '--model', 'none.model', '--target', 'env:TARGET'],
      { ...expected, told: /none\.model cannot be opened/, hint: /--model/ },
      withModel(model),
    );
  });
});

test("a model whose schema is not the target's is refused, and one whose schema is fills it", async () => {
  const expected = {
    code: 'MODEL_SCHEMA_MISMATCH',
    exitCode: 65,
    told: /^The model shop\.model was learned from another schema than the target "filled" has: .*\. Nothing was changed\.$/,
    hint: /^Learn the model again/,
  } as const;
  const first = await attempt(FROM_MODEL, withModel(model, 'filled'));
  expect(first.result.verdict, first.stderr).toBe('pass');
  const changes = [
    [
      'ALTER TABLE public.customer ADD shoe_size int; UPDATE public.customer SET shoe_size = 40; ALTER TABLE public.customer ALTER shoe_size SET NOT NULL',
      /the model has no column public\.customer\.shoe_size/,
    ],
    [
      'ALTER TABLE public.customer DROP shoe_size, ALTER city TYPE varchar(80)',
      /public\.customer\.city is character varying\(80\)/,
    ],
    [
      'ALTER TABLE public.customer ALTER city TYPE text; CREATE TABLE public.extra (id int)',
      /the model has no table public\.extra/,
    ],
    [
      'DROP TABLE public.extra; ALTER TABLE public.order_line DROP quantity',
      /column public\.order_line\.quantity is missing/,
    ],
    ['DROP TABLE public.order_line', /table public\.order_line is missing/],
  ] as const;
  for (const [change, difference] of changes) {
    await sql(server.url('filled'), change);
    await expectUnchanged(server, () =>
      expectFailure(FROM_MODEL, { ...expected, told: difference }, withModel(model, 'filled')),
    );
  }
  await expectUnchanged(server, () =>
    expectFailure([...FROM_MODEL, '--mode', 'in-place'], expected, withModel(model, 'filled')),
  );
});

test('a model fills an empty target in both modes, with nothing of the source at hand', async () => {
  await createDatabase(server, 'empty');
  for (const mode of ['in-place', 'swap']) {
    const run = await attempt([...FROM_MODEL, '--mode', mode, '--seed', '5'], withModel(model, 'empty'));
    expect(run.result.verdict, run.stderr).toBe('pass');
    expect(await sql(server.url('empty'), 'SELECT count(*)::int AS count FROM public.customer')).toEqual([
      { count: 300 },
    ]);
    const real = "SELECT FROM public.customer WHERE concat(name, email, city) ILIKE '%zzyzx%'";
    expect(await sql(server.url('empty'), real)).toEqual([]);
  }
});
