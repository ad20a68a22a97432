import { type SpawnOptions, spawnSync, type SpawnSyncOptions } from 'node:child_process';
import { constants } from 'node:os';
import { kill } from 'node:process';

/** Beyond this the output of a program is cut off, and the program with it. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export interface ShellTextOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
  /** Whether the output is wanted; else it goes where ours goes. */
  readonly isRead: boolean;
  /** After so long it is killed, with all of its process group; Infinity: never. */
  readonly limitMs: number;
}

/**
 * Runs a text of bytes (latin1) by `sh` and waits for its end, while nothing else happens in this process: for
 * configurations that ask a program while they are loaded. `code` is that of the exit, or the number of the signal.
 */
export function runShellText(
  text: string,
  { environment, directory, isRead, limitMs }: ShellTextOptions,
): { readonly output: string; readonly how: 'exit' | 'signal'; readonly code: number } {
  const bytes = Buffer.from(text, 'latin1');
  const isPlain = bytes.equals(Buffer.from(bytes.toString(), 'utf8'));
  // An argument of Node's is UTF-8; other bytes reach the shell as its input.
  const options: SpawnSyncOptions & Pick<SpawnOptions, 'detached'> = {
    cwd: directory,
    env: environment,
    maxBuffer: MAX_OUTPUT_BYTES,
    input: isPlain ? undefined : bytes,
    stdio: [isPlain ? 'ignore' : 'pipe', isRead ? 'pipe' : 'inherit', 'inherit'],
    // Its group is its own, for the KILL below; Node takes this here too, though only `spawn` has it in its types.
    detached: true,
    killSignal: 'SIGKILL',
    ...(limitMs === Infinity ? {} : { timeout: Math.max(1, Math.ceil(limitMs)) }),
  };
  const { stdout, status, signal, pid, error } = spawnSync(
    'sh',
    isPlain ? ['-c', bytes.toString()] : ['-s'],
    options,
  );
  if (error !== undefined && pid > 0) killGroup(pid);
  return {
    output: (stdout as Buffer | null)?.toString('latin1') ?? '',
    how: signal === null ? 'exit' : 'signal',
    code: signal === null ? (status ?? 127) : constants.signals[signal],
  };
}

function killGroup(leader: number): void {
  try {
    kill(-leader, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}
