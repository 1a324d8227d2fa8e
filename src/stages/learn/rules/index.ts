import type { Catalog } from '../../../../connectors/connector.ts';
import type { MinedRule } from '../../../model/rules.ts';
import type { RelationGraph } from '../../graph/artifact.ts';
import type { RelationalSample } from '../../profile/artifact.ts';

export function mineRules(_catalog: Catalog, _graph: RelationGraph, _sample: RelationalSample, _options: object): readonly MinedRule[] {
  return [];
}
