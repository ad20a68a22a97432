import { mkdirSync } from 'node:fs';
import { loadAddon } from '../../src/addon/load-addon.ts';
import { parseRules } from '../../src/filter/parse-rules.ts';
import type { Move } from '../../src/model/batch.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { pathFromText, pathToBuffer, ROOT_PATH } from '../../src/model/path-bytes.ts';
import type { DirectAttributes, DirectTargetOptions } from '../../src/target/direct/direct-options.ts';
import { createDirectTarget } from '../../src/target/direct/direct-target.ts';
import type { DeliveryEvent, Target } from '../../src/target/target.ts';
import type { Delivery } from './rsync-mirror.ts';
import { toEntry } from './rsync-mirror.ts';
import { makeTempDir } from './temp-dir.ts';
import type { TempDir } from './temp-dir.ts';

/** What a batch names, moves included: `[from, to]` of a file, `[from, to, true]` of a directory. */
export interface DirectDelivery extends Delivery {
  readonly moves?: readonly (readonly [from: string, to: string, isDirectory?: boolean])[];
}

/** A source and a target directory of their own, and a direct target between them. */
export interface DirectMirror extends AsyncDisposable {
  readonly directory: TempDir;
  readonly source: string;
  readonly copy: string;
  readonly target: Target;
  readonly events: DeliveryEvent[];
  prepare(): Promise<void>;
  deliver(delivery: DirectDelivery): Promise<Outcome>;
  /** Compares everything, as the first sync does. */
  compareAll(): Promise<Outcome>;
}

export interface DirectMirrorOptions extends Partial<
  Pick<DirectTargetOptions, 'deletes' | 'maxDelete' | 'allowEmptySource' | 'dryRun' | 'mkpath' | 'threads'>
> {
  readonly attributes?: Partial<DirectAttributes>;
  /** rsync's filter rules, as for `--filter`. */
  readonly filters?: readonly string[];
  readonly targetFor?: (copy: string) => string;
  readonly directory?: TempDir;
}

const ALL: DirectAttributes = {
  links: true,
  perms: true,
  times: true,
  group: true,
  owner: true,
  devices: true,
  specials: true,
  hardLinks: false,
  acls: false,
  xattrs: false,
};

export function makeDirectMirror(options: DirectMirrorOptions = {}): DirectMirror {
  const { targetFor = (copy: string) => copy, directory = makeTempDir(), filters = [], attributes } = options;
  const source = directory.at('source');
  const copy = directory.at('copy');
  mkdirSync(source, { recursive: true });
  const addon = loadAddon();
  const path = pathFromText(source);
  const rules = parseRules(
    filters.map((value) => ({ kind: 'filter', value })),
    addon,
  );
  const target = createDirectTarget({
    source: path,
    target: targetFor(copy),
    addon,
    attributes: { ...ALL, ...attributes },
    deletes: options.deletes,
    maxDelete: options.maxDelete,
    allowEmptySource: options.allowEmptySource ?? true,
    dryRun: options.dryRun,
    mkpath: options.mkpath,
    threads: options.threads,
    filters: {
      hidden: rules.compile(pathToBuffer(path)),
      kept: rules.compile(pathToBuffer(path), 'keep'),
      keptInDeleted: rules.compile(pathToBuffer(path), 'keepInDeleted'),
    },
  });
  const events: DeliveryEvent[] = [];
  const report = (event: DeliveryEvent): void => {
    events.push(event);
  };
  let number = 0;
  const deliver = ({
    moves = [],
    entries = [],
    subtrees = [],
    contentSubtrees = [],
    reason = 'live',
    signal,
  }: DirectDelivery): Promise<Outcome> =>
    target.deliver(
      {
        number: ++number,
        reason,
        moves: moves.map(([from, to, isDirectory = false]): Move => ({
          from: pathFromText(from),
          to: pathFromText(to),
          isDirectory,
        })),
        entries: entries.map(toEntry).sort((a, b) => (a.path < b.path ? -1 : 1)),
        subtrees: subtrees.map(pathFromText),
        contentSubtrees: contentSubtrees.map(pathFromText),
      },
      { signal: signal ?? new AbortController().signal, report },
    );
  return {
    directory,
    source,
    copy,
    target,
    events,
    prepare: () => target.prepare({ signal: new AbortController().signal, report }),
    deliver,
    compareAll: () => deliver({ subtrees: [ROOT_PATH], reason: 'startup' }),
    [Symbol.asyncDispose]: async () => {
      await target.close();
      directory[Symbol.dispose]();
    },
  };
}
