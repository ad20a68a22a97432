import { mkdirSync } from 'node:fs';
import type { BatchEntry, BatchReason, Move } from '../../src/model/batch.ts';
import { HINT } from '../../src/model/event-batch.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { pathFromText, ROOT_PATH } from '../../src/model/path-bytes.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';
import type { DeliveryEvent, Target } from '../../src/target/target.ts';
import { makeTempDir } from './temp-dir.ts';
import type { TempDir } from './temp-dir.ts';

/** What a batch names: entries by path (content new unless hints are given), subtrees, moves. */
export interface Delivery {
  readonly entries?: readonly (string | Buffer | readonly [path: string | Buffer, hints: number])[];
  readonly subtrees?: readonly string[];
  readonly contentSubtrees?: readonly string[];
  /** `[from, to]` of a file, `[from, to, true]` of a directory. */
  readonly moves?: readonly (readonly [from: string, to: string, isDirectory?: boolean])[];
  readonly reason?: BatchReason;
  readonly signal?: AbortSignal;
}

/** A source and a target directory of their own, and a target between them that a test asks for deliveries. */
export class DrivenTarget implements AsyncDisposable {
  readonly directory: TempDir;
  readonly source: string;
  /** The local directory the target shows, whatever way leads to it. */
  readonly copy: string;
  readonly target: Target;
  readonly events: DeliveryEvent[] = [];
  #deliveries = 0;

  constructor(make: (source: string, copy: string) => Target, directory = makeTempDir()) {
    this.directory = directory;
    this.source = directory.at('source');
    this.copy = directory.at('copy');
    mkdirSync(this.source, { recursive: true });
    this.target = make(this.source, this.copy);
  }

  prepare(): Promise<void> {
    return this.target.prepare(this.#context());
  }

  deliver({ reason = 'live', signal, ...named }: Delivery): Promise<Outcome> {
    const { moves = [], entries = [], subtrees = [], contentSubtrees = [] } = named;
    const toMove = ([from, to, isDirectory = false]: (typeof moves)[number]): Move => ({
      from: pathFromText(from),
      to: pathFromText(to),
      isDirectory,
    });
    const batch = {
      number: ++this.#deliveries,
      reason,
      moves: moves.map(toMove),
      entries: entries.map(toEntry).sort((a, b) => (a.path < b.path ? -1 : 1)),
      subtrees: subtrees.map(pathFromText),
      contentSubtrees: contentSubtrees.map(pathFromText),
    };
    return this.target.deliver(batch, this.#context(signal));
  }

  /** Compares everything, as the first sync does. */
  compareAll(): Promise<Outcome> {
    return this.deliver({ subtrees: [ROOT_PATH], reason: 'startup' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.target.close();
    this.directory[Symbol.dispose]();
  }

  #context(signal = new AbortController().signal) {
    return { signal, report: (event: DeliveryEvent): void => void this.events.push(event) };
  }
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

export function toPath(path: string | Buffer): PathBytes {
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
