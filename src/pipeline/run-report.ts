import type { ResolvedConfig } from '../config/resolved.ts';
import type { LearnedModel } from '../stages/learn/artifact.ts';
import type { ScanReport } from '../stages/scan/artifact.ts';
import type { ProvisionResult } from './contract.ts';

export interface ReportRequest {
  readonly result: Omit<ProvisionResult, 'reportPath'>;
  readonly model: LearnedModel;
  readonly scan: ScanReport | null;
  readonly published: boolean;
  readonly config: ResolvedConfig;
  readonly startedAt: Date;
}

export async function reportRun(_request: ReportRequest): Promise<string | null> {
  return null;
}
