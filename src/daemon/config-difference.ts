import { type RuleDifference, ruleDifference, topmost } from '../filter/rule-difference.ts';
import { type PathBytes, ROOT_PATH } from '../model/path-bytes.ts';
import type {
  MirrorOptions,
  RsyncExitCodes,
  RunSettings,
  TargetPlace,
  TunnelOptions,
} from './mirror-options.ts';
import { deletesFor } from '../target/delete-policy.ts';
import type { RunPlan, TargetPlan } from './target-plan.ts';

/**
 * What a changed option asks for. `now`: it counts from now on. `remake`: the target is made anew, its books stay.
 * `compare`: besides, all of it is compared. `nextStart`: it means something only for a target that starts. `nextRun`: it
 * counts when the program is started again.
 */
export type Effect = 'now' | 'remake' | 'compare' | 'nextStart' | 'nextRun';

/** One option that says something else now; `name`, `from` and `to` as a person reads them. */
export interface Change {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly effect: Effect;
}

/** A target that is in both plans and not in the same way. */
export interface TargetChange {
  readonly from: TargetPlan;
  readonly to: TargetPlan;
  readonly options: readonly Change[];
  /** Undefined if the rules are the same. */
  readonly rules: RuleDifference | undefined;
  /** The target is to be made anew. */
  readonly isRemade: boolean;
  /** Subtrees to compare, none inside another; `''` is all. */
  readonly compare: readonly PathBytes[];
}

/** What is to be done to come from one plan to another. */
export interface RunDifference {
  readonly settings: readonly Change[];
  readonly added: readonly TargetPlan[];
  readonly removed: readonly TargetPlan[];
  readonly changed: readonly TargetChange[];
}

export function configDifference(from: RunPlan, to: RunPlan): RunDifference {
  const before = new Map(from.targets.map((plan) => [plan.key, plan]));
  const after = new Set(to.targets.map(({ key }) => key));
  return {
    settings: [...settingsChanges(from.settings, to.settings)],
    added: to.targets.filter(({ key }) => !before.has(key)),
    removed: from.targets.filter(({ key }) => !after.has(key)),
    changed: to.targets.flatMap((plan) => {
      const known = before.get(plan.key);
      const change = known && targetChange(known, plan);
      return change === undefined ? [] : [change];
    }),
  };
}

function targetChange(from: TargetPlan, to: TargetPlan): TargetChange | undefined {
  const options = [...optionChanges(from.options, to.options), ...placeChanges(from.place, to.place)];
  const rules = ruleDifference(from.rules.rules, to.rules.rules);
  const hasRules = rules.removed.length + rules.added.length > 0;
  if (options.length === 0 && !hasRules) return undefined;
  const has = (effect: Effect): boolean => options.some((option) => option.effect === effect);
  return {
    from,
    to,
    options,
    rules: hasRules ? rules : undefined,
    isRemade: hasRules || has('remake') || has('compare'),
    compare: has('compare') ? [ROOT_PATH] : comparedFor(rules, to),
  };
}

/** What other rules can bring to the target, and where what they leave out is deleted, take from it. */
function comparedFor(rules: RuleDifference, { place, options }: TargetPlan): readonly PathBytes[] {
  const isByRsync = place.kind === 'rsync' || place.kind === 'rsyncssh';
  return isByRsync && options.deletesExcluded && deletesFor(options.deletePolicy, 'live')
    ? topmost([...rules.shown, ...rules.hidden])
    : rules.shown;
}

type Show<T> = (value: T) => string;

interface Option<T> {
  readonly name: string;
  readonly effect: Effect;
  readonly show?: Show<T>;
}

const seconds: Show<number> = (ms) => `${ms / 1000} s`;

