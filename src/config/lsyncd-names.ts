/**
 * Where Lsyncd's keys have another name or another place here: by the key here of what they are looked for in. Those that
 * differ in spelling alone (`copy_links`) are not listed.
 */
const LSYNCD_NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  syncs: {
    target: 'targets, a list',
    host: 'targets, a list of objects with kind, host and directory',
    targetdir: 'targets, a list of objects with kind, host and directory',
    init: 'initial',
    maxDelays: 'maxNames',
    onepass: 'once',
  },
  defaults: { init: 'initial', maxDelays: 'maxNames', onepass: 'once' },
  targets: { targetdir: 'directory', init: 'initial', maxDelays: 'maxNames' },
  rsync: {
    _extra: 'extra',
    acls: 'attributes.acls of the sync',
    archive: 'attributes.archive of the sync',
    binary: 'program',
    dry_run: 'dryRun of the sync',
    group: 'attributes.group of the sync',
    hard_links: 'attributes.hardLinks of the sync',
    links: 'attributes.links of the sync',
    owner: 'attributes.owner of the sync',
    perms: 'attributes.perms of the sync',
    timeout: 'timeout of the sync',
    times: 'attributes.times of the sync',
    verbose: 'log.level: debug',
    xattrs: 'attributes.xattrs of the sync',
  },
  ssh: { _extra: 'extra', identityFile: 'identity' },
};

/** What a key of Lsyncd's is called here, and where; undefined for a key that it does not have there. */
export function lsyncdKey(key: string, inside: string): string | undefined {
  return LSYNCD_NAMES[inside]?.[key];
}
