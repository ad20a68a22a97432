import { expect, test } from 'vitest';
import { ReplaceableTarget } from '../../src/daemon/replaceable-target.ts';
import type { Batch, Move } from '../../src/model/batch.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';
import type { Target } from '../../src/target/target.ts';

const counts = { updated: 0, deleted: 0, bytes: 0 };
const outcome: Outcome = { kind: 'delivered', counts, problems: [], recheck: [] };
const empty: Batch = { number: 1, reason: 'live', moves: [], entries: [], subtrees: [], contentSubtrees: [] };
const context = { signal: new AbortController().signal, report: () => undefined };

/** A target whose deliveries end when the test lets them; everything it is asked for is a line in `lines`. */
class Slow implements Target {
  readonly capabilities: { readonly moves: boolean };
  readonly #ends: (() => void)[] = [];

  constructor(
    readonly name: string,
    readonly lines: string[],
    moves = true,
  ) {
    this.capabilities = { moves };
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  deliver({ number, moves, contentSubtrees }: Batch): Promise<Outcome> {
    this.lines.push(`${this.name} ${number}: ${moves.length} moves, compares ${contentSubtrees.join(' ')}`);
    return new Promise((resolve) => {
      this.#ends.push(() => {
        resolve(outcome);
      });
    });
  }

  close(): Promise<void> {
    this.lines.push(`${this.name} closed`);
    return Promise.resolve();
  }

  async end(): Promise<void> {
    this.#ends.shift()?.();
    await turn();
  }
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test('a delivery is finished by the target it was begun with, and the next target takes over then', async () => {
  const lines: string[] = [];
  const [one, two, three] = ['one', 'two', 'three'].map((name) => new Slow(name, lines)) as [
    Slow,
    Slow,
    Slow,
  ];
  const target = new ReplaceableTarget(one);
  void target.deliver(empty, context);
  await turn();
  target.replaceBy(two, () => lines.push('two replaced'));
  target.replaceBy(three, () => lines.push('three replaced'));
  await turn();
  await one.end();
  void target.deliver({ ...empty, number: 2 }, context);
  await turn();
  expect(lines).toEqual([
    'one 1: 0 moves, compares ',
    'two closed',
    'one closed',
    'three replaced',
    'three 2: 0 moves, compares ',
  ]);
});

test('batches go on beside a large file of the old target, and no further large one is begun', async () => {
  const lines: string[] = [];
  const [one, two] = [new Slow('one', lines), new Slow('two', lines)];
  const target = new ReplaceableTarget(one);
  void target.deliver({ ...empty, large: 'only' }, context);
  await turn();
  target.replaceBy(two, () => lines.push('replaced'));
  void target.deliver({ ...empty, number: 2 }, context);
  await turn();
  await one.end();
  void target.deliver({ ...empty, number: 3, large: 'only' }, context);
  await turn();
  expect(lines).toHaveLength(2);
  await one.end();
  expect(lines.slice(2)).toEqual(['one closed', 'replaced', 'two 3: 0 moves, compares ']);
});

test('moves of a batch that was planned for the target before become names to compare', async () => {
  const lines: string[] = [];
  const target = new ReplaceableTarget(new Slow('one', lines));
  target.replaceBy(new Slow('two', lines, false), () => undefined);
  const move: Move = { from: 'd' as PathBytes, to: 'e' as PathBytes, isDirectory: true };
  void target.deliver({ ...empty, moves: [move] }, context);
  await turn();
  expect(lines).toEqual(['one closed', 'two 1: 0 moves, compares e']);
});

test('it is idle as soon as no delivery is under way', async () => {
  const slow = new Slow('one', []);
  const target = new ReplaceableTarget(slow);
  await target.idle();
  void target.deliver(empty, context);
  let isIdle = false;
  void target.idle().then(() => {
    isIdle = true;
  });
  await turn();
  expect(isIdle).toBe(false);
  await slow.end();
  expect(isIdle).toBe(true);
});
