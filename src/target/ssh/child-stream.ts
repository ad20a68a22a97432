import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { endProcessGroup } from '../rsync/process-group.ts';

/** The command of a child that is spoken with over its standard input and output. */
export interface StreamCommand {
  readonly launcher: readonly string[];
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const KEPT_ERROR_CHARACTERS = 4000;

/** A child that lives as long as both sides want, in its own process group. Nothing here rejects for what it does. */
export class ChildStream {
  /** Settles once the child and its output have ended. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #errors = '';

  constructor(command: StreamCommand, onData: (chunk: Buffer) => void) {
    const [program = '', ...words] = [...command.launcher, command.program, ...command.arguments];
    this.#child = spawn(program, words, {
      env: { ...command.environment, LC_ALL: 'C' },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child.stdout.on('data', onData);
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString('latin1')).slice(-KEPT_ERROR_CHARACTERS);
    });
    // EPIPE: the child has ended, which is told by `ended`.
    this.#child.stdin.on('error', () => undefined);
    this.ended = new Promise((settle) => {
      this.#child.once('error', (error) => {
        this.#errors += error.message;
        settle();
      });
      this.#child.once('close', () => {
        settle();
      });
    });
  }

  /** The last it said on standard error, one line. */
  get said(): string {
    return this.#errors.trim().replace(/\s*\n\s*/g, '; ');
  }

  write(bytes: Buffer): void {
    this.#child.stdin.write(bytes);
  }

  /** Ends the group: TERM, then KILL. Afterwards no process of it is left. */
  async end(): Promise<void> {
    const group = this.#child.pid;
    if (group === undefined) return;
    if (this.#child.exitCode === null && this.#child.signalCode === null) await endProcessGroup(group);
    this.#child.stdout.destroy();
    this.#child.stderr.destroy();
    await this.ended;
  }
}
