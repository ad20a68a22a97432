import { renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SynclineError } from '../model/syncline-error.ts';
import type { Log } from './log.ts';
import { type RunStatus, StatusBoard } from './status-board.ts';

export interface StatusFileOptions {
  /** Absolute. */
  readonly path: string;
  /** At least so long between two writes. */
  readonly intervalMs: number;
  readonly render: (status: RunStatus) => string;
}

/**
 * A file that always holds the whole status of a run, as it was at most `intervalMs` ago: written under another name and
 * renamed, when the state of a target changes, again and again while one is not idle, and at the end.
 */
export class StatusFile {
  readonly board: StatusBoard;
  readonly #options: StatusFileOptions;
  readonly #log: Log;
  readonly #temporary: string;
  #timer: NodeJS.Timeout | undefined;
  #writtenMs = -Infinity;
  #trouble = '';

  /** Throws a SynclineError (CONFIG) if the file cannot be written now; what cannot be written later is logged. */
  constructor(options: StatusFileOptions, log: Log) {
    this.#options = options;
    this.#log = log;
    this.board = new StatusBoard(() => {
      this.#schedule();
    });
    const { dir, base } = path.parse(options.path);
    this.#temporary = path.join(dir, `.${base}.${process.pid}`);
    const code = this.#write();
    if (code !== '')
      throw new SynclineError('CONFIG', `the status file ${options.path} cannot be written: ${code}`);
  }

  /** Writes it for the last time. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#write(false);
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    const waitMs = Math.max(0, this.#writtenMs + this.#options.intervalMs - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#tell(this.#write());
      if (!this.board.isIdle) this.#schedule();
    }, waitMs);
    this.#timer.unref();
  }

  /** An empty text, or the code of what went wrong. */
  #write(isRunning = true): string {
    this.#writtenMs = performance.now();
    try {
      const text = this.#options.render(this.board.look(isRunning));
      // The name can be guessed: a symlink that somebody has put there must not be written through.
      rmSync(this.#temporary, { force: true });
      writeFileSync(this.#temporary, text, { flag: 'wx' });
      renameSync(this.#temporary, this.#options.path);
      this.#log.debug(`status written to ${this.#options.path}`, {}, 'status');
      return '';
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      return code;
    }
  }

  #tell(trouble: string): void {
    if (trouble !== this.#trouble && trouble !== '')
      this.#log.warn(`the status file ${this.#options.path} cannot be written: ${trouble}`);
    this.#trouble = trouble;
  }
}
