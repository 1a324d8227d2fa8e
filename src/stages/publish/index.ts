/** The last door: may this target be written to at all, and then the one step that changes it. */
import type { Build, PublishResult, ServerIdentity, Source, Target } from '../../../connectors/connector.ts';
import { checkpoint } from '../../kernel/checkpoint.ts';
import { UnderstudyError } from '../../kernel/errors.ts';
import type { EventSink } from '../../kernel/events.ts';
import { glob } from '../../kernel/glob.ts';
import { newRunId } from '../../kernel/ids.ts';

export interface TargetRequest {
  /** Null where a model file takes the source's place. */
  readonly source: Source | null;
  readonly target: Target;
  /** `target.allow`: patterns (`*` and `?`) for `database`, `host/database` or `host:port/database`. */
  readonly allow: readonly string[];
  /** `--yes`: permits replacing a non-empty target that Understudy did not make and that `allow` matches. */
  readonly yes: boolean;
}

/**
 * Throws `TARGET_IS_SOURCE` (whatever is allowed), `TARGET_NOT_ALLOWED`, `TARGET_NOT_EMPTY`, `TARGET_REPLICATED`.
 * Writes nothing; takes an advisory lock on the source, which its session holds until it is closed.
 */
export async function refuseUnsafeTarget({ source, target, allow, yes }: TargetRequest): Promise<void> {
  const isAllowed = allow.some((pattern) => matchesTarget(pattern, target));
  if (source !== null) await refuseSource(source, target, isAllowed);
  if (allow.length > 0 && !isAllowed) {
    throw new UnderstudyError(
      'TARGET_NOT_ALLOWED',
      `The target "${target.database}" matches no pattern of target.allow; nothing was changed.`,
      {
        hint: 'Correct the target URL, or add the target to target.allow.',
      },
    );
  }
  const state = await target.inspect();
  if (state.kind === 'foreign' && !(isAllowed && yes)) {
    const what = state.tableCount === 1 ? '1 table' : `${state.tableCount} tables`;
    throw new UnderstudyError(
      'TARGET_NOT_EMPTY',
      `The target database "${target.database}" holds ${what} that Understudy did not make; it was not changed.`,
      {
        hint: `Name an empty or absent database; or, to replace this one, add "${target.database}" to target.allow and pass --yes.`,
      },
    );
  }
  const consumers = await target.replicationConsumers();
  if (consumers.length > 0) {
    throw new UnderstudyError(
      'TARGET_REPLICATED',
      `Others receive the target's changes (${consumers.join(', ')}); it was not changed.`,
      {
        hint: 'Name a target on a server without standbys, slots and subscriptions.',
        data: { consumers },
      },
    );
  }
}

/** The lock that is taken through the one URL is seen through the other: no alias, forward or other user hides that. */
async function refuseSource(source: Source, target: Target, isAllowed: boolean): Promise<void> {
  const nonce = newRunId();
  await source.holdNonce(nonce);
  const [production, staging] = await Promise.all([source.identity(), target.identity()]);
  const seen = (await target.seesNonce(nonce))
    ? 'database'
    : (await target.seesNonce(nonce, 'server'))
      ? 'server'
      : 'nowhere';
  const same = kinship(production, staging, seen, target.database);
  if (same === 'source') {
    throw new UnderstudyError(
      'TARGET_IS_SOURCE',
      `The target is the source: both URLs lead to the database "${production.database}". Nothing was changed.`,
      {
        hint: 'Name another database as the target.',
      },
    );
  }
  if (same === 'copy' && !isAllowed) {
    throw new UnderstudyError(
      'TARGET_NOT_ALLOWED',
      "The target's server has the same system identifier as the source's, at another address: it is a standby, or was restored from a backup of production. Nothing was changed.",
      { hint: `If it is a staging server, add "${target.database}" to target.allow.` },
    );
  }
}

/**
 * `source`: one and the same database, or its standby's primary. `copy`: a physical copy of the server elsewhere. `seen`:
 * where the source's lock was seen from the target. Exported for its test.
 */
export function kinship(
  production: ServerIdentity,
  staging: ServerIdentity,
  seen: 'database' | 'server' | 'nowhere',
  targetDatabase: string,
): 'source' | 'copy' | 'none' {
  if (seen === 'database') return 'source';
  if (seen === 'server') return 'none'; // another database of the same running server
  if (production.systemIdentifier === null || production.systemIdentifier !== staging.systemIdentifier) return 'none';
  // The target's session is one in the maintenance database where the target itself is absent.
  const isSameDatabase = staging.database === targetDatabase && production.databaseOid === staging.databaseOid;
  return isSameDatabase && (production.inRecovery || staging.inRecovery) ? 'source' : 'copy';
}

/** Makes the build the target. Throws `PUBLISH_BUSY` with the target unchanged, `CONNECT_LOST`. */
export async function publishBuild(build: Build, sink: EventSink): Promise<PublishResult> {
  const startedAt = performance.now();
  sink({ type: 'stage-started', stage: 'publish' });
  checkpoint('publish:start');
  const result = await build.publish(sink);
  checkpoint('publish:end');
  sink({ type: 'stage-finished', stage: 'publish', durationMs: Math.round(performance.now() - startedAt) });
  return result;
}

/** Whether a pattern of `target.allow` means this target. Exported for its test. */
export function matchesTarget(pattern: string, target: Pick<Target, 'shownUrl' | 'database'>): boolean {
  const matches = glob(pattern, 'is');
  const address = /^[a-z]+:\/\/(?:[^@/]*@)?(.*)\//i.exec(target.shownUrl)?.[1] ?? '';
  const host = address.replace(/:\d+$/, '');
  return [target.database, `${host}/${target.database}`, `${address}/${target.database}`].some(matches);
}

/** Every named step of building and publishing, in order: what a test kills the process after. */
export const PUBLISH_CHECKPOINTS = {
  swap: [
    'build:create-database',
    'build:mark',
    'build:bare',
    'build:keyed',
    'publish:start',
    'publish:carry-over-database',
    'publish:carry-over',
    'publish:begin',
    'publish:rename-old',
    'publish:mark-old',
    'publish:rename-new',
    'publish:mark-new',
    'publish:commit',
    'publish:age-out',
    'publish:end',
  ],
  'in-place': [
    'build:disguise',
    'build:bare',
    'build:keyed',
    'publish:start',
    'publish:begin',
    'publish:drop-old',
    'publish:rename-old',
    'publish:rename-new',
    'publish:carry-over',
    'publish:mark-new',
    'publish:commit',
    'publish:end',
  ],
} as const;
