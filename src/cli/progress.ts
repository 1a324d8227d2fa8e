import type { EventSink, RunEvent } from '../kernel/events.ts';
import { shows } from './output-mode.ts';
import type { OutputMode } from './output-mode.ts';

export interface Progress {
  readonly sink: EventSink;
  /** Clears the line under work; nothing is written afterwards. */
  stop(): void;
}

/** Between two rewritings of the line. */
const REWRITE_MS = 80;

/**
 * Tells on stderr how far a run is: on a terminal one line that is rewritten, with `--verbose` one line a stage, in a
 * pipe nothing but warnings.
 */
export function createProgress(mode: OutputMode, write: (text: string) => void, width: () => number): Progress {
  const paint = mode.errorPaint;
  let stopped = false;
  let lineShown = false;
  let lastWrite = 0;
  const clear = (): void => {
    if (lineShown) write('\r\u001b[K');
    lineShown = false;
  };
  const rewrite = (text: string, always: boolean): void => {
    const now = performance.now();
    if (!always && now - lastWrite < REWRITE_MS) return;
    lastWrite = now;
    write(`\r\u001b[K${paint('dim', cut(text, width() - 1))}`);
    lineShown = true;
  };
  const line = (text: string): void => {
    clear();
    write(`${text}\n`);
  };
  const handle = (event: RunEvent): void => {
    switch (event.type) {
      case 'stage-started':
        if (mode.live) rewrite(`${event.stage} …`, true);
        break;
      case 'progress':
        if (mode.live) rewrite(`${event.stage} … ${event.label}${share(event.doneCount, event.totalCount)}`, false);
        break;
      case 'stage-finished':
        if (mode.live || mode.verbose)
          line(`${paint('green', '✓')} ${event.stage.padEnd(10)} ${paint('dim', duration(event.durationMs))}`);
        break;
      case 'note':
        if (shows(mode, event.level))
          line(`${event.level === 'warning' ? paint('yellow', 'warning') : paint('dim', 'note')}: ${event.message}`);
        break;
    }
  };
  return {
    sink: (event) => {
      if (!stopped) handle(event);
    },
    stop() {
      clear();
      stopped = true;
    },
  };
}

function share(doneCount: number, totalCount: number): string {
  if (totalCount > 0) return ` ${doneCount.toLocaleString('en')}/${totalCount.toLocaleString('en')}`;
  return doneCount > 0 ? ` ${doneCount.toLocaleString('en')}` : '';
}

/** `0.4 s`, `12 s`, `3 min 5 s`. */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

function cut(text: string, width: number): string {
  return width > 1 && text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
