import { mkdirSync } from 'node:fs';
import type { BatchEntry, BatchReason } from '../../src/model/batch.ts';
import { HINT } from '../../src/model/event-batch.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { joinPath, pathFromText, ROOT_PATH } from '../../src/model/path-bytes.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';
import type { RsyncTargetOptions } from '../../src/target/rsync/rsync-options.ts';
import { createRsyncTarget } from '../../src/target/rsync/rsync-target.ts';
import type { DeliveryEvent, Target } from '../../src/target/target.ts';
import { makeTempDir } from './temp-dir.ts';
import type { TempDir } from './temp-dir.ts';

/** What a batch names: entries by path (content new unless hints are given) and subtrees. */
export interface Delivery {
  readonly entries?: readonly (string | Buffer | readonly [path: string | Buffer, hints: number])[];
  readonly subtrees?: readonly string[];
  readonly contentSubtrees?: readonly string[];
  readonly reason?: BatchReason;
  readonly signal?: AbortSignal;
}

/** A source and a target directory of their own, and an rsync target between them. */
export interface RsyncMirror extends AsyncDisposable {
  readonly directory: TempDir;
  readonly source: string;
  /** The local directory the target shows, whatever way leads to it. */
  readonly copy: string;
  readonly target: Target;
  readonly events: DeliveryEvent[];
  prepare(): Promise<void>;
  deliver(delivery: Delivery): Promise<Outcome>;
  /** Compares everything, as the first sync does. */
  compareAll(): Promise<Outcome>;
  /** The commands run so far, without those of probes. */
  readonly commands: () => (readonly string[])[];
}

export type MirrorOptions = Partial<Omit<RsyncTargetOptions, 'source' | 'target'>> & {
  /** TARGET for this local directory; the directory itself if not given. */
  readonly targetFor?: (copy: string) => string;
  readonly directory?: TempDir;
  /** The source directory's name, where it is not `source`. */
  readonly sourceName?: Buffer;
};

export function makeRsyncMirror(options: MirrorOptions = {}): RsyncMirror {
  const {
    targetFor = (copy: string): string => copy,
    directory = makeTempDir(),
    sourceName,
    ...rest
  } = options;
  const source = directory.at('source');
  const copy = directory.at('copy');
  mkdirSync(source, { recursive: true });
  const target = createRsyncTarget({
    source: joinPath(pathFromText(directory.path), toPath(sourceName ?? 'source')),
    target: targetFor(copy),
    environment: process.env,
    timeoutSeconds: 60,
    allowEmptySource: true,
    ...rest,
  });
  const events: DeliveryEvent[] = [];
  const report = (event: DeliveryEvent): void => {
    events.push(event);
  };
  let number = 0;
  const deliver = ({
    entries = [],
    subtrees = [],
    contentSubtrees = [],
    reason = 'live',
    signal,
  }: Delivery): Promise<Outcome> =>
    target.deliver(
      {
        number: ++number,
        reason,
        moves: [],
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
    commands: () =>
      events.flatMap((event) =>
        event.kind === 'command' && !event.arguments.some((text) => text.includes('syncline-probe-'))
          ? [event.arguments]
          : [],
      ),
    [Symbol.asyncDispose]: async () => {
      await target.close();
      directory[Symbol.dispose]();
    },
  };
}

/** An entry of a batch: its content is new unless hints are given. */
export function toEntry(entry: string | Buffer | readonly [string | Buffer, number]): BatchEntry {
  const [path, hints] = isPair(entry) ? entry : [entry, HINT.modified | HINT.closed];
  return { path: toPath(path), hints };
}

function isPair(
  entry: string | Buffer | readonly [string | Buffer, number],
): entry is readonly [string | Buffer, number] {
  return Array.isArray(entry);
}

function toPath(path: string | Buffer): PathBytes {
  return typeof path === 'string' ? pathFromText(path) : (path.toString('latin1') as PathBytes);
}

/** Entries of an outcome for a test to compare with: its kind and what it names. */
export function delivered(outcome: Outcome): { problems: readonly string[]; recheck: readonly string[] } {
  if (outcome.kind !== 'delivered')
    throw new Error(`${outcome.scope}: ${outcome.message} (${outcome.remedy ?? ''})`);
  return {
    problems: outcome.problems.map(({ path, message }) => `${path}: ${message}`),
    recheck: outcome.recheck,
  };
}
