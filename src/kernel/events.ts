/** What a running pipeline tells its surroundings. Counts and names only, never cell values. */
export type StageName =
  | 'introspect'
  | 'graph'
  | 'profile'
  | 'learn'
  | 'preflight'
  | 'rehearse'
  | 'generate'
  | 'mask'
  | 'load'
  | 'verify'
  | 'scan'
  | 'publish'
  | 'report';

export type RunEvent =
  | { readonly type: 'stage-started'; readonly stage: StageName }
  | { readonly type: 'stage-finished'; readonly stage: StageName; readonly durationMs: number }
  /** `totalCount` 0 = unknown. */
  | {
      readonly type: 'progress';
      readonly stage: StageName;
      readonly label: string;
      readonly doneCount: number;
      readonly totalCount: number;
    }
  | { readonly type: 'note'; readonly level: 'info' | 'warning'; readonly message: string };

export type EventSink = (event: RunEvent) => void;

export const silent: EventSink = () => {};
