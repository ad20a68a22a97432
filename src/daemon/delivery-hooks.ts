import { accessSync, constants } from 'node:fs';
import type { Batch } from '../model/batch.ts';
import type { Failed, Outcome } from '../model/outcome.ts';
import type { PathBytes } from '../model/path-bytes.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { type HookCommand, runHook } from '../target/hook/run-hook.ts';
import { hookMessage, type HookSubject } from './hook-message.ts';
import type { Log } from './log.ts';

/** The user's programs around deliveries. */
export interface HookOptions {
  /** Before each delivery, which waits for it. */
  readonly beforeBatch: HookCommand | undefined;
  /** After each delivery that reached the target, problems with single paths or not. */
  readonly afterBatch: HookCommand | undefined;
  /** After each delivery that failed, that left problems or held deletions, and for a target that cannot work. */
  readonly onError: HookCommand | undefined;
  readonly timeoutMs: number;
}

export interface HookParts {
  readonly hooks: HookOptions;
  readonly source: PathBytes;
  readonly target: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** Ends all hooks at once. */
  readonly abort: AbortSignal;
}

/** So many outcomes may wait for a slow hook; what comes then is told to none. */
const MAX_WAITING = 100;

/**
 * Runs the hooks of one target. What they do or fail to do never changes a delivery: a failure is a line of the log.
 * Those behind deliveries run one at a time, in order, while the mirror goes on; so a `beforeBatch` may run beside the
 * `afterBatch` of the batch before it.
 */
export class DeliveryHooks {
  readonly #parts: HookParts;
  #hooks: HookOptions;
  readonly #closing = new AbortController();
  readonly #signal: AbortSignal;
  #before: Promise<void> = Promise.resolve();
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #untold = 0;

  constructor(parts: HookParts) {
    this.#parts = parts;
    this.#hooks = parts.hooks;
    this.#signal = AbortSignal.any([parts.abort, this.#closing.signal]);
  }

  /** These are run from now on. */
  change(hooks: HookOptions): void {
    this.#hooks = hooks;
  }

  /** Resolves when `beforeBatch` has ended: at the latest after its time, or when `signal` ends it. */
  async before(batch: Batch, signal: AbortSignal): Promise<void> {
    const { beforeBatch } = this.#hooks;
    if (beforeBatch === undefined) return;
    this.#before = this.#run('beforeBatch', beforeBatch, batch, undefined, signal);
    await this.#before;
  }

  /** A delivery has ended: its hooks run when those before them have. */
  after(batch: Batch, outcome: Outcome): void {
    const { afterBatch, onError } = this.#hooks;
    if (outcome.kind === 'delivered' && afterBatch !== undefined)
      this.#queue('afterBatch', afterBatch, batch, outcome);
    const isWell =
      outcome.kind === 'delivered' && outcome.problems.length === 0 && outcome.held === undefined;
    if (!isWell && onError !== undefined) this.#queue('onError', onError, batch, outcome);
  }

  /** The target cannot work: no delivery will be made. */
  stopped(failure: Failed): void {
    const { onError } = this.#hooks;
    if (onError !== undefined) this.#queue('onError', onError, undefined, failure);
  }

  /** Waits `waitMs` at most for the hooks that are due, then ends them; afterwards none runs. */
  async close(waitMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    if (waitMs !== Infinity)
      timer = setTimeout(() => {
        this.#closing.abort();
      }, waitMs);
    await Promise.all([this.#before, this.#last]);
    clearTimeout(timer);
  }

  #queue(hook: HookSubject['hook'], command: HookCommand, batch: Batch | undefined, outcome: Outcome): void {
    if (this.#waiting >= MAX_WAITING) {
      if (this.#untold++ === 0)
        this.#parts.log.warn(`hook ${command.program} is slower than the batches: some are not told to it`);
      return;
    }
    this.#waiting++;
    this.#last = this.#last.then(async () => {
      await this.#run(hook, command, batch, outcome);
      if (--this.#waiting === 0) this.#untold = 0;
    });
  }

  async #run(
    hook: HookSubject['hook'],
    command: HookCommand,
    batch: Batch | undefined,
    outcome: Outcome | undefined,
    ends: AbortSignal = this.#signal,
  ): Promise<void> {
    const { source, target, environment, log } = this.#parts;
    if (this.#signal.aborted) return;
    const problem = await runHook({
      command,
      environment,
      input: hookMessage({ hook, source, target }, batch, outcome, new Date()),
      timeoutMs: this.#hooks.timeoutMs,
      signal: AbortSignal.any([this.#signal, ends]),
      onLine: (line) => {
        log.debug(`hook ${command.program}: ${Buffer.from(line, 'latin1').toString('utf8')}`);
      },
    });
    if (problem !== undefined) log.warn(`hook ${command.program} (${hook}) failed: ${problem}`);
  }
}

/** Throws a SynclineError (USAGE) for a hook given by a path that is no program. One given by name is looked up later. */
export function checkHooks({ beforeBatch, afterBatch, onError }: HookOptions): void {
  for (const command of [beforeBatch, afterBatch, onError]) {
    if (command?.program.includes('/') !== true) continue;
    try {
      accessSync(command.program, constants.X_OK);
    } catch (cause) {
      const { code = '' } = cause as NodeJS.ErrnoException;
      const reason = { ENOENT: 'there is no such program', EACCES: 'it is not executable' }[code] ?? code;
      throw new SynclineError(
        'USAGE',
        `the hook ${command.program} cannot be run: ${reason}`,
        'give a program, or a list of a program and its arguments (on a command line a JSON array)',
        { cause },
      );
    }
  }
}
