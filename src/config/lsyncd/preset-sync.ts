import path from 'node:path';
import type { GivenOptions, ReadConfig, ReadTarget } from '../schema.ts';
import { rsyncOptions } from './rsync-options.ts';
import type { TableFields } from './table-fields.ts';

export type Preset = 'rsync' | 'rsyncssh' | 'direct';
type ReadSync = ReadConfig['syncs'][number];

/** What a sync of one of Lsyncd's presets is in our configuration. */
export interface PresetParts {
  /** The table of the sync, with all that it inherits. */
  readonly fields: TableFields;
  /** What relative names count from. */
  readonly directory: string;
  /** Told what is left out, and why. */
  readonly notice: (message: string) => void;
}

/** Undefined where something that is required is missing or wrong, which has been told. */
export function presetSync(preset: Preset, parts: PresetParts): ReadSync | undefined {
  const { fields, directory } = parts;
  const source = required(fields, 'source');
  const target = presetTarget(preset, fields);
  if (source === undefined || target === undefined) return undefined;
  return defined<ReadSync>({
    source: path.resolve(directory, source),
    targets: [target],
    ...sharedOptions(fields, directory),
    ...(preset === 'direct' ? directOptions(parts) : copyOptions(preset, parts)),
  });
}

/** What every sync may say, of whatever layer. */
export function sharedOptions(fields: TableFields, directory: string): GivenOptions {
  const delay = fields.number('delay');
  const file = (key: string): string[] | undefined =>
    fields.texts(key)?.map((name) => path.resolve(directory, name));
  const filter = fields.texts('filter');
  for (const rule of filter ?? [])
    if (!/^[-+] /.test(rule)) fields.refuse('filter', `found "${rule}"; allowed: "+ PATTERN", "- PATTERN"`);
  return {
    delay,
    maxDelay: delay,
    maxNames: fields.number('maxDelays'),
    maxProcesses: fields.number('maxProcesses'),
    initial: fields.raw('init') === false ? false : undefined,
    filter: listed(filter),
    filterFrom: listed(file('filterFrom')),
    exclude: listed(fields.texts('exclude')),
    excludeFrom: listed(file('excludeFrom')),
  };
}

function presetTarget(preset: Preset, fields: TableFields): ReadTarget | undefined {
  if (preset === 'rsyncssh') {
    if (fields.raw('target') !== undefined)
      fields.refuse('target', 'not for default.rsyncssh; it takes host and targetdir');
    const host = required(fields, 'host');
    const directory = required(fields, 'targetdir');
    return host === undefined || directory === undefined ? undefined : { kind: 'rsyncssh', host, directory };
  }
  const target = required(fields, 'target');
  return target === undefined ? undefined : { kind: preset, target };
}

function copyOptions(preset: 'rsync' | 'rsyncssh', { fields, notice }: PresetParts): GivenOptions {
  const { dryRun, timeout, ...options } = rsyncOptions(fields.table('rsync'), notice);
  return {
    delete: deletions(fields),
    ...options,
    dryRun,
    timeout,
    batchSizeLimit: fields.number('batchSizeLimit'),
    ...(preset === 'rsyncssh' ? { ssh: sshOptions(fields.table('ssh')) } : {}),
  };
}

/** All attributes, but those that are switched off. */
function directOptions({ fields, notice }: PresetParts): GivenOptions {
  const table = fields.table('rsync');
  const { attributes = {}, dryRun, rsync = {} } = rsyncOptions(table, notice);
  const kept = Object.entries(attributes).filter(
    ([name, value]) => value === true || table.raw(name) === false,
  );
  for (const name of Object.keys(rsync))
    notice(`rsync.${name} has no effect for default.direct, which runs no rsync`);
  for (const key of ['batchSizeLimit', 'maxProcesses'])
    if ((fields.number(key) ?? 1) !== 1) notice(`${key} has no effect for default.direct`);
  return { delete: deletions(fields), attributes: Object.fromEntries(kept), dryRun, maxProcesses: undefined };
}

function deletions(fields: TableFields): GivenOptions['delete'] {
  const value = fields.raw('delete');
  if (typeof value === 'boolean' || value === 'startup' || value === 'running') return value;
  fields.refuse('delete', `found ${JSON.stringify(value)}; allowed: true, false, 'startup', 'running'`);
  return undefined;
}

function sshOptions(ssh: TableFields): GivenOptions['ssh'] {
  const binary = ssh.text('binary') ?? 'ssh';
  if (path.basename(binary) !== 'ssh')
    ssh.refuse('binary', `found "${binary}"; the ssh in PATH is used, put another one there`);
  const options = ssh.table('options');
  const extra = listed(ssh.texts('_extra'));
  return defined<NonNullable<GivenOptions['ssh']>>({
    identity: ssh.text('identityFile'),
    port: ssh.number('port'),
    options:
      options.keys.length === 0
        ? undefined
        : Object.fromEntries(options.keys.map((key) => [key, options.text(key) ?? ''])),
    extra,
  });
}

function required(fields: TableFields, key: string): string | undefined {
  if (fields.raw(key) === undefined) fields.refuse(key, 'missing');
  return fields.text(key);
}

function listed(texts: readonly string[] | undefined): string[] | undefined {
  return texts === undefined || texts.length === 0 ? undefined : [...texts];
}

/** Without the keys that are not set, and without tables that hold nothing. */
function defined<T extends object>(values: { [K in keyof T]: T[K] | undefined }): T {
  const set = Object.entries(values).filter(
    ([, value]) =>
      value !== undefined &&
      !(typeof value === 'object' && value !== null && Object.keys(value).length === 0),
  );
  return Object.fromEntries(set) as T;
}
