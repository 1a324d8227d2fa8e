import { corePii } from './core-pii.ts';
import { health } from './health.ts';
import type { RulePack } from './pack.ts';
import { payment } from './payment.ts';
import { secrets } from './secrets.ts';

/** The packs that come with Understudy, in the order in which they are asked. */
export const builtInPacks: readonly RulePack[] = [corePii, payment, health, secrets];
