import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readModelFile, type TypedArray, writeModelFile } from '../../../src/model/model-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-model-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const header = { tables: [{ name: 'public.film', note: 'ünïcode ✓' }] };
const making = { learnedAt: '2026-01-02T03:04:05.000Z' };
const tensors = new Map<string, TypedArray>([
  ['b.codes', Uint8Array.of(1, 2, 3)],
  ['a.leaves', Uint32Array.of(1, 0xffffffff)],
  ['a.nodes', Int32Array.of(-1, 0, 5)],
  ['empty', new Uint16Array(0)],
  ['x', Float64Array.of(Math.PI)],
  ['ids', BigInt64Array.of(-(2n ** 60n))],
]);

async function write(name: string): Promise<string> {
  const path = join(folder, name);
  await writeModelFile(path, { header, making, tensors });
  return path;
}

describe('model file', () => {
  it('comes back as it was written, with the same hash for the same content', async () => {
    const path = join(folder, 'same.model');
    const hash = await writeModelFile(path, { header, making, tensors });
    const read = await readModelFile(path);
    expect(read.header).toEqual(header);
    expect(read.making).toEqual(making);
    expect(new Map(read.tensors)).toEqual(tensors);
    expect(read.hash).toBe(hash);
    const reordered = new Map([...tensors].toReversed());
    expect(await writeModelFile(path, { header, making, tensors: reordered })).toBe(hash);
    expect(await writeModelFile(path, { header: { ...header, more: 1 }, making, tensors })).not.toBe(hash);
    // How it was made does not make it another model.
    expect(await writeModelFile(path, { header, making: { learnedAt: 'later' }, tensors })).toBe(hash);
  });

  it('is readable by its owner only, and leaves nothing else in the folder', async () => {
    const path = await write('private.model');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('is a safetensors file: aligned header, no gaps, every tensor at a multiple of its element', async () => {
    const bytes = await readFile(await write('layout.model'));
    const length = Number(bytes.readBigUInt64LE(0));
    const table = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<
      string,
      { data_offsets: [number, number] }
    >;
    const { __metadata__: metadata, ...entries } = table;
    expect(length % 8).toBe(0);
    expect(Object.values(metadata).every((value) => typeof value === 'string')).toBe(true);
    const offsets = Object.entries(entries).map(([name, entry]) => [name, ...entry.data_offsets] as const);
    offsets.forEach(([name, start], i) => {
      expect(start).toBe(i === 0 ? 0 : offsets[i - 1][2]);
      expect(start % tensors.get(name)!.BYTES_PER_ELEMENT).toBe(0);
    });
    expect(8 + length + offsets.at(-1)![2]).toBe(bytes.length);
  });

  it('is refused at every length short of its own', async () => {
    const bytes = await readFile(await write('whole.model'));
    const path = join(folder, 'cut.model');
    for (let length = 0; length < bytes.length; length += 7) {
      await writeFile(path, bytes.subarray(0, length));
      await expect(readModelFile(path)).rejects.toMatchObject({ code: 'MODEL_FILE_INVALID', exitCode: 65 });
    }
    await writeFile(path, Buffer.concat([bytes, Buffer.of(0)]));
    await expect(readModelFile(path)).rejects.toMatchObject({ code: 'MODEL_FILE_INVALID' });
  });

  it('is refused when any byte was changed', async () => {
    const bytes = await readFile(await write('flip.model'));
    const path = join(folder, 'flipped.model');
    for (let at = 0; at < bytes.length; at += 11) {
      if (bytes[at] === 0x20) continue; // filling between header and tensors
      const changed = Buffer.from(bytes);
      changed[at] ^= 0x01;
      await writeFile(path, changed);
      await expect(readModelFile(path), `byte ${at}`).rejects.toMatchObject({
        code: expect.stringMatching(/^MODEL_FILE_(INVALID|VERSION)$/) as string,
      });
    }
  });

  it('says what is wrong: absent, foreign, of another version', async () => {
    await expect(readModelFile(join(folder, 'absent'))).rejects.toMatchObject({
      code: 'MODEL_FILE_INVALID',
      message: expect.stringContaining('ENOENT') as string,
    });
    const foreign = join(folder, 'foreign.safetensors');
    await writeFile(foreign, pack({ __metadata__: { format: 'pt' } }));
    await expect(readModelFile(foreign)).rejects.toMatchObject({
      message: expect.stringContaining('another program') as string,
    });
    await writeFile(foreign, 'PK\u0003\u0004 a zip file, or any other');
    await expect(readModelFile(foreign)).rejects.toMatchObject({ code: 'MODEL_FILE_INVALID' });
    await writeFile(
      foreign,
      pack({ __metadata__: { format: 'understudy-model', version: '3', hash: '', header: '{}' } }),
    );
    await expect(readModelFile(foreign)).rejects.toMatchObject({
      code: 'MODEL_FILE_VERSION',
      hint: 'Update Understudy.',
    });
  });

  it('reports a place that cannot be written to, and leaves nothing there', async () => {
    await expect(
      writeModelFile(join(folder, 'no', 'such', 'folder'), { header, making, tensors }),
    ).rejects.toMatchObject({
      code: 'WORKSPACE_IO',
    });
  });
});

function pack(json: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(json));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([prefix, text]);
}
