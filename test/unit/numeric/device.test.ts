import { describe, expect, it } from 'vitest';
import { BACKENDS, chooseDevice, probeBackend } from '../../../src/numeric/device.ts';

describe('chooseDevice', () => {
  it('ends at the CPU, with a reason for every backend passed over', async () => {
    const { device, refusals } = await chooseDevice('auto');
    expect(device.backend).toBe('cpu');
    expect(refusals.map(({ backend }) => backend)).toEqual(BACKENDS.filter((backend) => backend !== 'cpu'));
    expect(refusals.every(({ reason }) => reason.length > 10)).toBe(true);
  });

  it('never replaces a backend that was asked for by name', async () => {
    expect((await chooseDevice('cpu')).refusals).toEqual([]);
    for (const backend of ['tfjs-node-gpu', 'webgpu'] as const) {
      expect((await probeBackend(backend)).usable).toBe(false);
      await expect(chooseDevice(backend)).rejects.toMatchObject({ code: 'DEVICE_UNAVAILABLE', exitCode: 69 });
    }
  });
});
