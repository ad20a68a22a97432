import { accessSync, constants } from 'node:fs';
import type { NativeAddon } from '../addon/addon.ts';
import { EVENT_KEYS } from '../config/action-keys.ts';
import { checkOptions, whereSaid } from '../config/check-options.ts';
import type { ConfigPath } from '../config/config-document.ts';
import { type ConfigProblem, problemAt } from '../config/config-error.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import type { EffectiveConfig, EffectiveSync, EffectiveTarget } from '../config/resolve-config.ts';
import { listOf } from '../config/rsync-keys.ts';
import { parseRules } from '../filter/parse-rules.ts';
import { pathFromText } from '../model/path-bytes.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { checkNoRing } from '../target/check-rings.ts';
import { checkTargetsApart } from '../target/check-targets.ts';
import { SshMasters } from '../target/ssh/ssh-masters.ts';
import { Tunnels } from '../target/tunnel/tunnels.ts';
import { refusal, refusedArguments } from '../target/rsync/rsync-arguments.ts';
import { checkDirectory } from './check-directory.ts';
import { eventFunction } from './action-place.ts';
import { FILTER_KEYS, filterArguments, mirrorOf } from './config-mirrors.ts';
import { createTarget, targetAddresses } from './create-target.ts';
import { checkHooks } from './delivery-hooks.ts';
import type { MirrorOptions, TargetPlace } from './mirror-options.ts';
import type { ProgramIo } from './program-io.ts';

export interface ConfigParts {
  readonly loaded: Pick<LoadedConfig, 'document'>;
  /** What is right of it. */
  readonly config: EffectiveConfig;
  /** What has been found wrong with it before. */
  readonly wrong: readonly ConfigProblem[];
  readonly addon: NativeAddon;
  readonly environment: ProgramIo['environment'];
}

/** Collects what is wrong, each thing once, although several targets may have it from one place. */
class Problems {
  readonly #document: LoadedConfig['document'];
  readonly #byText = new Map<string, ConfigProblem>();

  constructor(document: LoadedConfig['document']) {
    this.#document = document;
  }

  get all(): readonly ConfigProblem[] {
    return [...this.#byText.values()];
  }

  add(path: ConfigPath, message: string): void {
    this.#byText.set(JSON.stringify([path, message]), problemAt(this.#document, path, message));
  }

  /** Runs a check; true when it found nothing. */
  try(path: ConfigPath, check: () => void): boolean {
    try {
      check();
      return true;
    } catch (error) {
      this.#addError(path, error);
      return false;
    }
  }

  async await(path: ConfigPath, check: Promise<void>): Promise<void> {
    await check.catch((error: unknown) => {
      this.#addError(path, error);
    });
  }

  #addError(path: ConfigPath, error: unknown): void {
    if (!(error instanceof SynclineError)) throw error;
    this.add(path, error.inOneLine);
  }
}

/**
 * What can never work, whatever comes: what has been found before, options that contradict each other, broken patterns,
 * missing files of rules, hooks that are no programs, arguments that are refused, targets inside one another. Starts nothing.
 */
export function findWrong(parts: ConfigParts): readonly ConfigProblem[] {
  const { loaded, config, wrong } = parts;
  const problems = new Problems(loaded.document);
  const isWhole = (path: ConfigPath): boolean => !wrong.some((problem) => mayConcern(problem.path, path));
  for (const { path, message } of checkOptions(loaded, config, isWhole)) problems.add(path, message);
  const apart: Parameters<typeof checkTargetsApart>[0][number][] = [];
  const paths: ConfigPath[] = [];
  for (const [index, sync] of config.syncs.entries()) {
    for (const written of sync.targets) {
      checkRules(sync, written, parts, problems);
      const target = withoutWrongCommands(written, problems);
      const mirror = mirrorOf(sync, target, [target]);
      checkOwnHooks(target, mirror, problems);
      const [place] = mirror.targets;
      if (place === undefined || !checkTarget(target, place, mirror, parts, problems)) continue;
      if (!isWhole(target.path)) continue;
      for (const address of targetAddresses([place])) {
        apart.push({ ...address, source: index, deletes: mirror.deletePolicy !== 'no' });
        paths.push(target.path);
      }
    }
  }
  checkApart(apart, paths, problems);
  checkRing(apart, config, problems);
  return [...wrong, ...problems.all];
}

/** Whether what is wrong at `path` may be a part of what counts for the sync or target at `place`. */
function mayConcern([first, index, key, targetIndex]: ConfigPath, place: ConfigPath): boolean {
  if (first !== 'syncs') return first === undefined || first === 'defaults';
  if (index !== undefined && index !== place[1]) return false;
  return key !== 'targets' || targetIndex === undefined || place.length < 4 || targetIndex === place[3];
}

/**
 * What keeps single targets from working as things are now: a missing source, a missing parent of a target, no rsync, a
 * missing key. The others would be mirrored. Starts `rsync --version`, calls no function of the user's, changes nothing.
 */
export async function findUnready(
  parts: ConfigParts,
  signal: AbortSignal,
): Promise<readonly ConfigProblem[]> {
  const { loaded, config } = parts;
  const problems = new Problems(loaded.document);
  for (const sync of config.syncs) {
    const hasSource = problems.try([...sync.path, 'source'], () => {
      checkDirectory(sync.source);
    });
    for (const target of sync.targets) {
      for (const option of ['ssh.identity', 'rsync.passwordFile'] as const)
        checkFile(target, option, problems);
      // An action is made ready by a function of the user's, and needs nothing else.
      const isOurs = target.place.kind !== 'action';
      if (hasSource && isOurs) await problems.await(target.path, prepare(sync, target, parts, signal));
    }
  }
  return problems.all;
}

