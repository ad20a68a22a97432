import path from 'node:path';
import { TUNNEL_DEFAULTS } from '../config/defaults.ts';
import { pathText } from '../config/config-document.ts';
import type {
  EffectiveConfig,
  EffectiveSync,
  EffectiveTarget,
  Options,
  PlaceReader,
} from '../config/resolve-config.ts';
import { listOf, rsyncKeyArguments } from '../config/rsync-keys.ts';
import { whereSaid } from '../config/check-options.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { parseByteSize } from '../model/byte-size.ts';
import { parseTarget } from '../target/parse-target.ts';
import { type ActionCode, actionPlace } from './action-place.ts';
import type {
  DeleteLimit,
  FilterOption,
  HookCommand,
  HookOptions,
  MirrorOptions,
  RunSettings,
  SshOptions,
  TargetPlace,
  TunnelOptions,
} from './mirror-options.ts';

/** Reads names of files as those of a configuration in `directory`; `~/` is `home`, if there is one. */
export function placesIn(directory: string, home: string | undefined): PlaceReader {
  const file = (text: string): string =>
    path.resolve(directory, home === undefined ? text : text.replace(/^~(?=\/|$)/, () => home));
  const isLocal = (text: string): boolean => {
    try {
      return parseTarget(text).kind === 'local';
    } catch (error) {
      if (error instanceof SynclineError) return false;
      throw error;
    }
  };
  return { file, target: (text) => (isLocal(text) ? file(text) : text) };
}

/** The same for `syncline mirror`: one mirror for all targets of a sync whose options are the same. */
export function mirrorsOf(config: EffectiveConfig): readonly MirrorOptions[] {
  return config.syncs.flatMap((sync) => {
    const groups = new Map<string, EffectiveTarget[]>();
    for (const target of sync.targets) {
      const key = JSON.stringify(target.values, sortedKeys);
      groups.set(key, [...(groups.get(key) ?? []), target]);
    }
    return [...groups.values()].flatMap(([first, ...others]) =>
      first === undefined ? [] : [mirrorOf(sync, first, [first, ...others])],
    );
  });
}

/** Objects with their keys in order, whatever layer each was said in. */
function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function settingsOf({ settings }: EffectiveConfig): RunSettings {
  const { log, maxTotalProcesses, pidFile, statusFile, statusInterval } = settings;
  return {
    maxTotalProcesses,
    logLevel: log.level,
    logFormat: log.format,
    logFile: log.file,
    pidFile,
    statusFile,
    statusIntervalMs: statusFile === undefined ? undefined : milliseconds(statusInterval),
  };
}

/** The mirror of these targets, which have the options of `first`. */
export function mirrorOf(
  { source, directory, ...code }: Pick<EffectiveSync, 'source' | 'directory' | 'program' | 'module'>,
  first: EffectiveTarget,
  targets: readonly EffectiveTarget[],
): MirrorOptions {
  const { values } = first;
  const { rsync, attributes } = values;
  return {
    sourcePath: source,
    targets: targets.map((target) => targetPlace(target, code)),
    quietMs: milliseconds(values.delay),
    maxDelayMs: milliseconds(values.maxDelay),
    maxNames: values.maxNames,
    crontab: listOf(values.crontab),
    filterArguments: filterArguments(first, directory),
    deletePolicy: values.delete,
    deletesExcluded: rsync.deleteExcluded ?? false,
    maxDelete: deleteLimit(values.maxDelete),
    allowEmptySource: values.allowEmptySource,
    once: values.once || values.dryRun,
    initialSync: values.initial,
    dryRun: values.dryRun,
    maxProcesses: values.maxProcesses,
    largeFileBytes: parseByteSize(String(values.batchSizeLimit ?? '')),
    fuzzy: rsync.fuzzy ?? false,
    attributes: {
      links: attributes.links,
      perms: attributes.perms,
      times: attributes.times,
      owner: attributes.owner,
      group: attributes.group,
      devices: attributes.devices,
      specials: attributes.specials,
      hardLinks: attributes.hardLinks,
      acls: attributes.acls,
      xattrs: attributes.xattrs,
      numericIds: attributes.numericIds,
    },
    rsyncOptions: rsyncKeyArguments(rsync),
    rsyncProgram: rsync.program,
    bandwidthLimit: rsync.bwlimit === undefined ? undefined : String(rsync.bwlimit),
    timeoutSeconds: values.timeout,
    makeTargetParents: values.mkpath,
    hooks: hookOptions(values),
  };
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1000);
}

