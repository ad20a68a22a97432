import type { ConfigPath } from './config-document.ts';
import { type ConfigProblem, problemAt } from './config-error.ts';
import type { LoadedConfig } from './load-config.ts';
import type {
  EffectiveConfig,
  EffectiveOptions,
  EffectiveSync,
  EffectiveTarget,
  Place,
} from './resolve-config.ts';
import { listOf } from './rsync-keys.ts';
import { ACTION_KEYS } from './action-keys.ts';
import { unusedOptions } from './schema.ts';

/**
 * What is wrong with options beside each other, each of them right by itself; without looking at the disk. Of syncs and
 * targets that are not `isWhole` nothing is said: what is missing there may have been meant to go with the rest.
 */
export function checkOptions(
  { document }: Pick<LoadedConfig, 'document'>,
  { syncs }: EffectiveConfig,
  isWhole: (path: ConfigPath) => boolean = () => true,
): readonly ConfigProblem[] {
  const problems = new Map<string, ConfigProblem>();
  const add = (path: ConfigPath, message: string): void => {
    problems.set(JSON.stringify([path, message]), problemAt(document, path, message));
  };
  for (const sync of syncs) {
    if (isWhole(sync.path)) for (const [path, message] of withoutEffect(sync)) add(path, message);
    for (const target of sync.targets) {
      if (!isWhole(target.path)) continue;
      for (const [option, message] of contradictions(target)) add(whereSaid(target, option), message);
      for (const [option, message] of tunnelContradictions(target)) add(whereSaid(target, option), message);
      for (const [key, message] of actionContradictions(target.place)) add([...target.path, ...key], message);
    }
  }
  return [...problems.values()];
}

/** Where an option of a target is written: in the target, its sync or the defaults; the target itself if nowhere. */
export function whereSaid({ origins, path }: EffectiveTarget, option: string): ConfigPath {
  const origin = origins.get(option);
  return origin?.kind === 'file' ? origin.path : path;
}

function* contradictions({
  values,
  origins,
  place,
}: EffectiveTarget): Generator<[option: string, message: string]> {
  const { delay, maxDelay, initial, once, dryRun, rsync } = values;
  if (maxDelay < delay) yield ['maxDelay', `found ${maxDelay}; allowed: at least the delay, ${delay}`];
  if (!initial && (once || dryRun))
    yield ['initial', `found false; with ${once ? 'once' : 'dryRun'} that leaves nothing to do`];
  // A command line may say --once of a configuration for a daemon.
  if (listOf(values.crontab).length > 0 && once && origins.get('once')?.kind === 'file')
    yield ['crontab', 'with once there is no later time; leave out one of them'];
  if (place.kind === 'rsyncssh' && rsync.rsh !== undefined)
    yield ['rsync.rsh', 'not for a target of the kind rsyncssh, which has its own connection; say it by ssh'];
}

const LOCAL_PORT = '{localport}';

/** In a pool both the command and the target name the port that is chosen; else the user has chosen one. */
function* tunnelContradictions({
  values: { tunnel },
  origins,
  place,
}: EffectiveTarget): Generator<[option: string, message: string]> {
  if (place.kind === 'direct') return;
  const { command, mode, parallel = 1 } = tunnel;
  if (command === undefined) {
    const [said] = [...origins.keys()].filter((option) => option.startsWith('tunnel.'));
    if (said !== undefined) yield [said, 'without effect: there is no tunnel.command'];
    return;
  }
  const isNamedByCommand = [command].flat().some((word) => word.includes(LOCAL_PORT));
  const isNamedByTarget = place.kind === 'rsync' && place.target.includes(LOCAL_PORT);
  if (mode === 'pool') {
    if (place.kind !== 'rsync')
      yield ['tunnel.mode', `pool is for targets of the kind rsync alone, whose target names ${LOCAL_PORT}`];
    else if (!isNamedByTarget)
      yield ['tunnel.mode', `pool chooses ports, but the target names no ${LOCAL_PORT}: ${place.target}`];
    if (!isNamedByCommand) yield ['tunnel.command', `it has to name ${LOCAL_PORT}, which mode: pool chooses`];
  } else {
    if (isNamedByCommand || isNamedByTarget)
      yield [
        'tunnel.command',
        `${LOCAL_PORT} is chosen by mode: pool; else command and target name a port of yours`,
      ];
    if (parallel > 1) yield ['tunnel.parallel', `found ${parallel}; more than one is for mode: pool`];
  }
}

/** Either single events have their own keys, or one action takes them all. */
function* actionContradictions(place: Place): Generator<[key: readonly string[], message: string]> {
  if (place.kind !== 'action') return;
  const given = ACTION_KEYS.filter((key) => place[key] !== undefined);
  const isWhole = given.includes('action');
  const own = given.filter((key) => key.startsWith('on'));
  if (isWhole) for (const key of own) yield [[key], 'not beside action, which takes all events'];
  else {
    if (own.length === 0) yield [[], 'nothing is done: give action, or one of onCreate, onModify, ...'];
    for (const key of ['init', 'full'] as const)
      if (given.includes(key))
        yield [[key], `for action alone; did you mean ${key === 'init' ? 'onStartup' : 'onFull'}?`];
  }
}

/** Options of a sync that none of its targets makes anything of; in the defaults they may be for other syncs. */
function* withoutEffect(sync: EffectiveSync): Generator<[ConfigPath, string]> {
  const [first, ...others] = [...new Set(sync.targets.map(({ place }) => place.kind))];
  if (first === undefined) return;
  const unused = unusedOptions(first).filter((name) =>
    others.every((kind) => unusedOptions(kind).includes(name)),
  );
  for (const name of unused)
    if (saidHere(sync, name))
      yield [[...sync.path, name], `without effect: no target of this sync is of a kind that takes ${name}`];
}

function saidHere({ origins, path }: EffectiveOptions & Pick<EffectiveSync, 'path'>, name: string): boolean {
  return [...origins].some(
    ([option, origin]) =>
      (option === name || option.startsWith(`${name}.`)) &&
      origin.kind === 'file' &&
      path.every((part, index) => origin.path[index] === part),
  );
}
