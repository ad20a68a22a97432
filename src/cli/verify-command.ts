import path from 'node:path';
import type { Command } from 'commander';
import type { VerifyOptions } from '../daemon/verify-options.ts';
import { addAttributeOptions } from './attribute-options.ts';
import { addFilterOptions, addRsyncOptions, refuseEmpty, type RsyncFlags } from './option-groups.ts';
import { refuseUnusedOptions } from './unused-options.ts';

const NOTES = `
One line a difference, and what they are in the end: equal, or how many.
  missing  the target does not have it
  extra    the source does not have it
  differs  both have it; in brackets what is not the same
  unknown  it could not be looked at; in brackets why
With --json every line is one object: kind, path, what (a list); a path that is
not valid UTF-8 has its exact bytes beside it in pathBase64.

A TARGET on this machine is compared without rsync where there is none.

Without --checksum, files of equal size and time count as equal. What a running
mirror has not delivered yet is a difference.

Exit status: 0 equal (with --repair: in the end), 1 not equal or failed, 2 wrong
command line, 128+n ended by signal n.`;

interface VerifyFlags extends RsyncFlags {
  readonly checksum?: true;
  readonly deleteExcluded?: true;
  readonly direct?: true;
  readonly repair?: true;
  readonly json?: true;
}

/** Adds `syncline verify`; `done` gets what it was asked for. */
export function addVerify(program: Command, done: (options: VerifyOptions) => void): void {
  const command = program
    .command('verify')
    .summary('list what differs between both')
    .description(
      'Compares TARGET with the directory SRC and lists every difference; changes nothing without --repair.',
    )
    .argument('<SRC>', 'the directory that is mirrored')
    .argument('<TARGET>', 'where to: anything rsync takes')
    .optionsGroup('How:')
    .option('-c, --checksum', 'read both sides whole')
    .option('--delete-excluded', 'what the rules below leave out is extra on the target')
    .option('--direct', 'without rsync, for a TARGET on this machine')
    .option('--repair', 'deliver what differs, delete what is extra, and look again')
    .option('--json', 'JSON lines instead of lines for people');
  const filterArguments = addFilterOptions(command);
  const attributes = addAttributeOptions(command);
  const rsyncOptions = addRsyncOptions(command);
  command.helpOption('-h, --help', 'print this help and exit');
  command.addHelpText('after', NOTES);
  command.action((source: string, target: string) => {
    refuseEmpty(source, [target]);
    const given = command.opts<VerifyFlags>();
    if (given.direct === true) refuseUnusedOptions(command, ['direct']);
    done({
      sourcePath: path.resolve(source),
      target,
      deletesExcluded: given.deleteExcluded === true,
      direct: given.direct === true,
      filterArguments,
      attributes: attributes(),
      rsyncOptions,
      rsyncProgram: given.rsyncProgram,
      bandwidthLimit: given.bwlimit,
      timeoutSeconds: given.timeout,
      checksum: given.checksum === true,
      repair: given.repair === true,
      json: given.json === true,
    });
  });
}
