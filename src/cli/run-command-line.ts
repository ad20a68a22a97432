import { checkDirectory } from '../daemon/check-directory.ts';
import type { ProgramIo } from '../daemon/program-io.ts';
import { pathToBuffer } from '../model/path-bytes.ts';
import { SynclineError, type ErrorCode } from '../model/syncline-error.ts';
import { parseCommandLine } from './command-line.ts';

/** Codes that mean: this command line can never work. Status 2; every other failure is 1. */
const usageCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['USAGE', 'CONFIG', 'FILTER']);

/**
 * Runs one command line to its end and resolves with the exit status: 0 done, 1 failed, 2 wrong command line, 128 + n
 * ended by signal n. A SynclineError becomes one line (and one with the remedy) on standard error; any other error is
 * our own bug and rejects.
 */
export async function runCommandLine(args: readonly string[], io: ProgramIo): Promise<number> {
  try {
    const line = parseCommandLine(args, io.stdout.columns);
    switch (line.kind) {
      case 'text':
        io.stdout.write(line.text);
        return 0;
      case 'mirror':
        return await (await import('../daemon/run-mirrors.ts')).runMirrors(line.mirrors, line.settings, io);
      case 'run':
        return await (await import('../daemon/run-config.ts')).runConfig(line.request, io);
      case 'check':
        return await (await import('../daemon/run-config.ts')).checkConfig(line.request, io);
      case 'config':
        return await (await import('../daemon/run-config.ts')).showConfig(line.request, io);
      case 'convert':
        return await (await import('../daemon/convert-config.ts')).convertConfig(line.request, io);
      case 'verify':
        checkDirectory(line.options.sourcePath);
        return await (await import('../daemon/verify.ts')).runVerify(line.options, io);
      case 'watch':
        checkDirectory(pathToBuffer(line.options.directoryPath));
        return await (await import('../daemon/run-watch.ts')).runWatch(line.options, io);
    }
  } catch (error) {
    if (!(error instanceof SynclineError)) throw error;
    io.stderr.write(`syncline: ${error.message}\n${error.remedy === undefined ? '' : `  ${error.remedy}\n`}`);
    return usageCodes.has(error.code) ? 2 : 1;
  }
}
