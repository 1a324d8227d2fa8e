import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelHash, writeModelFile, type TypedArray } from '../../../../src/model/model-file.ts';
import type { LearnedModel } from '../../../../src/stages/learn/artifact.ts';
import { loadModel, modelContent, saveModel } from '../../../../src/stages/learn/model-store.ts';
import { learned, made } from '../../../support/sketch-database.ts';
import { shop } from '../generate/shop.ts';

let folder: string;
let model: LearnedModel;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-store-'));
  model = await learned(shop);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a model in a file', () => {
  it('makes the same rows as before it was written, and has the same hash each time', async () => {
    const path = join(folder, 'shop.model');
    const hash = await saveModel(path, model);
    const loaded = await loadModel(path);
    expect(loaded.hash).toBe(hash);
    expect(await made(loaded.model, { seed: 3 })).toEqual(await made(model, { seed: 3 }));
    expect(await saveModel(join(folder, 'again.model'), loaded.model)).toBe(hash);
    expect(loaded.model.provenance).toEqual(model.provenance);
    expect(loaded.model.tables.map(({ id, strategy, rules }) => ({ id, strategy, rules }))).toEqual(
      model.tables.map(({ id, strategy, rules }) => ({ id, strategy, rules })),
    );
  });

  it('has the hash of what it makes, not of the time that it was learned at', async () => {
    const later = { ...model, provenance: { ...model.provenance, learnedAt: '2031-01-01T00:00:00.000Z' } };
    expect(modelHash(modelContent(later))).toBe(modelHash(modelContent(model)));
    const other = { ...model, tables: model.tables.slice(1) };
    expect(modelHash(modelContent(other))).not.toBe(modelHash(modelContent(model)));
  });

  it('counts the subjects of each part, and says how long it holds', () => {
    const { subjectCount, splitCounts, learnedAt, expiresAt } = model.provenance;
    expect(splitCounts.fit + splitCounts.tune + splitCounts.test).toBe(subjectCount);
    expect(splitCounts.fit).toBeGreaterThan(splitCounts.tune);
    expect(Date.parse(expiresAt) - Date.parse(learnedAt)).toBe(180 * 86_400_000);
  });

  it('holds raw rows of copied tables only', async () => {
    const path = join(folder, 'raw.model');
    await saveModel(path, model);
    const file = (await readFile(path)).toString('latin1');
    const kept = model.tables.filter((table) => table.rows !== null).map((table) => table.id);
    expect(kept).toEqual(['public.region', 'public.product']);
    expect(file).toContain('north');
    // Moments to the second are a person's own; none is shared by five.
    for (const { joined } of shop.rows.customer.slice(0, 50)) expect(file).not.toContain(String(joined));
  });

  it.each(['nodes', 'leaves', 'roots', 'categories'])(
    'is refused where a part is cut short or missing: %s',
    async (part) => {
      const { header, making, tensors } = modelContent(model);
      const names = [...tensors].filter(([name, tensor]) => name.endsWith(`.${part}`) && tensor.length > 0);
      expect(names.length).toBeGreaterThan(0);
      const path = join(folder, 'broken.model');
      for (const [name, tensor] of [names[0], names[names.length >> 1], names[names.length - 1]]) {
        const shorter = new Map(tensors).set(name, tensor.slice(0, tensor.length - 1) as TypedArray);
        await writeModelFile(path, { header, making, tensors: shorter });
        await expect(loadModel(path), `${name} cut`).rejects.toMatchObject({
          code: 'MODEL_FILE_INVALID',
          exitCode: 65,
        });
        const fewer = new Map([...tensors].filter(([other]) => other !== name));
        await writeModelFile(path, { header, making, tensors: fewer });
        await expect(loadModel(path), `${name} missing`).rejects.toMatchObject({ code: 'MODEL_FILE_INVALID' });
      }
    },
  );

  it.each([
    ['of another version', { version: 2, tables: [] }],
    ['without tables', { version: 1 }],
    ['of nothing', null],
    ['of a list', []],
  ])('is refused with a header %s', async (_, header) => {
    const path = join(folder, 'other.model');
    await writeModelFile(path, { header, making: {}, tensors: new Map() });
    await expect(loadModel(path)).rejects.toMatchObject({ code: 'MODEL_FILE_INVALID' });
  });
});