async function prepare(
  sync: EffectiveSync,
  target: EffectiveTarget,
  { environment, addon }: ConfigParts,
  signal: AbortSignal,
): Promise<void> {
  // What is wrong with its arguments has been told.
  const mirror = { ...mirrorOf(sync, target, [target]), rsyncOptions: [] };
  for (const place of mirror.targets) {
    const made = createTarget(place, mirror, shared(mirror, environment, addon));
    try {
      await made.prepare({ signal, report: () => undefined });
    } finally {
      await made.close();
    }
  }
}

function shared(
  { sourcePath }: MirrorOptions,
  environment: ProgramIo['environment'],
  addon: NativeAddon,
): Parameters<typeof createTarget>[2] {
  return {
    source: pathFromText(sourcePath),
    sourceIdentity: undefined,
    rules: parseRules([], addon),
    filterArguments: [],
    addon,
    environment,
    masters: new SshMasters(),
    tunnels: new Tunnels(() => undefined),
    slots: undefined,
  };
}

function checkFile(
  target: EffectiveTarget,
  option: 'ssh.identity' | 'rsync.passwordFile',
  problems: Problems,
): void {
  const { ssh, rsync } = target.values;
  const isSsh = option === 'ssh.identity';
  const file = isSsh ? ssh.identity : rsync.passwordFile;
  if (file === undefined || (isSsh && target.place.kind !== 'rsyncssh')) return;
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    problems.add(
      whereSaid(target, option),
      `${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? ''}`,
    );
  }
}

/** Every rule by itself, so that one broken pattern does not hide the next. */
function checkRules(
  sync: EffectiveSync,
  target: EffectiveTarget,
  { addon }: ConfigParts,
  problems: Problems,
): void {
  for (const key of FILTER_KEYS) {
    const said = whereSaid(target, key);
    const isList = typeof target.values[key] !== 'string';
    const only = { ...target, values: { ...target.values, ...NO_RULES, [key]: target.values[key] } };
    for (const [index, option] of filterArguments(only, sync.directory).entries())
      problems.try(isList ? [...said, index] : said, () => {
        try {
          parseRules([option], addon);
        } catch (error) {
          // The place is told by the problem itself.
          if (!(error instanceof SynclineError)) throw error;
          throw new SynclineError(
            error.code,
            error.message.replace(`${option.origin ?? ''}: `, ''),
            error.remedy,
            {
              cause: error,
            },
          );
        }
      });
  }
}

const NO_RULES = Object.fromEntries(FILTER_KEYS.map((key) => [key, undefined])) as Readonly<
  Record<(typeof FILTER_KEYS)[number], undefined>
>;

/** The target without those of its commands for single events that cannot be understood. */
function withoutWrongCommands(target: EffectiveTarget, problems: Problems): EffectiveTarget {
  const { place, path } = target;
  if (place.kind !== 'action') return target;
  const wrong = EVENT_KEYS.filter(
    (key) =>
      !problems.try([...path, key], () => {
        eventFunction(place, key);
      }),
  );
  return { ...target, place: { ...place, ...Object.fromEntries(wrong.map((key) => [key, undefined])) } };
}

function checkOwnHooks(target: EffectiveTarget, { hooks }: MirrorOptions, problems: Problems): void {
  const none = { beforeBatch: undefined, afterBatch: undefined, onError: undefined };
  for (const name of ['beforeBatch', 'afterBatch', 'onError'] as const)
    problems.try(whereSaid(target, `hooks.${name}`), () => {
      checkHooks({ ...none, timeoutMs: hooks.timeoutMs, [name]: hooks[name] });
    });
}

/** True when the target can be made. */
function checkTarget(
  target: EffectiveTarget,
  place: TargetPlace,
  mirror: MirrorOptions,
  { environment, addon }: ConfigParts,
  problems: Problems,
): boolean {
  const { extra } = target.values.rsync;
  const said = whereSaid(target, 'rsync.extra');
  for (const refused of refusedArguments(listOf(extra)))
    problems.add(typeof extra === 'string' ? said : [...said, refused.index], refusal(refused).inOneLine);
  return problems.try(target.path, () => {
    // Its own arguments have been looked at one by one.
    createTarget(place, { ...mirror, rsyncOptions: [] }, shared(mirror, environment, addon));
  });
}

/** Whether what one sync brings comes back by another. */
function checkRing(
  targets: Parameters<typeof checkTargetsApart>[0],
  { syncs }: EffectiveConfig,
  problems: Problems,
): void {
  problems.try(['syncs'], () => {
    checkNoRing(
      syncs.map(({ source }, index) => ({
        source: pathFromText(source),
        targets: targets.filter((target) => target.source === index),
      })),
    );
  });
}

/** All conflicts, each at the later one of both targets. */
function checkApart(
  targets: Parameters<typeof checkTargetsApart>[0],
  paths: readonly ConfigPath[],
  problems: Problems,
): void {
  try {
    checkTargetsApart(targets);
    return;
  } catch (error) {
    if (!(error instanceof SynclineError)) throw error;
  }
  for (const [index, later] of targets.entries())
    for (const earlier of targets.slice(0, index))
      problems.try(paths[index] ?? [], () => {
        checkTargetsApart([earlier, later]);
      });
}
