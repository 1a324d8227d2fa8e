import { createRequire } from 'node:module';
import { UnderstudyError } from '../kernel/errors.ts';

/**
 * Where the heavy counting is done. In this version everything that is computed, above all the histograms of the
 * trees, is computed on the CPU: the two other backends are looked for and reported, but have no kernels here yet, so
 * they are refused with that reason. As histograms are integers, a backend that counts gives the same models.
 */

export type Backend = 'cpu' | 'tfjs-node-gpu' | 'webgpu';

/** In the order in which `auto` prefers them. */
export const BACKENDS: readonly Backend[] = ['tfjs-node-gpu', 'webgpu', 'cpu'];

export interface Device {
  readonly backend: Backend;
  /** For reports: what computes. */
  readonly description: string;
}

export interface Refusal {
  readonly backend: Backend;
  /** Why it is not used, as a clause. */
  readonly reason: string;
}

export interface DeviceChoice {
  readonly device: Device;
  /** Every backend that comes before the chosen one, with the reason why it was passed over. */
  readonly refusals: readonly Refusal[];
}

/** What a look at one backend found. */
export type Probe =
  | { readonly usable: true; readonly description: string }
  | { readonly usable: false; readonly reason: string };

const PROBES: Readonly<Record<Backend, () => Promise<Probe>>> = {
  'tfjs-node-gpu': probeTensorflow,
  webgpu: probeWebGpu,
  cpu: async () => ({ usable: true, description: `CPU, one thread, Node ${process.versions.node}` }),
};

/** Backends that this version can count with. */
const WITH_KERNELS: ReadonlySet<Backend> = new Set<Backend>(['cpu']);

/**
 * The backend to compute with. `auto` takes the first that works; a named one is taken or refused, never replaced.
 * **Throws** DEVICE_UNAVAILABLE if the named backend cannot be used.
 */
export async function chooseDevice(requested: 'auto' | Backend): Promise<DeviceChoice> {
  const refusals: Refusal[] = [];
  for (const backend of requested === 'auto' ? BACKENDS : [requested]) {
    const probe = await probeBackend(backend);
    if (probe.usable) return { device: { backend, description: probe.description }, refusals };
    refusals.push({ backend, reason: probe.reason });
  }
  throw new UnderstudyError('DEVICE_UNAVAILABLE', `The backend ${requested} cannot be used: ${refusals[0].reason}.`, {
    hint: 'Use --backend auto, or --backend cpu.',
    data: { refusals },
  });
}

/** Looks for one backend and says what it found: `doctor` shows all of them. */
export async function probeBackend(backend: Backend): Promise<Probe> {
  let probe: Probe;
  try {
    probe = await PROBES[backend]();
  } catch (thrown) {
    // A native module that does not load throws anything; its text may carry paths, so only its kind is told.
    const { code, name } = thrown as { readonly code?: string; readonly name?: string };
    return { usable: false, reason: `it is installed but does not load (${code ?? name ?? 'unknown error'})` };
  }
  if (probe.usable && !WITH_KERNELS.has(backend)) {
    return { usable: false, reason: `${probe.description} was found, but this version computes on the CPU only` };
  }
  return probe;
}

const require = createRequire(import.meta.url);

function isInstalled(name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** The part of tfjs-node-gpu that is asked. */
interface TensorflowModule {
  readonly version: { readonly 'tfjs-core': string };
  backend(): { readonly isUsingGpuDevice?: boolean };
}

async function probeTensorflow(): Promise<Probe> {
  const name = '@tensorflow/tfjs-node-gpu';
  if (!isInstalled(name)) return { usable: false, reason: `${name} is not installed` };
  const tensorflow = require(name) as TensorflowModule;
  if (tensorflow.backend().isUsingGpuDevice !== true) {
    return { usable: false, reason: 'TensorFlow sees no GPU' };
  }
  return { usable: true, description: `a GPU through tfjs-node-gpu ${tensorflow.version['tfjs-core']}` };
}

/** The part of npm's `webgpu` (Dawn) that is asked. */
interface WebGpuModule {
  create(options: readonly string[]): { requestAdapter(): Promise<WebGpuAdapter | null> };
}

interface WebGpuAdapter {
  readonly info: { readonly vendor: string; readonly description: string; readonly isFallbackAdapter?: boolean };
  readonly isFallbackAdapter?: boolean;
}

async function probeWebGpu(): Promise<Probe> {
  const name = 'webgpu';
  if (!isInstalled(name)) return { usable: false, reason: `${name} is not installed` };
  const { create } = (await import(name)) as WebGpuModule;
  const adapter = await create([]).requestAdapter();
  if (adapter === null) return { usable: false, reason: 'WebGPU has no adapter' };
  const { info } = adapter;
  if (info.isFallbackAdapter === true || adapter.isFallbackAdapter === true) {
    return { usable: false, reason: 'WebGPU offers a software adapter only' };
  }
  return { usable: true, description: `${info.vendor} ${info.description} through WebGPU` };
}
