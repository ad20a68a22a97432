import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { processUsage } from './process-usage.ts';

export type Message = Readonly<Record<string, number | boolean | string>>;

/**
 * A process under measurement. Contestants written for a bench (bench/subjects, bench/native) print one JSON object a line and read commands
 * (one word a line) from their input; for the others (inotifywait, lsyncd) a `ready` line is recognised in their output.
 */
export class Subject {
  readonly #child: ChildProcess;
  readonly #messages: Message[] = [];
  readonly #started = performance.now();
  readonly #closed: Promise<void>;
  #tail = '';
  #wake: () => void = () => undefined;

  constructor(command: readonly string[], readyText?: string) {
    const [program = '', ...parameters] = command;
    this.#child = spawn(program, parameters, { stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.#take(line, readyText);
      });
    }
    this.#closed = new Promise((resolve) => {
      this.#child.on('close', () => {
        this.#wake();
        resolve();
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The next message with this key; what came before it is dropped. Rejects when the process ends or the deadline passes. */
  async message(key: string, deadlineMs = 120_000): Promise<Message> {
    const end = performance.now() + deadlineMs;
    for (;;) {
      for (let next = this.#messages.shift(); next !== undefined; next = this.#messages.shift())
        if (key in next) return next;
      const left = end - performance.now();
      if (this.#child.exitCode !== null || this.#child.signalCode !== null || left <= 0)
        throw new Error(`${this.#child.spawnargs.join(' ')}: no '${key}'; it said: ${this.#tail}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Milliseconds from the start of the process to its `ready`. */
  async ready(deadlineMs?: number): Promise<number> {
    const { atMs } = await this.message('ready', deadlineMs);
    return Number(atMs) - this.#started;
  }

  send(command: string): void {
    this.#child.stdin?.write(`${command}\n`);
  }

  /** CPU seconds so far of the process and of the children it has waited for, to 10 ms. */
  cpuSeconds(): number {
    return processUsage(this.pid).cpuSeconds;
  }

  /** Its direct children alive now. */
  childCount(): number {
    const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8').trim();
    return children === '' ? 0 : children.split(' ').length;
  }

  /** Waits until it has used no CPU for a second, and all of its children have ended and been waited for. */
  async atRest(): Promise<void> {
    let quiet = 0;
    for (let last = this.cpuSeconds(); quiet < 5;) {
      await pause(200);
      const now = this.cpuSeconds();
      quiet = now === last && this.childCount() === 0 ? quiet + 1 : 0;
      last = now;
    }
  }

  /** Resolves with its exit status when it has ended by itself, and with what it said last. */
  async ended(): Promise<{ readonly status: number | null; readonly said: string }> {
    await this.#closed;
    return { status: this.#child.exitCode, said: this.#tail };
  }

  /** Resident memory now, of the process alone. */
  rssBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  /** TERM, and KILL after five seconds; resolves when the process is gone. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    this.#child.kill('SIGTERM');
    await this.#closed;
    clearTimeout(timer);
  }

  #take(line: string, readyText: string | undefined): void {
    this.#tail = `${this.#tail}\n${line}`.slice(-2000);
    if (readyText !== undefined && line.includes(readyText))
      this.#messages.push({ ready: true, atMs: performance.now() });
    if (line.startsWith('{'))
      this.#messages.push({ ...(JSON.parse(line) as Message), atMs: performance.now() });
    this.#wake();
  }
}
