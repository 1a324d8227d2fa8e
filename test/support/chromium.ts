/** A page in headless Chromium, over its debugging pipe: what it complains of, how wide it is, how it prints. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export function chromiumPath(): string | null {
  return PLACES.find((place) => existsSync(place)) ?? null;
}

export interface PageLook {
  readonly width: number;
  readonly dark: boolean;
}

export interface SeenPage {
  /** Uncaught exceptions, console errors and warnings, and what was refused or could not be loaded. */
  readonly complaints: readonly string[];
  /** CSS pixels that the content takes: more than the window's width means scrolling sideways. */
  readonly contentWidth: number;
  /** Of the body, as CSS gives it: `rgb(…)`. */
  readonly background: string;
  readonly pdfBytes: number;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** A browser that is started once for several pages; close it. */
export class Chromium {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #pending = new Map<number, (message: Message) => void>();
  #listener: (message: Message) => void = () => {};
  #lastId = 0;

  constructor(binary: string) {
    this.#profile = mkdtempSync(path.join(tmpdir(), 'understudy-chromium-'));
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--remote-debugging-pipe'];
    this.#child = spawn(binary, [...flags, `--user-data-dir=${this.#profile}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    let rest = '';
    (this.#child.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\0');
      rest = parts.pop()!;
      for (const part of parts) this.#receive(JSON.parse(part) as Message);
    });
  }

  #receive(message: Message): void {
    if (message.id === undefined) return this.#listener(message);
    this.#pending.get(message.id)?.(message);
    this.#pending.delete(message.id);
  }

  #send(method: string, params: object = {}, sessionId?: string): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    (this.#child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) =>
      this.#pending.set(id, ({ result, error }) => (error ? reject(new Error(error.message)) : resolve(result ?? {}))),
    );
  }

  async look(file: string, { width, dark }: PageLook): Promise<SeenPage> {
    const { targetId } = await this.#send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.#send('Target.attachToTarget', { targetId, flatten: true });
    const ask = (method: string, params?: object): Promise<Record<string, unknown>> =>
      this.#send(method, params, sessionId as string);
    const complaints: string[] = [];
    const loaded = new Promise<void>((resolve) => {
      this.#listener = ({ method, params }) => {
        if (method === 'Page.loadEventFired') resolve();
        const complaint = complaintOf(method, params);
        if (complaint !== null) complaints.push(complaint);
      };
    });
    for (const domain of ['Page', 'Runtime', 'Log']) await ask(`${domain}.enable`);
    await ask('Emulation.setDeviceMetricsOverride', { width, height: 800, deviceScaleFactor: 1, mobile: width < 600 });
    const scheme = { name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' };
    await ask('Emulation.setEmulatedMedia', { features: [scheme] });
    await ask('Page.navigate', { url: pathToFileURL(file).href });
    await loaded;
    const valueOf = async (expression: string): Promise<unknown> =>
      ((await ask('Runtime.evaluate', { expression }))['result'] as { value: unknown }).value;
    const contentWidth = Number(await valueOf('document.documentElement.scrollWidth'));
    const background = String(await valueOf('getComputedStyle(document.body).backgroundColor'));
    const { data } = await ask('Page.printToPDF', {});
    await this.#send('Target.closeTarget', { targetId });
    return { complaints, contentWidth, background, pdfBytes: Buffer.from(String(data), 'base64').length };
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

function complaintOf(method: string | undefined, params: Message['params']): string | null {
  if (method === 'Runtime.exceptionThrown') return 'an uncaught exception';
  if (method === 'Runtime.consoleAPICalled' && ['error', 'warning', 'assert'].includes(String(params?.['type'])))
    return `console.${String(params?.['type'])}`;
  const entry = params?.['entry'] as { level: string; text: string } | undefined;
  if (method === 'Log.entryAdded' && entry !== undefined && ['error', 'warning'].includes(entry.level))
    return entry.text;
  return null;
}
