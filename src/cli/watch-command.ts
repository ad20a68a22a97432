import path from 'node:path';
import type { Command } from 'commander';
import type { WatchOptions } from '../daemon/watch-options.ts';
import { pathFromText } from '../model/path-bytes.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { addFilterOptions } from './option-groups.ts';

const WATCH_NOTES = `
One line an event: time, kind, path, and in brackets what was seen of it. There,
a backslash, a control character and every byte that is not UTF-8 are shown as
\\\\, \\n, \\t, \\r or \\xHH, so that two names never look alike.

With --json every line is one object: time, kind, and by kind
  changed   path; hints, any of: listed created modified closed attrib deleted
            directory
  moved     from, to, directory (true or false)
  rescan    path, reason: anything at or below path may differ
  coverage  path, state, reason, watched, missing, errno: how much is watched
  root      state (gone, back, replaced), errno: of DIR itself
Paths are relative to DIR, and '' is DIR. One that is not valid UTF-8 has its
exact bytes beside it: pathBase64, fromBase64 or toBase64; the field without
Base64 is then for people only.

The watch ends with INT or TERM, with status 130 or 143.`;

/** Adds `syncline watch`; `done` gets what it was asked for. */
export function addWatch(program: Command, done: (options: WatchOptions) => void): void {
  const command = program
    .command('watch')
    .summary('print what happens in DIR, live')
    .description('Prints what happens in and below the directory DIR, as it happens.')
    .argument('<DIR>', 'the directory to watch')
    .optionsGroup('Output:')
    .option('--json', 'JSON lines instead of lines for people');
  const filterArguments = addFilterOptions(command);
  command.helpOption('-h, --help', 'print this help and exit');
  command.addHelpText('after', WATCH_NOTES);
  command.action((directory: string) => {
    if (directory === '') throw new SynclineError('USAGE', 'DIR is empty', 'use . for this directory');
    const json = command.opts<{ readonly json?: true }>().json === true;
    done({ directoryPath: pathFromText(path.resolve(directory)), json, filterArguments });
  });
}
