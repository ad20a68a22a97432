import { closeSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { PathBytes } from '../../../src/model/path-bytes.ts';
import { pathToBuffer } from '../../../src/model/path-bytes.ts';
import type { ActivityWorld } from './activity-world.ts';
import { operations } from './operations.ts';
import { ActivityTree } from './activity-tree.ts';
import { SeededRandom } from '../seeded-random.ts';

export interface ActivityOptions {
  readonly seed: number;
  /** Absolute paths of existing directories; see {@link ActivityWorld}. */
  readonly source: PathBytes;
  readonly outside: PathBytes;
  readonly decoy: PathBytes;
  /** Share of names that break programs (default 0.4). */
  readonly hostileShare?: number;
  /** Names of operations to leave out. */
  readonly without?: readonly string[];
}

/** The tree is cut back above this, so that one run does not become a copy of the last. */
const maxEntries = 400;
const pausesMs = [0, 0, 3, 20, 60, 150, 450];

/**
 * Random activity in a real tree, decided by the seed alone (but for the current time in some modification times). Make one,
 * then `run` as often as wanted; `close` closes the files it holds open, without a further write.
 */
export class Activity {
  readonly #world: ActivityWorld;
  readonly #choices: readonly (typeof operations)[number][];
  /** What was done, in order: the names of the operations. */
  readonly done: string[] = [];

  constructor(options: ActivityOptions) {
    const random = new SeededRandom(options.seed);
    const tree = new ActivityTree(options.source, random, options.hostileShare ?? 0.4);
    this.#world = { random, tree, outside: options.outside, decoy: options.decoy, heldOpen: [] };
    this.#choices = operations
      .filter(({ name }) => !(options.without ?? []).includes(name))
      .flatMap((operation) => Array.from({ length: operation.weight }, () => operation));
  }

  /** Does `count` operations in bursts with pauses between them (none when `restless`). */
  async run(count: number, restless = false): Promise<void> {
    const { random } = this.#world;
    for (let left = count; left > 0;) {
      const burst = Math.min(left, random.integer(1, 40));
      for (let i = 0; i < burst; i++) this.#step();
      left -= burst;
      this.#cutBack();
      const pauseMs = random.pick(pausesMs);
      await pause(restless ? 0 : pauseMs);
    }
  }

  close(): void {
    for (const file of this.#world.heldOpen.splice(0)) closeSync(file);
  }

  #step(): void {
    const operation = this.#world.random.pick(this.#choices);
    this.done.push(operation.name);
    try {
      operation.run(this.#world);
    } catch (error) {
      throw new Error(`activity ${operation.name}, step ${this.done.length}`, { cause: error });
    }
  }

  #cutBack(): void {
    const { tree, random } = this.#world;
    while (tree.countEntries() > maxEntries) {
      const victims = tree.entriesOf(tree.root);
      rmSync(pathToBuffer(random.pick(victims).path), { recursive: true });
    }
  }
}
