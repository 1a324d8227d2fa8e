import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

/** Folders by how long their files take: what starts last should not be what all wait for in the end. */
const ORDER = ['pipeline', 'anomaly', 'acceptance', 'cli', 'contract'] as const;

export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const found = ORDER.findIndex((folder) => moduleId.includes(`/test/${folder}/`));
      return found === -1 ? ORDER.length : found;
    };
    // Within a folder, the base's order: by earlier durations where they are known, else by size.
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
