import type { Failed } from '../../model/outcome.ts';
import { displayPath } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import { runProcess } from '../rsync/run-process.ts';
import type { ProcessEnd } from '../rsync/run-process.ts';
import type { DeliveryContext } from '../target.ts';
import type { CommandExitCodes } from './command-options.ts';
import { exactCommand } from './exact-command.ts';

/** What all runs of a target have in common, whatever their exit means. */
export interface ProcessSetup {
  /** A command that becomes the program, so that it does not outlive us; may be empty. */
  readonly launcher: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly idleTimeoutMs: number;
}

export interface CommandSetup extends ProcessSetup {
  readonly exitCodes: CommandExitCodes;
}

export interface CommandRun {
  /** The program for messages. */
  readonly name: string;
  /** The program and its arguments, byte by byte. */
  readonly words: readonly PathBytes[];
  readonly variables: Readonly<Record<string, PathBytes>>;
  readonly input?: Iterable<Buffer> | AsyncIterable<Buffer>;
}

/** `problem`: what it was told is not done, and the rest may go on. */
export type CommandVerdict =
  { readonly kind: 'ok' } | { readonly kind: 'problem'; readonly message: string } | Failed;

/** How a command has ended. */
export interface CommandEnd {
  readonly process: ProcessEnd;
  /** For people: which command it was. */
  readonly name: string;
  /** The last line of its standard error behind `: `, or nothing. */
  readonly said: string;
}

/** Runs a command to its end and says what its exit means. What it prints is reported line by line. */
export async function runCommand(
  run: CommandRun,
  setup: CommandSetup,
  context: DeliveryContext,
): Promise<CommandVerdict> {
  return verdictOf(await runToEnd(run, setup, context), setup.exitCodes);
}

/** So many lines of what a command prints are reported, and of the others how many there were. */
const MAX_LINES = 1000;

/** Runs a command to its end. What it prints is reported line by line, up to {@link MAX_LINES}. */
export async function runToEnd(
  run: CommandRun,
  setup: ProcessSetup,
  context: DeliveryContext,
): Promise<CommandEnd> {
  const { program, arguments: words, environment } = exactCommand(run.words, run.variables);
  const [shownProgram = '', ...shown] = run.words.map(displayPath);
  context.report({ kind: 'command', program: shownProgram, arguments: shown });
  let lastError = '';
  let lines = 0;
  const show = (line: string): void => {
    context.report({ kind: 'output', program: run.name, line });
  };
  const tell = (line: string): void => {
    if (++lines <= MAX_LINES) show(displayPath(line as PathBytes));
  };
  const end = await runProcess({
    launcher: setup.launcher,
    program,
    arguments: words,
    environment: { ...setup.environment, ...environment },
    keepsLocale: true,
    ...(run.input ? { input: run.input } : {}),
    onOutput: tell,
    onError: (line) => {
      if (line.trim() !== '') lastError = line;
      tell(line);
    },
    idleTimeoutMs: setup.idleTimeoutMs,
    // rsync means to wait at none; one that took the place of a file would hold it for ever.
    meetsFifos: /(?:^|\/)rsync$/.test(program),
    signal: context.signal,
  });
  if (lines > MAX_LINES) show(`... and ${lines - MAX_LINES} more lines`);
  return {
    process: end,
    name: `Command ${run.name}`,
    said: lastError === '' ? '' : `: ${displayPath(lastError as PathBytes)}`,
  };
}

/** What the end of a command means by these exit codes. */
export function verdictOf({ process: end, name, said }: CommandEnd, codes: CommandExitCodes): CommandVerdict {
  switch (end.kind) {
    case 'exited':
      return verdictOfCode(end.code, `${name}: exit ${end.code}${said}`, codes);
    case 'killed':
      return verdictOfDeath(`${name}: killed by ${end.signal}${said}`, codes);
    case 'hung':
    case 'waitingForFifo':
      return verdictOfDeath(`${name}: ended after ${seconds(end)} without a sign of life${said}`, codes);
    case 'aborted':
      return failed('batch', `${name} was ended before it was done.`);
    case 'notStarted':
      return failed('batch', `${name} cannot be started: ${end.reason}.`);
  }
}

function verdictOfCode(code: number, message: string, codes: CommandExitCodes): CommandVerdict {
  if (codes.ok.includes(code)) return { kind: 'ok' };
  if (codes.die.includes(code)) return stopped(message);
  if (codes.again.includes(code)) return failed('batch', message);
  switch (codes.others) {
    case 'problem':
      return { kind: 'problem', message };
    case 'again':
      return failed('batch', message);
    case 'die':
      return stopped(message);
  }
}

function verdictOfDeath(message: string, { others }: CommandExitCodes): CommandVerdict {
  return others === 'problem' ? { kind: 'problem', message } : failed('batch', message);
}

function stopped(message: string): Failed {
  return {
    kind: 'failed',
    scope: 'configuration',
    message,
    remedy: 'Its exit code means that it cannot work: mend what it says, and start again.',
  };
}

function failed(scope: Failed['scope'], message: string): Failed {
  return { kind: 'failed', scope, message };
}

function seconds(end: ProcessEnd): string {
  return end.kind === 'hung' ? `${(end.idleMs / 1000).toFixed(end.idleMs < 10_000 ? 1 : 0)} s` : 'some time';
}
