import { ARCHIVE } from '../defaults.ts';
import { RSYNC_FLAGS, RSYNC_VALUES } from '../rsync-keys.ts';
import type { GivenOptions } from '../schema.ts';
import { extraArguments } from './extra-arguments.ts';
import type { TableFields } from './table-fields.ts';

const ATTRIBUTES = ['links', 'perms', 'times', 'owner', 'group', 'hardLinks', 'acls', 'xattrs'] as const;

type Attributes = NonNullable<GivenOptions['attributes']>;

/** `copy_links` is `copyLinks` here. */
function ourKey(name: string): string {
  return name.replaceAll(/(?<=[a-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** What Lsyncd's table `rsync = { }` is in options of ours; `notice` is told what of it has no effect. */
export function rsyncOptions(
  fields: TableFields,
  notice: (message: string) => void,
): Pick<GivenOptions, 'attributes' | 'rsync' | 'timeout' | 'dryRun' | 'maxDelete'> {
  const rsync: Record<string, unknown> = {};
  const said: Record<string, boolean> = {};
  for (const key of fields.keys) {
    const name = ourKey(key);
    // Paths are kept from a remote shell in any case.
    if (name === 'protectArgs') continue;
    if (ATTRIBUTES.some((attribute) => attribute === name) || name === 'archive') {
      const value = fields.flag(key);
      if (value !== undefined) said[name] = value;
    } else if (name in RSYNC_FLAGS) {
      if (fields.flag(key) === true) rsync[name] = true;
    } else if (name in RSYNC_VALUES) {
      const value = fields.text(key);
      if (value !== undefined) rsync[name] = value;
    }
  }
  const program = fields.text('binary');
  const extra = extraArguments(fields.texts('_extra') ?? [], notice);
  const bwlimit = bandwidth(fields.raw('bwlimit'), fields);
  if (program !== undefined && program !== 'rsync') rsync.program = program;
  if (extra.fuzzy) rsync.fuzzy = true;
  if (extra.left.length > 0) rsync.extra = [...extra.left];
  if (bwlimit !== undefined) rsync.bwlimit = bwlimit;
  if (extra.deleteExcluded || fields.flag('delete_excluded') === true) rsync.deleteExcluded = true;
  for (const key of ['quiet', 'verbose'])
    if (fields.flag(key) === true) notice(`rsync.${key} has no effect: what rsync says is in the log`);
  const timeout = fields.number('timeout');
  return {
    attributes: attributesOf(said),
    rsync,
    timeout,
    dryRun: extra.dryRun || fields.flag('dry_run') === true ? true : undefined,
    maxDelete: extra.maxDelete,
  };
}

/** Only what is switched on is kept, as rsync does by itself. */
function attributesOf({ archive = false, ...said }: Readonly<Record<string, boolean>>): Attributes {
  const all: Record<string, boolean> = Object.fromEntries(ARCHIVE.map((name) => [name, archive]));
  return { ...all, ...said };
}

/** 0 is no limit. */
function bandwidth(value: unknown, fields: TableFields): string | number | undefined {
  if (value === undefined || value === 0 || value === '0' || value === '') return undefined;
  return typeof value === 'number' ? value : fields.text('bwlimit');
}
