/** The library's whole public surface. The command line is built on nothing else. */
export { EXIT, ERROR_CODES, UnderstudyError } from './kernel/errors.ts';
export type { ErrorCode } from './kernel/errors.ts';
export type { EventSink, RunEvent, StageName } from './kernel/events.ts';
export { silent } from './kernel/events.ts';
export type { Finding, Severity } from './kernel/findings.ts';
export { loadConfig, parseConfig } from './config/load.ts';
export type { ResolvedConfig } from './config/resolved.ts';
export { configJsonSchema } from './config/schema.ts';
export type * from './pipeline/contract.ts';
export { runDoctor } from './pipeline/doctor.ts';
export { runInit } from './pipeline/init.ts';
export { runIntrospect } from './pipeline/introspect.ts';
export { runRollback } from './pipeline/rollback.ts';
export { checkRules, listRules, tryRule } from './pipeline/rules.ts';
export { listRuns, pruneRuns } from './pipeline/runs.ts';