/** Every option of a target but those that `targetChange` looks at in other ways. A new one is added here. */
const OPTIONS: {
  readonly [
    K in Exclude<
      keyof MirrorOptions,
      | 'sourcePath'
      | 'deletesExcluded'
      | 'targets'
      | 'once'
      | 'dryRun'
      | 'filterArguments'
      | 'attributes'
      | 'rsyncOptions'
      | 'hooks'
    >
  ]: Option<MirrorOptions[K]>;
} = {
  quietMs: { name: 'delay', effect: 'now', show: seconds },
  maxDelayMs: { name: 'maxDelay', effect: 'now', show: seconds },
  maxNames: { name: 'maxNames', effect: 'now' },
  crontab: {
    name: 'crontab',
    effect: 'now',
    show: (times = []) => (times.length === 0 ? 'none' : times.map((time) => `"${time}"`).join(', ')),
  },
  initialSync: { name: 'initial', effect: 'nextStart' },
  deletePolicy: { name: 'delete', effect: 'remake' },
  maxDelete: {
    name: 'maxDelete',
    effect: 'remake',
    show: (limit) => (limit === undefined ? 'none' : `${limit.max}${limit.unit === 'percent' ? '%' : ''}`),
  },
  allowEmptySource: { name: 'allowEmptySource', effect: 'remake' },
  maxProcesses: { name: 'maxProcesses', effect: 'remake' },
  largeFileBytes: { name: 'batchSizeLimit', effect: 'remake' },
  fuzzy: { name: 'rsync.fuzzy', effect: 'remake' },
  rsyncProgram: { name: 'rsync.program', effect: 'remake' },
  bandwidthLimit: { name: 'rsync.bwlimit', effect: 'remake' },
  timeoutSeconds: { name: 'timeout', effect: 'remake', show: (value) => `${value} s` },
  makeTargetParents: { name: 'mkpath', effect: 'remake' },
  insists: { name: 'insist', effect: 'now' },
};

/** Arguments of rsync that decide how something gets to the target, not what is there in the end. Of all others all is compared. */
const RSYNC_TRANSFER =
  /^(-[sz46v]+|--(append(-verify)?|backup|backup-dir=.*|checksum|compress|compress-level=.*|compress-choice=.*|contimeout=.*|delay-updates|ignore-times|inplace|ipv[46]|no-whole-file|partial|partial-dir=.*|password-file=.*|skip-compress=.*|stats|suffix=.*|temp-dir=.*|whole-file))$/;

function* optionChanges(from: MirrorOptions, to: MirrorOptions): Generator<Change> {
  for (const [key, option] of Object.entries(OPTIONS) as [keyof typeof OPTIONS, Option<unknown>][])
    yield* change(option, from[key], to[key]);
  yield* change(
    { name: 'rsync.deleteExcluded', effect: to.deletesExcluded ? 'compare' : 'remake' },
    from.deletesExcluded,
    to.deletesExcluded,
  );
  for (const key of keysOf(from.attributes, to.attributes))
    yield* change(
      { name: `attributes.${key}`, effect: 'compare' },
      from.attributes[key as keyof MirrorOptions['attributes']],
      to.attributes[key as keyof MirrorOptions['attributes']],
    );
  for (const key of keysOf(from.hooks, to.hooks)) {
    const isTime = key === 'timeoutMs';
    yield* change(
      {
        name: `hooks.${isTime ? 'timeout' : key}`,
        effect: 'now',
        show: isTime ? seconds : hookText,
      } as Option<unknown>,
      from.hooks[key as keyof MirrorOptions['hooks']],
      to.hooks[key as keyof MirrorOptions['hooks']],
    );
  }
  yield* rsyncChanges(from.rsyncOptions, to.rsyncOptions);
}

/** `extra` may hold an argument and its value as two: one that is new or gone asks for as much as any around it. */
function* rsyncChanges(from: readonly string[], to: readonly string[]): Generator<Change> {
  if (from.join('\0') === to.join('\0')) return;
  const differing = [...from.filter((one) => !to.includes(one)), ...to.filter((one) => !from.includes(one))];
  const isTransfer = differing.length > 0 && differing.every((one) => RSYNC_TRANSFER.test(one));
  const text = (list: readonly string[]): string => (list.length === 0 ? 'none' : list.join(' '));
  yield { name: 'rsync', from: text(from), to: text(to), effect: isTransfer ? 'remake' : 'compare' };
}

