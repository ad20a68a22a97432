import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { displayPath, pathFromText } from '../../model/path-bytes.ts';
import { SynclineError } from '../../model/syncline-error.ts';
import { filledWords } from './command-line.ts';
import type { CommandLine } from './command-line.ts';

/**
 * Throws a SynclineError (TARGET) for a command whose program is not there or may not be run. A program that is named by
 * a variable is not looked for.
 */
export function checkCommand(
  line: CommandLine,
  environment: Readonly<Record<string, string | undefined>>,
): void {
  if (line.kind === 'program' && line.words[0]?.some((part) => typeof part !== 'string') === true) return;
  const [bytes = pathFromText('')] = filledWords(line, () => pathFromText(''));
  const program = Buffer.from(bytes, 'latin1').toString('utf8');
  const shown = displayPath(bytes);
  if (program === '') throw new SynclineError('TARGET', 'A command is empty.', 'Name a program.');
  if (program.includes('/')) {
    const problem = whyNotRun(program);
    if (problem !== undefined)
      throw new SynclineError('TARGET', `The command ${shown} cannot be run: ${problem}.`, REMEDY);
    return;
  }
  const places = (environment.PATH ?? '')
    .split(':')
    .map((place) => join(place === '' ? '.' : place, program));
  if (!places.some((place) => whyNotRun(place) === undefined))
    throw new SynclineError('TARGET', `The command ${shown} is not in PATH.`, REMEDY);
}

const REMEDY = 'Give a program, a JSON array of a program and its arguments, or a text for sh with --shell.';

function whyNotRun(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return 'no file';
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'no reason given';
  }
}