/** How a target of each kind is made of what is written. A new kind is added here. */
function targetPlace({ place, path, values }: EffectiveTarget, code: ActionCode): TargetPlace {
  const tunnel = tunnelOptions(values);
  const byTunnel = tunnel === undefined ? {} : { tunnel };
  switch (place.kind) {
    case 'rsync':
      return { kind: 'rsync', target: place.target, ...rsyncExitCodes(values), ...byTunnel };
    case 'direct':
      return { kind: 'direct', target: place.target };
    case 'rsyncssh': {
      const ssh = sshOptions(place.host, values);
      return { kind: 'rsyncssh', ssh, directory: place.directory, ...rsyncExitCodes(values), ...byTunnel };
    }
    case 'action':
      return { ...actionPlace(place, path, values.exitCodes, code), ...byTunnel };
  }
}

function rsyncExitCodes({ exitCodes }: Options): Pick<TargetPlace & { kind: 'rsync' }, 'exitCodes'> {
  return Object.keys(exitCodes).length === 0 ? {} : { exitCodes };
}

function tunnelOptions({ tunnel }: Options): TunnelOptions | undefined {
  const { command, name, mode, parallel, readyDelay, retryDelay } = tunnel;
  if (command === undefined) return undefined;
  return {
    ...(name === undefined ? {} : { name }),
    command,
    mode: mode ?? TUNNEL_DEFAULTS.mode,
    parallel: parallel ?? TUNNEL_DEFAULTS.parallel,
    readyDelayMs: milliseconds(readyDelay ?? TUNNEL_DEFAULTS.readyDelay),
    retryDelayMs: milliseconds(retryDelay ?? TUNNEL_DEFAULTS.retryDelay),
  };
}

function sshOptions(host: string, { ssh }: Options): SshOptions {
  const options = Object.entries(ssh.options ?? {}).map(([name, value]) => `-o${name}=${value}`);
  return {
    host,
    program: ssh.program,
    port: ssh.port,
    identity: ssh.identity,
    sshArguments: [...options, ...listOf(ssh.extra)],
  };
}

/** The keys that hold filter rules, in the order in which the rules count. */
export const FILTER_KEYS = [
  'filter',
  'filterFrom',
  'include',
  'includeFrom',
  'exclude',
  'excludeFrom',
] as const;

/** The rules of a target. Names of files in rules count from `directory`. */
export function filterArguments(target: EffectiveTarget, directory: string): readonly FilterOption[] {
  return FILTER_KEYS.flatMap((key) =>
    listOf(target.values[key]).map((value, index): FilterOption => {
      const origin = pathText([...whereSaid(target, key), index]);
      switch (key) {
        case 'filter':
        case 'include':
        case 'exclude':
          return { kind: key, value, origin, directory };
        case 'filterFrom':
          return { kind: 'filter', value: `merge ${value}`, origin, directory };
        case 'includeFrom':
          return { kind: 'include-from', value, origin };
        case 'excludeFrom':
          return { kind: 'exclude-from', value, origin };
      }
    }),
  );
}

function deleteLimit(limit: string | number | undefined): DeleteLimit | undefined {
  if (limit === undefined) return undefined;
  return typeof limit === 'number'
    ? { unit: 'names', max: limit }
    : { unit: 'percent', max: Number(limit.slice(0, -1)) };
}

function hookOptions({ hooks, dryRun }: Options): HookOptions {
  const command = (given: string | readonly string[] | undefined): HookCommand | undefined => {
    const [program, ...words] = listOf(given);
    return program === undefined || dryRun ? undefined : { program, arguments: words };
  };
  return {
    beforeBatch: command(hooks.beforeBatch),
    afterBatch: command(hooks.afterBatch),
    onError: command(hooks.onError),
    timeoutMs: milliseconds(hooks.timeout),
  };
}
