import { createHash, type Hash, randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UnderstudyError } from '../kernel/errors.ts';

/**
 * The model file: one safetensors container. 8 bytes little-endian length, a JSON header, then the raw tensors
 * without gaps. Our own header is a string in `__metadata__`, so any safetensors reader can open the file.
 * Source: the format description of huggingface/safetensors.
 */

export const MODEL_FORMAT = 'understudy-model';
export const MODEL_FORMAT_VERSION = 2;

/** The format's own bound on the JSON header. */
const MAX_HEADER_BYTES = 100_000_000;
const WRITE_CHUNK_BYTES = 1 << 22;

export type TypedArray =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** Wider elements first, so that every tensor starts at a multiple of its own element size. */
const DTYPES = [
  ['F64', Float64Array],
  ['I64', BigInt64Array],
  ['F32', Float32Array],
  ['I32', Int32Array],
  ['U32', Uint32Array],
  ['I16', Int16Array],
  ['U16', Uint16Array],
  ['I8', Int8Array],
  ['U8', Uint8Array],
] as const;

type Dtype = (typeof DTYPES)[number][0];

interface TensorEntry {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Of the bytes after the header. */
  readonly data_offsets: readonly [start: number, end: number];
}

export interface ModelContent {
  /** What the model is, beside its tensors, as JSON. */
  readonly header: unknown;
  /** What is known of its making (when, from what, how it was judged), as JSON: no part of its hash. */
  readonly making: unknown;
  readonly tensors: ReadonlyMap<string, TypedArray>;
}

export interface ModelFile extends ModelContent {
  /** SHA-256, hex, of header and tensors: the model's name in reports and in the ledger. */
  readonly hash: string;
}

/**
 * Writes the file beside its place and renames it there: it is complete or absent, and readable by its owner only.
 *
 * **Throws** WORKSPACE_FULL, WORKSPACE_IO. **Returns** the model's hash.
 * **Domain** little-endian hosts, which is all that Node runs on in practice.
 */
