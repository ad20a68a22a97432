import { type Command, Option } from 'commander';
import type { MirroredAttributes } from '../daemon/mirror-options.ts';

type AttributeName = keyof MirroredAttributes;

/** What `rsync -a` keeps, and so do we unless told otherwise. */
const archive: readonly AttributeName[] = [
  'links',
  'perms',
  'times',
  'owner',
  'group',
  'devices',
  'specials',
];

const off = ['hardLinks', 'acls', 'xattrs', 'numericIds'] as const satisfies readonly AttributeName[];

/** Attribute, its option, and what help says of the form that departs from the default. */
const flags: readonly (readonly [AttributeName, string, string])[] = [
  ['links', '--links', 'leave symlinks out'],
  ['perms', '--perms', 'not the permission bits'],
  ['times', '--times', 'not the modification times'],
  ['owner', '--owner', 'not the owner (kept only where the receiver is root)'],
  ['group', '--group', 'not the group (a receiver that is not root: its own groups only)'],
  ['devices', '--devices', 'leave device nodes out (made only where the receiver is root)'],
  ['specials', '--specials', 'leave sockets and fifos out'],
  ['hardLinks', '-H, --hard-links', 'hard links among the files of one delivery'],
  ['acls', '-A, --acls', 'access control lists'],
  ['xattrs', '-X, --xattrs', 'extended attributes'],
  ['numericIds', '--numeric-ids', 'owner and group by number, not by name'],
];

/**
 * Adds the attribute options to `command` and returns a function that gives the outcome after parsing. As with rsync,
 * the last word counts: `--no-archive --times` keeps times alone, `--no-times` all of `-a` but times.
 */
export function addAttributeOptions(command: Command): () => MirroredAttributes {
  const on = new Set<AttributeName>(archive);
  const add = (flag: string, text: string | undefined, act: () => void): void => {
    const option = new Option(flag, text).hideHelp(text === undefined);
    command.addOption(option);
    command.on(`option:${option.name()}`, act);
  };
  command.optionsGroup('What is kept equal (default: -a; each has a --no- form, the last word counts):');
  add('-a, --archive', 'links, perms, times, owner, group, devices and specials', () => {
    for (const name of archive) on.add(name);
  });
  add('--no-archive', 'none of these', () => {
    on.clear();
  });
  for (const [name, flag, text] of flags) {
    const byDefault = archive.includes(name);
    add(flag, byDefault ? undefined : text, () => on.add(name));
    add(`--no-${flag.replace(/^.*--/, '')}`, byDefault ? text : undefined, () => on.delete(name));
  }
  return () => {
    const all = [...archive, ...off].map((name) => [name, on.has(name)] as const);
    return Object.fromEntries(all) as unknown as MirroredAttributes;
  };
}
