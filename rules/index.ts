import { corePii } from './core-pii.ts';
import type { RulePack } from './pack.ts';

/** The packs that come with Understudy, in the order in which they are asked. */
export const builtInPacks: readonly RulePack[] = [corePii];
