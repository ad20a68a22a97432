import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { processTable } from './process-table.ts';

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const markVariable = 'SYNCLINE_TEST_MARK';

/** A program that runs beside a test until it is told to end. Its output is kept; its descendants can be found again. */
export class LiveProcess {
  readonly #child: ChildProcess;
  readonly #mark = randomUUID();
  readonly #exited: Promise<ProcessExit>;
  #output = '';

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

  #exitNow(): ProcessExit {
    return { code: this.#child.exitCode, signal: this.#child.signalCode };
  }
}