/** By another port, option or command another host may answer. */
function* placeChanges(from: TargetPlace, to: TargetPlace): Generator<Change> {
  yield* tunnelChanges('tunnel' in from ? from.tunnel : undefined, 'tunnel' in to ? to.tunnel : undefined);
  if (from.kind === 'action' && to.kind === 'action') {
    const [before, after] = [from.definition, to.definition];
    for (const key of keysOf(before.values, after.values))
      yield* change({ name: key, effect: 'remake' }, before.values[key], after.values[key]);
    yield* change({ name: 'program', effect: 'remake' }, before.program, after.program);
  }
  if (from.kind !== 'direct' && to.kind !== 'direct')
    yield* change({ name: 'exitCodes', effect: 'remake', show: exitCodesText }, from.exitCodes, to.exitCodes);
  if (from.kind !== 'rsyncssh' || to.kind !== 'rsyncssh') return;
  yield* change({ name: 'ssh.program', effect: 'remake' }, from.ssh.program, to.ssh.program);
  yield* change({ name: 'ssh.port', effect: 'compare' }, from.ssh.port, to.ssh.port);
  yield* change({ name: 'ssh.identity', effect: 'remake' }, from.ssh.identity, to.ssh.identity);
  yield* change(
    { name: 'ssh', effect: 'compare' },
    from.ssh.sshArguments?.join(' '),
    to.ssh.sshArguments?.join(' '),
  );
}

function* tunnelChanges(from: TunnelOptions | undefined, to: TunnelOptions | undefined): Generator<Change> {
  const text: Show<TunnelOptions['command'] | undefined> = (command) =>
    typeof command === 'object' ? command.join(' ') : plain(command);
  yield* change({ name: 'tunnel.command', effect: 'compare', show: text }, from?.command, to?.command);
  yield* change({ name: 'tunnel.mode', effect: 'compare' }, from?.mode, to?.mode);
  if (from === undefined || to === undefined) return;
  yield* change({ name: 'tunnel.name', effect: 'remake' }, from.name, to.name);
  yield* change({ name: 'tunnel.parallel', effect: 'remake' }, from.parallel, to.parallel);
  yield* change(
    { name: 'tunnel.readyDelay', effect: 'remake', show: seconds },
    from.readyDelayMs,
    to.readyDelayMs,
  );
  yield* change(
    { name: 'tunnel.retryDelay', effect: 'remake', show: seconds },
    from.retryDelayMs,
    to.retryDelayMs,
  );
}

function* settingsChanges(from: RunSettings, to: RunSettings): Generator<Change> {
  yield* change({ name: 'log.level', effect: 'now' }, from.logLevel, to.logLevel);
  yield* change({ name: 'log.format', effect: 'now' }, from.logFormat, to.logFormat);
  yield* change({ name: 'maxTotalProcesses', effect: 'now' }, from.maxTotalProcesses, to.maxTotalProcesses);
  yield* change({ name: 'log.file', effect: 'nextRun' }, from.logFile, to.logFile);
  yield* change({ name: 'pidFile', effect: 'nextRun' }, from.pidFile, to.pidFile);
  yield* change({ name: 'statusFile', effect: 'nextRun' }, from.statusFile, to.statusFile);
  yield* change(
    { name: 'statusInterval', effect: 'nextRun', show: (ms) => (ms === undefined ? 'none' : seconds(ms)) },
    from.statusIntervalMs,
    to.statusIntervalMs,
  );
}

function* change<T>({ name, effect, show = plain }: Option<T>, from: T, to: T): Generator<Change> {
  const [before, after] = [show(from), show(to)];
  if (before !== after) yield { name, from: before, to: after, effect };
}

const hookText: Show<MirrorOptions['hooks']['afterBatch']> = (hook) =>
  hook === undefined ? 'none' : JSON.stringify([hook.program, ...hook.arguments]);

const exitCodesText: Show<RsyncExitCodes | undefined> = (codes = {}) =>
  (['ok', 'again', 'die'] as const)
    .flatMap((verdict) => (codes[verdict]?.length ? [`${verdict}: ${codes[verdict].join(' ')}`] : []))
    .join(', ') || 'none';

function plain(value: unknown): string {
  if (value === undefined || value === '') return 'none';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function keysOf(...objects: readonly object[]): readonly string[] {
  return [...new Set(objects.flatMap((object) => Object.keys(object)))];
}
