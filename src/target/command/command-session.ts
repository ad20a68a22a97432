import type { Batch } from '../../model/batch.ts';
import { pathFromText } from '../../model/path-bytes.ts';
import { findLauncher } from '../rsync/launcher.ts';
import { DEFAULT_TIMEOUT_SECONDS } from '../rsync/rsync-options.ts';
import type { DeliveryContext } from '../target.ts';
import { checkCommand } from './check-command.ts';
import { variableValue } from './command-event.ts';
import type { CommandEvent } from './command-event.ts';
import { commandName, filledWords } from './command-line.ts';
import type { CommandLine } from './command-line.ts';
import { COMMAND_EXIT_CODES } from './command-options.ts';
import type { CommandEventKind, CommandTargetOptions } from './command-options.ts';
import { EventBooks } from './event-books.ts';
import { runCommand } from './run-command.ts';
import type { CommandSetup, CommandVerdict } from './run-command.ts';

/** What a command target knows from one delivery to the next, and how to run its commands. */
export class CommandSession {
  readonly options: CommandTargetOptions;
  readonly name: string;
  readonly books: EventBooks;
  /** The command for the first sync. */
  readonly startup: CommandLine | undefined;
  #setup: CommandSetup;

  constructor(options: CommandTargetOptions) {
    const { mode, target } = options;
    this.options = options;
    this.startup = mode.kind === 'event' ? mode.commands.startup : mode.startup;
    const [first] = commandsOf(options);
    this.name = target === '' && first !== undefined ? commandName(first) : target;
    const tells = mode.kind === 'event' ? (Object.keys(mode.commands) as CommandEventKind[]) : mode.tells;
    this.books = new EventBooks(options, this.name, tells);
    this.#setup = {
      launcher: [],
      environment: { ...options.environment },
      idleTimeoutMs: (options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000,
      exitCodes: options.exitCodes ?? COMMAND_EXIT_CODES,
    };
  }

  /** Throws a SynclineError (SOURCE, TARGET) when there is no source or no such program. */
  async prepare(): Promise<void> {
    const { environment } = this.options;
    this.books.source.open();
    for (const line of commandsOf(this.options)) checkCommand(line, environment);
    this.#setup = { ...this.#setup, launcher: await findLauncher(environment) };
  }

  /**
   * Runs a command for an event, or for all that comes on its standard input (`event` is then the root's), as soon as a
   * slot is free.
   */
  async run(
    line: CommandLine,
    event: CommandEvent,
    batch: Batch,
    context: DeliveryContext,
    input?: AsyncIterable<Buffer>,
  ): Promise<CommandVerdict> {
    const { source, target } = this.options;
    const words = filledWords(line, (variable) => variableValue(variable, event, { source, target }));
    const variables = {
      SYNCLINE_SOURCE: source,
      SYNCLINE_TARGET: pathFromText(target),
      SYNCLINE_BATCH: pathFromText(String(batch.number)),
      SYNCLINE_REASON: pathFromText(batch.reason),
      ...(input === undefined ? { SYNCLINE_EVENT: pathFromText(event.kind) } : {}),
    };
    const run = { name: commandName(line), words, variables, ...(input ? { input } : {}) };
    const { slots } = this.options;
    if (slots === undefined) return runCommand(run, this.#setup, context);
    const release = await slots.acquire(context.signal);
    if (release === undefined)
      return {
        kind: 'failed',
        scope: 'batch',
        message: `Command ${run.name} was not run: its turn did not come.`,
      };
    try {
      return await runCommand(run, this.#setup, context);
    } finally {
      release();
    }
  }
}

function commandsOf({ mode }: CommandTargetOptions): readonly CommandLine[] {
  if (mode.kind === 'event') return Object.values(mode.commands);
  return mode.startup === undefined ? [mode.command] : [mode.command, mode.startup];
}
