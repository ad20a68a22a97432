import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const programPaths = {
  syncline: path.resolve(import.meta.dirname, '../../dist/cli.js'),
  lsyncd: path.resolve(import.meta.dirname, '../../dist/lsyncd.js'),
};

/** How long anything that a test waits for may take on a slow, busy machine. */
const DEADLINE_MS = 90_000;

/** The compiled program as a child, with all that it has written so far. */
export class SynclineProgram {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | string>;
  #status: number | string | undefined;

  /** `runWith` is a command that runs another one, as in `setpriv --reuid=1000`; `name` one of the two names of the program. */
  constructor(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    runWith: readonly string[] = [],
    name: keyof typeof programPaths = 'syncline',
  ) {
    const programPath = programPaths[name];
    if (!existsSync(programPath)) throw new Error(`${programPath} is missing: npm run build`);
    const [program = '', ...words] = [...runWith, process.execPath, programPath, ...args];
    this.#child = spawn(program, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', ...environment },
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.#ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (code, signal) => {
        this.#status = code ?? signal ?? 'no status';
        resolve(this.#status);
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Stops reading what it writes, as `head` does. */
  closeStdout(): void {
    this.#child.stdout?.destroy();
  }

  /** The exit status, or the name of the signal that ended it, after all output has been read. */
  async end(): Promise<number | string> {
    return await within(this.#ended, () => `still running\n${this.#shown()}`);
  }

  /** Waits until `condition` holds; fails when the program ends before. Checks every few milliseconds. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const deadlineMs = performance.now() + DEADLINE_MS;
    while (!condition()) {
      if (this.#status !== undefined)
        throw new Error(`ended with ${this.#status} before: ${what}\n${this.#shown()}`);
      if (performance.now() > deadlineMs) throw new Error(`not in time: ${what}\n${this.#shown()}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  #shown(): string {
    return `stdout: ${this.stdout}\nstderr: ${this.stderr}`;
  }
}

async function within<T>(promise: Promise<T>, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(what()));
    }, DEADLINE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
