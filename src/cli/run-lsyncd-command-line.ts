import { fileURLToPath } from 'node:url';
import type { ProgramIo } from '../daemon/program-io.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { LSYNCD_FAILED, parseLsyncdCommandLine } from './lsyncd-command-line.ts';

/** What a daemon runs: the same command line once more, in the background. */
const DAEMON = fileURLToPath(new URL('./lsyncd-daemon.js', import.meta.url));

/**
 * Runs one command line of Lsyncd's and resolves with its exit status: 0 done (or the daemon works), 255 failed, 128 + n
 * ended by signal n. A SynclineError becomes one line on standard error; any other error is our own bug and rejects.
 */
export async function runLsyncdCommandLine(args: readonly string[], io: ProgramIo): Promise<number> {
  try {
    const line = parseLsyncdCommandLine(args);
    if (line.kind === 'text') {
      io.stdout.write(line.text);
      return line.exitStatus;
    }
    const { runLsyncd } = await import('../daemon/lsyncd/run-lsyncd.ts');
    const { startDaemon } = await import('../daemon/daemonize.ts');
    const mode = { startDaemon: () => startDaemon(DAEMON, args) };
    return await runLsyncd(line.request, process.cwd(), mode, io);
  } catch (error) {
    if (!(error instanceof SynclineError)) throw error;
    const remedy = error.remedy === undefined ? '' : ` (${error.remedy})`;
    io.stderr.write(`Error: ${error.message}${remedy}\n`);
    return LSYNCD_FAILED;
  }
}
