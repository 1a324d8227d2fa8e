import { expect, test } from 'vitest';
import { outputMode } from '../../../src/cli/output-mode.ts';
import { createProgress } from '../../../src/cli/progress.ts';
import type { RunEvent } from '../../../src/kernel/events.ts';

const EVENTS: readonly RunEvent[] = [
  { type: 'stage-started', stage: 'learn' },
  { type: 'note', level: 'info', message: 'by the way' },
  { type: 'note', level: 'warning', message: 'look out' },
  { type: 'stage-finished', stage: 'learn', durationMs: 1234 },
];

function written(argv: readonly string[], env: Record<string, string>, isTTY: boolean): string {
  let text = '';
  const mode = outputMode(argv, env, { isTTY }, { isTTY });
  const progress = createProgress(
    mode,
    (part) => (text += part),
    () => 40,
  );
  for (const event of EVENTS) progress.sink(event);
  progress.stop();
  progress.sink(EVENTS[2]);
  return text;
}

test('a pipe gets warnings alone, --verbose a line a stage, --log-level error nothing', () => {
  expect(written([], {}, false)).toBe('warning: look out\n');
  expect(written(['--verbose'], {}, false)).toBe('note: by the way\nwarning: look out\n✓ learn      1.2 s\n');
  expect(written(['--log-level=error'], {}, false)).toBe('');
  expect(written(['--', '--verbose'], {}, false)).toBe('warning: look out\n');
});

test('a terminal gets one line that is rewritten and leaves no rest; NO_COLOR and --no-color take the colors', () => {
  const clear = '\r\u001b[K';
  const plain = `${clear}learn …${clear}note: by the way\nwarning: look out\n✓ learn      1.2 s\n`;
  expect(written(['--no-color'], {}, true)).toBe(plain);
  expect(written([], { NO_COLOR: '1' }, true)).toBe(plain);
  expect(written([], {}, true)).toContain('\u001b[32m✓\u001b[39m');
});
