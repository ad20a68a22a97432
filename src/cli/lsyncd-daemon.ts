/** The daemon of `lsyncd`, started by it in the background with its own command line. */
import { daemonStarter } from '../daemon/daemonize.ts';
import { runLsyncd } from '../daemon/lsyncd/run-lsyncd.ts';
import { processIo } from '../daemon/program-io.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { LSYNCD_FAILED, parseLsyncdCommandLine } from './lsyncd-command-line.ts';

process.title = 'lsyncd';
const io = processIo();
const starter = daemonStarter(() => process.exit(LSYNCD_FAILED));
try {
  const line = parseLsyncdCommandLine(process.argv.slice(2));
  process.exitCode =
    line.kind === 'text'
      ? line.exitStatus
      : await runLsyncd(line.request, process.cwd(), { ready: starter.ready }, io);
} catch (error) {
  const isOurs = error instanceof SynclineError;
  const message = isOurs ? error.message : `this is a fault of the program: ${(error as Error).stack ?? ''}`;
  await starter.failed(message, isOurs ? error.remedy : undefined);
  process.exitCode = LSYNCD_FAILED;
}