export async function writeModelFile(path: string, content: ModelContent): Promise<string> {
  const tensors = sorted(content.tensors);
  const header = JSON.stringify(content.header);
  const making = JSON.stringify(content.making);
  const table = layOut(tensors);
  const hash = hashOf(
    header,
    table,
    tensors.map(([, tensor]) => tensor),
  );
  const check = checkOf(hash, making);
  const metadata = { format: MODEL_FORMAT, version: String(MODEL_FORMAT_VERSION), hash, header, making, check };
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.understudy-model`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await writeFully(file, packHeader(JSON.stringify({ __metadata__: metadata, ...table })));
      for (const [, tensor] of tensors) await writeFully(file, bytesOf(tensor));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw writeFailure(thrown, path);
  }
  return hash;
}

/**
 * Reads a model file and checks it to the last byte.
 * **Throws** MODEL_FILE_INVALID (absent, truncated, foreign, damaged), MODEL_FILE_VERSION.
 */
export async function readModelFile(path: string): Promise<ModelFile> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? 'unknown error';
    throw invalid(path, `cannot be opened (${code})`, 'Check the path that --model gives.', thrown);
  }
  try {
    const { size } = await file.stat();
    const { json, dataStart } = await readHeader(file, path, size);
    const { metadata, table } = checkHeader(json, path);
    const tensors = await readTensors(file, path, table, dataStart, size);
    const hash = hashOf(metadata.header, table, [...tensors.values()]);
    if (hash !== metadata.hash || checkOf(hash, metadata.making) !== metadata.check)
      throw invalid(path, 'does not match its own hash: it was changed or damaged');
    return { header: JSON.parse(metadata.header), making: JSON.parse(metadata.making), tensors, hash };
  } finally {
    await file.close();
  }
}

/** The hash that `writeModelFile` would give, without writing. */
export function modelHash(content: Pick<ModelContent, 'header' | 'tensors'>): string {
  const tensors = sorted(content.tensors);
  return hashOf(
    JSON.stringify(content.header),
    layOut(tensors),
    tensors.map(([, tensor]) => tensor),
  );
}

function sorted(tensors: ReadonlyMap<string, TypedArray>): [string, TypedArray][] {
  const rank = (tensor: TypedArray): number => DTYPES.findIndex(([, kind]) => tensor instanceof kind);
  return [...tensors].sort(([x, a], [y, b]) => rank(a) - rank(b) || (x < y ? -1 : 1));
}

function layOut(tensors: readonly (readonly [string, TypedArray])[]): Record<string, TensorEntry> {
  const table: Record<string, TensorEntry> = {};
  let offset = 0;
  for (const [name, tensor] of tensors) {
    const [dtype] = DTYPES.find(([, kind]) => tensor instanceof kind)!;
    table[name] = { dtype, shape: [tensor.length], data_offsets: [offset, offset + tensor.byteLength] };
    offset += tensor.byteLength;
  }
  return table;
}

function hashOf(header: string, table: Readonly<Record<string, TensorEntry>>, tensors: readonly TypedArray[]): string {
  const hash = createHash('sha256');
  updateFramed(hash, header);
  updateFramed(hash, JSON.stringify(Object.entries(table)));
  for (const tensor of tensors) hash.update(bytesOf(tensor));
  return hash.digest('hex');
}

/** What is not hashed is held to what is: a changed date is a damaged file. */
function checkOf(modelHash: string, making: string): string {
  const hash = createHash('sha256');
  updateFramed(hash, modelHash);
  updateFramed(hash, making);
  return hash.digest('hex');
}

function updateFramed(hash: Hash, text: string): void {
  hash.update(`${Buffer.byteLength(text)}:`).update(text);
}

function bytesOf(tensor: TypedArray): Uint8Array {
  return new Uint8Array(tensor.buffer, tensor.byteOffset, tensor.byteLength);
}

/** Length and JSON, filled with spaces so that the tensors start at a multiple of 8. */
function packHeader(json: string): Uint8Array {
  const text = Buffer.from(json);
  const length = Math.ceil(text.length / 8) * 8;
  const packed = Buffer.alloc(8 + length, ' ');
  packed.writeBigUInt64LE(BigInt(length), 0);
  text.copy(packed, 8);
  return packed;
}

async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, Math.min(WRITE_CHUNK_BYTES, bytes.length - done));
    done += bytesWritten;
  }
}

function writeFailure(thrown: unknown, path: string): UnderstudyError {
  const code = (thrown as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new UnderstudyError('WORKSPACE_FULL', `The disk is full: the model file ${path} was not written.`, {
      hint: 'Free disk space, or give another path with --model.',
      cause: thrown,
    });
  }
  return new UnderstudyError(
    'WORKSPACE_IO',
    `The model file ${path} could not be written (${code ?? 'unknown error'}).`,
    {
      hint: 'Check that the folder exists and can be written to.',
      cause: thrown,
    },
  );
}

async function readHeader(file: FileHandle, path: string, size: number): Promise<{ json: string; dataStart: number }> {
  if (size < 8) throw invalid(path, `has ${size} bytes: it is truncated or no model file`);
  const prefix = Buffer.alloc(8);
  await file.read(prefix, 0, 8, 0);
  const length = prefix.readBigUInt64LE(0);
  if (length > BigInt(MAX_HEADER_BYTES)) throw invalid(path, 'is no model file: its first bytes are no header length');
  const headerBytes = Number(length);
  if (8 + headerBytes > size) throw invalid(path, 'ends inside its header: it is truncated or no model file');
  const text = Buffer.alloc(headerBytes);
  await file.read(text, 0, headerBytes, 8);
  return { json: text.toString('utf8'), dataStart: 8 + headerBytes };
}

interface Metadata {
  readonly header: string;
  readonly making: string;
  readonly hash: string;
  readonly check: string;
}

function checkHeader(json: string, path: string): { metadata: Metadata; table: Record<string, TensorEntry> } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (thrown) {
    throw invalid(path, 'is no model file: its header is no JSON', undefined, thrown);
  }
  if (!isRecord(parsed)) throw invalid(path, 'is no model file: its header is no object');
  const { __metadata__: metadata, ...table } = parsed;
  if (!isRecord(metadata) || metadata['format'] !== MODEL_FORMAT) {
    throw invalid(path, 'is a safetensors file of another program', 'Give a file that `understudy learn` wrote.');
  }
  const { version, hash, header, making, check } = metadata;
  if (version !== String(MODEL_FORMAT_VERSION)) throw wrongVersion(path, version);
  if ([hash, header, making, check].some((part) => typeof part !== 'string'))
    throw invalid(path, 'has an incomplete header');
  for (const [name, entry] of Object.entries(table)) {
    if (!isTensorEntry(entry)) throw invalid(path, `describes the tensor ${name} wrongly`);
  }
  return {
    metadata: { hash, header, making, check } as Metadata,
    table: table as unknown as Record<string, TensorEntry>,
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTensorEntry(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { dtype, shape, data_offsets: offsets } = value;
  const kind = DTYPES.find(([name]) => name === dtype)?.[1];
  if (kind === undefined || !isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) return false;
  return shape.reduce((product, length) => product * length, kind.BYTES_PER_ELEMENT) === offsets[1] - offsets[0];
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

async function readTensors(
  file: FileHandle,
  path: string,
  table: Readonly<Record<string, TensorEntry>>,
  dataStart: number,
  size: number,
): Promise<Map<string, TypedArray>> {
  const tensors = new Map<string, TypedArray>();
  let offset = 0;
  for (const [
    name,
    {
      dtype,
      data_offsets: [start, end],
    },
  ] of Object.entries(table)) {
    if (start !== offset) throw invalid(path, `has a gap before the tensor ${name}`);
    offset = end;
    if (dataStart + end > size) throw invalid(path, `ends inside the tensor ${name}: it is truncated`);
    const bytes = new Uint8Array(end - start);
    for (let done = 0; done < bytes.length;) {
      const { bytesRead } = await file.read(bytes, done, bytes.length - done, dataStart + start + done);
      if (bytesRead === 0) throw invalid(path, `ends inside the tensor ${name}: it is truncated`);
      done += bytesRead;
    }
    const kind = DTYPES.find(([known]) => known === dtype)![1];
    tensors.set(name, new kind(bytes.buffer));
  }
  if (dataStart + offset !== size) throw invalid(path, 'goes on after its last tensor: it is damaged');
  return tensors;
}

function invalid(path: string, what: string, hint?: string, cause?: unknown): UnderstudyError {
  return new UnderstudyError('MODEL_FILE_INVALID', `The model file ${path} ${what}. Nothing was changed.`, {
    hint: hint ?? 'Run `understudy learn` again, or copy the file again from where it was made.',
    cause,
  });
}

function wrongVersion(path: string, version: unknown): UnderstudyError {
  const found = Number(version);
  const isNewer = found > MODEL_FORMAT_VERSION;
  return new UnderstudyError(
    'MODEL_FILE_VERSION',
    `The model file ${path} has format version ${Number.isFinite(found) ? found : 'unknown'}; this version of Understudy reads ${MODEL_FORMAT_VERSION}.`,
    {
      hint: isNewer ? 'Update Understudy.' : 'Run `understudy learn` again with this version.',
      data: { found: Number.isFinite(found) ? found : null, supported: MODEL_FORMAT_VERSION },
    },
  );
}
