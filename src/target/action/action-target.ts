import type { Batch } from '../../model/batch.ts';
import type { Outcome } from '../../model/outcome.ts';
import { displayPath, pathToBuffer } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import { SynclineError } from '../../model/syncline-error.ts';
import { EventBooks } from '../command/event-books.ts';
import { deliverEvents, ROOT_EVENT } from '../command/event-delivery.ts';
import type { EventTaker, ToldEvents } from '../command/event-delivery.ts';
import { runToEnd } from '../command/run-command.ts';
import type { CommandEnd, CommandVerdict, ProcessSetup } from '../command/run-command.ts';
import { findLauncher } from '../rsync/launcher.ts';
import { DEFAULT_TIMEOUT_SECONDS } from '../rsync/rsync-options.ts';
import type { CommandEvent } from '../command/command-event.ts';
import type { DeliveryContext, DeliveryEvent, Target, TargetCapabilities } from '../target.ts';
import { WorkUnderWay } from '../work-under-way.ts';
import { ActionEngine } from './action-engine.ts';
import type { ChildRun, EngineHost, ScriptEngine } from './engine-options.ts';
import { ACTION_EXIT_CODES, MAX_EVENTS } from './action-options.ts';
import type { ActionTargetOptions } from './action-options.ts';
import { ThreadEngine } from './thread-engine.ts';

/** A target that has a script of the user's do what it wants with every event. */
export function createActionTarget(options: ActionTargetOptions): Target {
  return new ActionTarget(options);
}

class ActionTarget implements Target {
  readonly name: string;
  readonly capabilities: TargetCapabilities;
  readonly #options: ActionTargetOptions;
  readonly #books: EventBooks;
  readonly #engine: ScriptEngine;
  readonly #work = new WorkUnderWay();
  #setup: ProcessSetup;
  #told: ToldEvents | undefined;
  #report: DeliveryContext['report'] = () => undefined;

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
    const deletedNames = options.deletedNames === true && options.tells.includes('delete');
    this.capabilities = { moves: this.#books.mayMove, ...(deletedNames && { deletedNames }) };
    this.#setup = { launcher: [], environment: { ...options.environment }, idleTimeoutMs: timeoutMs };
    const settings = {
      exitCodes: options.exitCodes ?? ACTION_EXIT_CODES,
      maxProcesses: options.maxProcesses ?? 1,
      maxEvents: options.maxEvents ?? MAX_EVENTS,
      callLimitMs: timeoutMs,
    };
    const host: EngineHost = {
      run: (child, events, signal) => this.#run(child, events, signal),
      log: (category, message, remedy) => {
        const advice = remedy === undefined ? {} : { remedy };
        this.#report({ kind: 'notice', message, level: levelOf(category), ...advice });
      },
      terminate: (exitCode) => {
        options.terminate?.(exitCode);
      },
    };
    const { thread, compileExcludes } = options;
    this.#engine =
      thread === undefined
        ? new ActionEngine({ ...settings, script, host, compileExcludes })
        : new ThreadEngine(thread, settings, host);
  }

  prepare(context: DeliveryContext): Promise<void> {
    this.#report = context.report;
    return this.#work.run(context, () => this.#prepare());
  }

  deliver(batch: Batch, context: DeliveryContext): Promise<Outcome> {
    this.#report = context.report;
    return this.#work.run(context, (until) => this.#deliver(batch, until));
  }

  async close(): Promise<void> {
    const ended = this.#work.close();
    await this.#engine.close();
    await ended;
  }

  async #prepare(): Promise<void> {
    this.#books.source.open();
    this.#setup = { ...this.#setup, launcher: await findLauncher(this.#options.environment) };
    const problem = await this.#engine.start();
    if (problem !== undefined) throw new SynclineError('TARGET', `${this.name}: ${problem}`);
  }

  async #deliver(batch: Batch, { signal, report }: DeliveryContext): Promise<Outcome> {
    const taker: EventTaker = {
      kind: 'each',
      startUp: this.#options.script.init === undefined ? undefined : () => this.#startUp(signal),
      tell: (events, told) => this.#tell(events, told, signal),
    };
    this.#engine.deliveryBegins();
    try {
      return await deliverEvents(this.#books, taker, batch, { report, signal });
    } finally {
      this.#engine.deliveryEnds();
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
    await this.#tell([ROOT_EVENT], told, signal);
    return verdict;
  }

  async #tell(
    events: Iterable<CommandEvent> | AsyncIterable<CommandEvent>,
    told: ToldEvents,
    signal: AbortSignal,
  ): Promise<void> {
    this.#told = told;
    await this.#engine.tell(events, told, signal);
    this.#told = undefined;
  }

  async #run(
    { words, input }: ChildRun,
    events: readonly CommandEvent[],
    signal: AbortSignal,
  ): Promise<CommandEnd | 'over'> {
    if (!events.every((event) => this.#told?.mayBegin(event))) return 'over';
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
