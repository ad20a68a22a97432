import type { Batch } from '../../model/batch.ts';
import type { Outcome } from '../../model/outcome.ts';
import { displayPath, pathToBuffer } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import { SynclineError } from '../../model/syncline-error.ts';
import { EventBooks } from '../command/event-books.ts';
import { deliverEvents, ROOT_EVENT } from '../command/event-delivery.ts';
import type { EventTaker } from '../command/event-delivery.ts';
import { runToEnd } from '../command/run-command.ts';
import type { CommandEnd, CommandVerdict, ProcessSetup } from '../command/run-command.ts';
import { findLauncher } from '../rsync/launcher.ts';
import { DEFAULT_TIMEOUT_SECONDS } from '../rsync/rsync-options.ts';
import type { DeliveryContext, DeliveryEvent, Target, TargetCapabilities } from '../target.ts';
import { ActionEngine } from './action-engine.ts';
import type { ChildRun } from './action-engine.ts';
import { ACTION_EXIT_CODES, MAX_EVENTS } from './action-options.ts';
import type { ActionTargetOptions } from './action-options.ts';
import { ScriptExcludes } from './script-excludes.ts';

/** A target that has a script of the user's do what it wants with every event. */
export function createActionTarget(options: ActionTargetOptions): Target {
  return new ActionTarget(options);
}

class ActionTarget implements Target {
  readonly name: string;
  readonly capabilities: TargetCapabilities;
  readonly #options: ActionTargetOptions;
  readonly #books: EventBooks;
  readonly #excludes: ScriptExcludes;
  readonly #engine: ActionEngine;
  readonly #closing = new AbortController();
  #setup: ProcessSetup;
  #report: DeliveryContext['report'] = () => undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: ActionTargetOptions) {
    const { script, name } = options;
    const timeoutMs = (options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000;
    this.#options = options;
    this.name = name;
    this.#books = new EventBooks(options, name, [
      ...options.tells,
      ...(script.full === undefined ? [] : ['rescan' as const]),
      ...(script.init === undefined ? [] : ['startup' as const]),
    ]);
    this.capabilities = { moves: this.#books.mayMove };
    this.#setup = { launcher: [], environment: options.environment, idleTimeoutMs: timeoutMs };
    this.#excludes = new ScriptExcludes(options.compileExcludes);
    this.#engine = new ActionEngine({
      script,
      exitCodes: options.exitCodes ?? ACTION_EXIT_CODES,
      maxProcesses: options.maxProcesses ?? 1,
      maxEvents: options.maxEvents ?? MAX_EVENTS,
      callLimitMs: timeoutMs,
      run: (child, signal) => this.#run(child, signal),
      log: (category, message) => {
        this.#report({ kind: 'notice', message, level: levelOf(category) });
      },
      terminate: (exitCode) => {
        options.terminate?.(exitCode);
      },
      isExcluded: this.#excludes.isExcluded,
      excludes: this.#excludes,
    });
  }

  prepare(context: DeliveryContext): Promise<void> {
    this.#report = context.report;
    return this.#track(this.#prepare(AbortSignal.any([context.signal, this.#closing.signal])));
  }

  deliver(batch: Batch, context: DeliveryContext): Promise<Outcome> {
    this.#report = context.report;
    return this.#track(this.#deliver(batch, context));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#engine.close();
    await this.#running;
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    this.#books.source.open();
    this.#setup = { ...this.#setup, launcher: await findLauncher(this.#options.environment, signal) };
    const problem = await this.#engine.start();
    if (problem !== undefined) throw new SynclineError('TARGET', `${this.name}: ${problem}`);
  }

  async #deliver(batch: Batch, context: DeliveryContext): Promise<Outcome> {
    const signal = AbortSignal.any([context.signal, this.#closing.signal]);
    const taker: EventTaker = {
      kind: 'each',
      startUp: this.#options.script.init === undefined ? undefined : () => this.#startUp(signal),
      tell: (events, told) => this.#engine.tell(events, told, signal),
    };
    this.#excludes.deliveryBegins();
    try {
      return await deliverEvents(this.#books, taker, batch, { report: context.report, signal });
    } finally {
      this.#excludes.deliveryEnds();
    }
  }

  async #startUp(signal: AbortSignal): Promise<CommandVerdict> {
    let verdict: CommandVerdict = { kind: 'ok' };
    const told = {
      mayBegin: () => verdict.kind === 'ok',
      settled: (_event: unknown, settled: CommandVerdict): void => {
        verdict = settled;
      },
      failed: (why: CommandVerdict): void => {
        verdict = why;
      },
    };
    await this.#engine.tell([ROOT_EVENT], told, signal);
    return verdict;
  }

  async #run({ words, input }: ChildRun, signal: AbortSignal): Promise<CommandEnd> {
    const name = displayPath(words[0] ?? ('' as PathBytes));
    const release = await this.#options.slots?.acquire(signal);
    try {
      return await runToEnd(
        {
          name,
          words,
          variables: this.#options.variables ?? {},
          ...(input === undefined ? {} : { input: [pathToBuffer(input)] }),
        },
        this.#setup,
        {
          signal,
          report: (event) => {
            this.#report(event);
          },
        },
      );
    } finally {
      release?.();
    }
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#running = Promise.allSettled([this.#running, work]);
    return work;
  }
}

type Level = NonNullable<(DeliveryEvent & { kind: 'notice' })['level']>;

/** Categories are Lsyncd's; what is none of these is for those who look for it. */
const LEVELS: Readonly<Record<string, Level>> = {
  normal: 'info',
  info: 'info',
  warn: 'warn',
  error: 'error',
};

function levelOf(category: string): Level {
  return LEVELS[category.toLowerCase()] ?? 'debug';
}
