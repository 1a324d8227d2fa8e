import path from 'node:path';
import { tableId } from '../../connectors/connector.ts';
import { requireSupported } from '../config/unsupported.ts';
import { pause } from '../kernel/pause.ts';
import { requireRoom } from '../kernel/workspace.ts';
import { modelHash } from '../model/model-file.ts';
import { chooseDevice } from '../numeric/device.ts';
import { modelContent, saveModel } from '../stages/learn/model-store.ts';
import type { RunLearn } from './contract.ts';
import { learnSource, readSourceStructure } from './learn-source.ts';
import { withSource } from './open-databases.ts';
import { maskedBy, refuseMasked } from './masked-rows.ts';
import { rehearseModel } from './rehearse.ts';
import { peakRssBytes, StageClock } from './stage-clock.ts';

/** From a source to a model file, with every gate that needs source rows asked of a generated sample. */
export const runLearn: RunLearn = async (options, sink, signal) => {
  requireSupported(options.config);
  if (options.backend !== 'auto') await chooseDevice(options.backend);
  return withSource(options.sourceUrl, options.config, signal, async (source) => {
    const { config, seed } = options;
    const clock = new StageClock(sink, signal);
    await requireRoom(
      path.dirname(options.modelPath),
      'Give --model a path in a folder with room that you may write to.',
    );
    const structure = await readSourceStructure(source, config, clock);
    refuseMasked([...maskedBy(config, structure.artifact.catalog).keys()], 'a model holds none');
    const snapshot = await source.openSnapshot();
    try {
      const { model, sample, findings } = await learnSource(structure, snapshot, config, clock, sink, signal);
      const report = await clock.run('scan', () =>
        rehearseModel({ model, source: { sample, snapshot }, basis: 'learn-sample', config, seed, scale: 1, signal }),
      );
      await pause(signal);
      const checked = { ...model, gates: report.gates };
      // A model that failed a gate would fail every run that is made of it.
      const hash =
        report.verdict === 'fail' ? modelHash(modelContent(checked)) : await saveModel(options.modelPath, checked);
      const names = new Map(model.catalog.tables.map((table) => [tableId(table.name), table.name]));
      return {
        schemaVersion: 1,
        verdict: report.verdict,
        findings: [...findings, ...report.findings],
        modelPath: options.modelPath,
        model: { hash, engine: 'trees', backend: 'cpu' },
        tables: model.tables.map((table) => ({
          ...names.get(table.id)!,
          strategy: table.strategy,
          sourceRowCount: table.sourceRowCount,
          rowCount: 0,
        })),
        gates: report.gates,
        timingsMs: clock.timingsMs(),
        peakRssBytes: peakRssBytes(),
      };
    } finally {
      await snapshot.close().catch(() => {});
    }
  });
};
