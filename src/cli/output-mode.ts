/** How this process may write: decided once, from the arguments, the environment and the terminal. */
export interface OutputMode {
  /** stdout holds one JSON object and nothing else. */
  readonly json: boolean;
  readonly verbose: boolean;
  readonly logLevel: LogLevel;
  /** stderr is a terminal on which a line can be rewritten. */
  readonly live: boolean;
  readonly outPaint: Paint;
  readonly errorPaint: Paint;
}

export const LOG_LEVELS = ['error', 'warning', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
export type Paint = (style: Style, text: string) => string;

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

export const plainPaint: Paint = (_, text) => text;
export const colorPaint: Paint = (style, text) => `\u001b[${CODES[style][0]}m${text}\u001b[${CODES[style][1]}m`;

interface Terminal {
  readonly isTTY?: boolean;
}

/**
 * Reads the common flags straight from the arguments, so that even a mistyped command line is answered in the form
 * that it asked for. What follows `--` is no flag.
 */
export function outputMode(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  stdout: Terminal,
  stderr: Terminal,
): OutputMode {
  const end = argv.indexOf('--');
  const flags = end < 0 ? argv : argv.slice(0, end);
  const verbose = flags.includes('--verbose') || flags.includes('-v');
  const colored = !flags.includes('--no-color') && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  const paintFor = (terminal: Terminal): Paint => (colored && terminal.isTTY === true ? colorPaint : plainPaint);
  const live = stderr.isTTY === true && env['TERM'] !== 'dumb' && !verbose;
  return {
    json: flags.includes('--json'),
    verbose,
    logLevel:
      env['UNDERSTUDY_DEBUG'] === '1'
        ? 'debug'
        : (levelOf(flags) ?? (verbose || stderr.isTTY === true ? 'info' : 'warning')),
    live,
    outPaint: paintFor(stdout),
    errorPaint: paintFor(stderr),
  };
}

function levelOf(flags: readonly string[]): LogLevel | undefined {
  const index = flags.findIndex((flag) => flag === '--log-level' || flag.startsWith('--log-level='));
  if (index < 0) return undefined;
  const value = flags[index].includes('=') ? flags[index].slice('--log-level='.length) : flags[index + 1];
  return LOG_LEVELS.find((level) => level === value);
}

/** Whether messages of `level` are shown. */
export function shows(mode: OutputMode, level: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(mode.logLevel);
}
