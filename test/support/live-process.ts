import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { processTable } from './process-table.ts';
import { until } from './processes.ts';

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How long anything that a test waits for may take on a slow, busy machine. */
export const LIVE_DEADLINE_MS = 90_000;

/** One line of the program's JSON log. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly remedy?: string;
  /** Which source the line is about, where there are several. */
  readonly source?: string;
  /** Which target the line is about, where there are several. */
  readonly target?: string;
}

const markVariable = 'SYNCLINE_TEST_MARK';

/** A program that runs beside a test until it is told to end. Its output is kept; its descendants can be found again. */
export class LiveProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #mark = randomUUID();
  readonly #exited: Promise<ProcessExit>;
  #output = '';
  #isClosed = false;

  constructor(command: readonly string[]) {
    const [program = '', ...parameters] = command;
    this.#child = spawn(program, parameters, {
      env: { ...process.env, [markVariable]: this.#mark },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    this.#exited = once(this.#child, 'close').then(() => this.#exitNow());
    this.#child.once('close', () => {
      this.#isClosed = true;
    });
    this.#exited.catch((error: unknown) => {
      this.#output += String(error);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Standard output and standard error so far. */
  get output(): string {
    return this.#output;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The lines so far that are JSON; what is not (an error of the system's) stays in `output`. */
  get log(): readonly LogLine[] {
    return this.output
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** Waits for a condition; fails at the deadline, and when the program ends before. */
  async until(condition: () => boolean, what: string, deadlineMs = LIVE_DEADLINE_MS): Promise<void> {
    const isDone = (): boolean => {
      // What it has said last is read after its exit.
      const isClosed = this.#isClosed;
      if (condition()) return true;
      if (isClosed) throw new Error(`ended before: ${what}`);
      return false;
    };
    try {
      await until(isDone, what, deadlineMs);
    } catch (error) {
      throw new Error(`${String(error)}\n${this.output.slice(-6000)}`, { cause: error });
    }
  }

  /** Sends the signal and waits for the end; after `deadlineMs` the whole family is killed and `signal` is SIGKILL. */
  async end(signal: NodeJS.Signals, deadlineMs: number): Promise<ProcessExit> {
    if (this.running) this.#child.kill(signal);
    const timer = setTimeout(() => {
      this.killFamily();
    }, deadlineMs);
    try {
      return await this.#exited;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ids of this process and of all it started that are alive, whoever is their parent by now. */
  family(): number[] {
    const wanted = `${markVariable}=${this.#mark}`;
    return processTable()
      .filter(({ environment }) => environment.includes(wanted))
      .map(({ pid }) => pid);
  }

  killFamily(): void {
    for (const id of this.family()) {
      try {
        process.kill(id, 'SIGKILL');
      } catch {
        // It ended between the look and the signal.
      }
    }
  }

  /** Kills what is left of the family, and waits until none is. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.running) await this.end('SIGKILL', 0).catch(() => undefined);
    // One that forks at that moment leaves a child behind.
    await until(() => {
      this.killFamily();
      return this.family().length === 0;
    }, 'the end of all children');
  }

  #exitNow(): ProcessExit {
    return { code: this.#child.exitCode, signal: this.#child.signalCode };
  }
}
