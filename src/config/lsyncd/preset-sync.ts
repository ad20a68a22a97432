import path from 'node:path';
import type { GivenOptions, ReadConfig, ReadTarget } from '../schema.ts';
import { exitCodes } from './exit-codes.ts';
import { sshOfRsh } from './remote-shell.ts';
import { rsyncOptions } from './rsync-options.ts';
import type { TableFields } from './table-fields.ts';
import { targetByTunnel, tunnelOptions } from './tunnel-options.ts';

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
  const target = presetTarget(preset, parts);
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
    // 0 is at once.
    maxNames: atLeastOne(fields.number('maxDelays')),
    maxProcesses: fields.number('maxProcesses'),
    initial: fields.raw('init') === false ? false : undefined,
    crontab: listed(fields.texts('crontab')),
    filter: listed(filter),
    filterFrom: listed(file('filterFrom')),
    exclude: listed(fields.texts('exclude')),
    excludeFrom: listed(file('excludeFrom')),
  };
}

function atLeastOne(number: number | undefined): number | undefined {
  return number === 0 ? 1 : number;
}

function presetTarget(preset: Preset, { fields, directory: here }: PresetParts): ReadTarget | undefined {
  if (preset === 'rsyncssh') {
    if (fields.raw('target') !== undefined)
      fields.refuse('target', 'not for default.rsyncssh; it takes host and targetdir');
    const host = required(fields, 'host');
    const directory = required(fields, 'targetdir');
    return host === undefined || directory === undefined ? undefined : { kind: 'rsyncssh', host, directory };
  }
  const written = required(fields, 'target');
  if (written === undefined) return undefined;
  const target = targetByTunnel(written, fields);
  // A colon before the first slash is behind the name of a host.
  return { kind: preset, target: /^[^/]*:/.test(target) ? target : path.resolve(here, target) };
}

function copyOptions(preset: 'rsync' | 'rsyncssh', { fields, directory, notice }: PresetParts): GivenOptions {
  const { dryRun, timeout, rsync = {}, ...options } = rsyncOptions(fields.table('rsync'), notice);
  const { rsh, ...others } = rsync;
  return {
    delete: deletions(fields),
    ...options,
    rsync: preset === 'rsyncssh' ? others : rsync,
    dryRun,
    timeout,
    batchSizeLimit: fields.number('batchSizeLimit'),
    exitCodes: exitCodes(fields, preset === 'rsync' ? 'exitcodes' : 'rsyncExitCodes'),
    tunnel: tunnelOptions(fields, notice),
    ...(preset === 'rsyncssh' ? { ssh: sshOptions(fields, rsh, directory) } : {}),
  };
}

/** All attributes, but those that are switched off. */
function directOptions({ fields, notice }: PresetParts): GivenOptions {
  const table = fields.table('rsync');
  const { attributes = {}, dryRun, maxDelete, rsync = {} } = rsyncOptions(table, notice);
  const kept = Object.entries(attributes).filter(
    ([name, value]) => value === true || table.raw(name) === false,
  );
  for (const name of Object.keys(rsync))
    notice(`rsync.${name} has no effect for default.direct, which runs no rsync`);
  if (tunnelOptions(fields, notice) !== undefined)
    notice('tunnel has no effect for default.direct, which reaches no host');
  for (const key of ['batchSizeLimit', 'maxProcesses'])
    if ((fields.number(key) ?? 1) !== 1) notice(`${key} has no effect for default.direct`);
  return {
    delete: deletions(fields),
    attributes: Object.fromEntries(kept),
    dryRun,
    maxDelete,
    maxProcesses: undefined,
  };
}

function deletions(fields: TableFields): GivenOptions['delete'] {
  const value = fields.raw('delete');
  if (typeof value === 'boolean' || value === 'startup' || value === 'running') return value;
  fields.refuse('delete', `found ${JSON.stringify(value)}; allowed: true, false, 'startup', 'running'`);
  return undefined;
}

/** What the table `ssh` says counts before what `rsh`, a command line for rsync, says. */
function sshOptions(fields: TableFields, rsh: string | undefined, directory: string): GivenOptions['ssh'] {
  const ssh = fields.table('ssh');
  const said =
    rsh === undefined
      ? {}
      : sshOfRsh(rsh, (message) => {
          fields.refuse('rsync.rsh', message);
        });
  const binary = ssh.text('binary');
  const options = ssh.table('options');
  return defined<NonNullable<GivenOptions['ssh']>>({
    program: binary === undefined || binary === 'ssh' ? said.program : binary,
    identity: ownFile(ssh.text('identityFile') ?? said.identity, directory),
    port: ssh.number('port') ?? said.port,
    options: {
      ...said.options,
      ...Object.fromEntries(options.keys.map((key) => [key, options.text(key) ?? ''])),
    },
    extra: listed([ssh.texts('_extra') ?? [], said.extra ?? []].flat()),
  });
}

/** A text that has to be there; told if it is not. */
export function required(fields: TableFields, key: string): string | undefined {
  if (fields.raw(key) === undefined) fields.refuse(key, 'missing');
  return fields.text(key);
}

/** `~/` is the home directory, as ssh has it. */
function ownFile(name: string | undefined, directory: string): string | undefined {
  return name === undefined || name.startsWith('~') ? name : path.resolve(directory, name);
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
