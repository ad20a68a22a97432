import type { LsyncdRequest } from '../daemon/lsyncd/lsyncd-request.ts';
import { USUAL_LOG } from '../daemon/lsyncd/log-categories.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { LSYNCD_OPTIONS, type LsyncdDraft } from './lsyncd-options.ts';
import { packageVersion } from './package-version.ts';

/** What a command line of Lsyncd's asks for. */
export type LsyncdCommandLine =
  | { readonly kind: 'run'; readonly request: LsyncdRequest }
  /** Text to print, and the exit status that Lsyncd ends with then. */
  | { readonly kind: 'text'; readonly text: string; readonly exitStatus: number };

/** Lsyncd's exit status for everything that is wrong, and of its help. */
export const LSYNCD_FAILED = 255;

/**
 * Reads the arguments behind the program's name as Lsyncd does: one or two hyphens, no short names, no `=`, and a fixed
 * number of words behind each option. Throws a SynclineError (USAGE). Looks at no file but our package.json.
 */
export function parseLsyncdCommandLine(args: readonly string[]): LsyncdCommandLine {
  const draft: LsyncdDraft = {
    configFile: undefined,
    scripts: [],
    syncs: [],
    sshArguments: [],
    delay: undefined,
    settings: {},
    log: USUAL_LOG,
  };
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? '';
    const name = /^--?(.*)$/s.exec(argument)?.[1];
    if (name === undefined) {
      if (draft.configFile !== undefined)
        throw new SynclineError(
          'USAGE',
          `There can only be one config file: ${draft.configFile}, ${argument}`,
        );
      draft.configFile = argument;
      continue;
    }
    if (name === 'help') return { kind: 'text', text: lsyncdHelp(), exitStatus: LSYNCD_FAILED };
    if (name === 'version') return { kind: 'text', text: `Version: ${packageVersion()}\n`, exitStatus: 0 };
    const option = Object.hasOwn(LSYNCD_OPTIONS, name) ? LSYNCD_OPTIONS[name] : undefined;
    if (option === undefined)
      throw new SynclineError('USAGE', `unknown option ${argument}; see lsyncd -help`);
    const words = args.slice(at + 1, at + 1 + option.words.length);
    if (words.length < option.words.length)
      throw new SynclineError('USAGE', `${argument} needs ${option.words.join(' ')}; see lsyncd -help`);
    option.read(draft, ...words);
    at += words.length;
  }
  if (draft.syncs.length > 0 && draft.configFile !== undefined)
    throw new SynclineError('USAGE', `${draft.configFile}: there are syncs on the command line already`);
  if (draft.syncs.length === 0 && draft.configFile === undefined && draft.scripts.length === 0)
    return { kind: 'text', text: lsyncdHelp(), exitStatus: LSYNCD_FAILED };
  return { kind: 'run', request: draft };
}

/** How far the explanation of an option stands from its name. */
const ABOUT_COLUMN = 36;

function lsyncdHelp(): string {
  const lines = Object.entries(LSYNCD_OPTIONS).map(([name, { words, about }]) => [
    `-${name} ${words.join(' ')}`,
    about,
  ]);
  const all = [...lines, ['-help', 'print this help'], ['-version', 'print the version']];
  const options = all.map(([left = '', about = '']) => `  ${left.padEnd(ABOUT_COLUMN)}${about}\n`).join('');
  return `${USAGE}\n${options}${NOTES}`;
}

const USAGE = `Syncline by Lsyncd's command line: keeps copies of directory trees equal to them, live.

  lsyncd [OPTIONS] CONFIG-FILE
  lsyncd [OPTIONS] -rsync SOURCE TARGET ...
  lsyncd [OPTIONS] -rsyncssh SOURCE HOST TARGETDIR ...
  lsyncd [OPTIONS] -direct SOURCE TARGETDIR ...

CONFIG-FILE is a Lua file of Lsyncd's. Any number of syncs in one process. Options, by one hyphen or two:
`;

const NOTES = `
Without -nodaemon it goes on in the background, and logs to -logfile or else to syslog.
Exit status: 0 done, 255 failed, 143 ended by TERM, 130 by INT.
`;
