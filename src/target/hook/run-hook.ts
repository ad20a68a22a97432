import { runProcess } from '../rsync/run-process.ts';

/** A program of the user's with its arguments: no shell between. */
export interface HookCommand {
  /** A path, or a name to look up in PATH. */
  readonly program: string;
  readonly arguments: readonly string[];
}

export interface HookRun {
  readonly command: HookCommand;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Written to its standard input, which is then closed; it need not read it. */
  readonly input: string;
  /** However busy it is, it is ended after so long, with all it has started in its process group. */
  readonly timeoutMs: number;
  /** Ends it at once. */
  readonly signal: AbortSignal;
  /** Lines of its standard output and standard error, as binary strings. */
  readonly onLine: (line: string) => void;
}

/** Runs a hook to its end. Resolves with what went wrong in a few words (`exit 3: LAST LINE OF STDERR`), or undefined. */
export async function runHook(run: HookRun): Promise<string | undefined> {
  let lastError = '';
  const timeout = AbortSignal.timeout(run.timeoutMs);
  const end = await runProcess({
    program: run.command.program,
    arguments: run.command.arguments,
    environment: run.environment,
    input: [Buffer.from(run.input)],
    idleTimeoutMs: 0,
    signal: AbortSignal.any([run.signal, timeout]),
    onOutput: run.onLine,
    onError: (line) => {
      if (line.trim() !== '') lastError = line;
      run.onLine(line);
    },
  });
  const said = lastError === '' ? '' : `: ${lastError}`;
  switch (end.kind) {
    case 'exited':
      return end.code === 0 ? undefined : `exit ${end.code}${said}`;
    case 'killed':
      return `killed by ${end.signal}${said}`;
    case 'notStarted':
      return `it cannot be started: ${end.reason}`;
    case 'hung':
    case 'waitingForFifo':
    case 'aborted':
      return timeout.aborted ? `ended after ${run.timeoutMs / 1000} s` : 'ended before it was done';
  }
}
