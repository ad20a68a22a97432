import { expect, test } from 'vitest';
import { DeliverySlots, ProcessSlots, type Release } from '../../src/target/process-slots.ts';

const never = new AbortController().signal;

/** What has been given so far; promises of slots settle in the turn in which one is free. */
class Taken {
  readonly names: string[] = [];
  readonly releases = new Map<string, Release | undefined>();

  wait(name: string, slot: Promise<Release | undefined>): void {
    void slot.then((release) => {
      this.names.push(release === undefined ? `${name} ended` : name);
      this.releases.set(name, release);
    });
  }

  release(name: string): void {
    this.releases.get(name)?.();
  }
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test('slots are given in the order in which they were asked for', async () => {
  const slots = new ProcessSlots(2);
  const taken = new Taken();
  for (const name of ['a', 'b', 'c', 'd']) taken.wait(name, slots.acquire(never));
  await turn();
  expect(taken.names).toEqual(['a', 'b']);
  taken.release('b');
  taken.release('b');
  await turn();
  expect(taken.names).toEqual(['a', 'b', 'c']);
  taken.release('a');
  await turn();
  expect(taken.names).toEqual(['a', 'b', 'c', 'd']);
});

test('who is ended while waiting takes none', async () => {
  const slots = new ProcessSlots(1);
  const taken = new Taken();
  const ending = new AbortController();
  taken.wait('a', slots.acquire(never));
  taken.wait('b', slots.acquire(ending.signal));
  taken.wait('c', slots.acquire(never));
  await turn();
  ending.abort();
  await turn();
  taken.wait('d', slots.acquire(ending.signal));
  taken.release('a');
  await turn();
  expect(taken.names).toEqual(['a', 'b ended', 'd ended', 'c']);
});

test('the runs of a delivery take turns on its own slot where there is no other', async () => {
  const slots = new ProcessSlots(2);
  const [one, other] = [await DeliverySlots.begin(slots, never), await DeliverySlots.begin(slots, never)];
  const taken = new Taken();
  for (const run of ['one 1', 'one 2']) taken.wait(run, one?.acquire(never) ?? Promise.resolve(undefined));
  for (const run of ['other 1', 'other 2'])
    taken.wait(run, other?.acquire(never) ?? Promise.resolve(undefined));
  await turn();
  expect(taken.names).toEqual(['one 1', 'other 1']);
  taken.release('one 1');
  await turn();
  expect(taken.names).toEqual(['one 1', 'other 1', 'one 2']);
  taken.release('one 2');
  one?.end();
  await turn();
  expect(taken.names.at(-1)).toBe('other 2');
});

test('no slot is lost, whatever ends while it waits', async () => {
  const slots = new ProcessSlots(3);
  const ending = new AbortController();
  const delivery = await DeliverySlots.begin(slots, never);
  const further = await slots.acquire(never);
  const runs = [1, 2, 3, 4].map(() => delivery?.acquire(ending.signal));
  const given = [await runs[0], await runs[1]];
  ending.abort();
  expect([await runs[2], await runs[3]]).toEqual([undefined, undefined]);
  for (const release of [...given, further]) release?.();
  delivery?.end();
  const all = await Promise.all([1, 2, 3].map(() => slots.acquire(never)));
  expect(all.every((release) => release !== undefined)).toBe(true);
  const taken = new Taken();
  taken.wait('one too many', slots.acquire(never));
  await turn();
  expect(taken.names).toEqual([]);
});

test('a limit that is raised lets those go on who wait, one that is lowered waits for slots to come back', async () => {
  const slots = new ProcessSlots(1);
  const taken = new Taken();
  for (const name of ['a', 'b', 'c', 'd']) taken.wait(name, slots.acquire(never));
  await turn();
  expect(taken.names).toEqual(['a']);
  slots.resize(3);
  await turn();
  expect(taken.names).toEqual(['a', 'b', 'c']);
  slots.resize(1);
  for (const name of ['a', 'b']) taken.release(name);
  await turn();
  expect(taken.names).toEqual(['a', 'b', 'c']);
  taken.release('c');
  await turn();
  expect(taken.names).toEqual(['a', 'b', 'c', 'd']);
  taken.wait('e', slots.acquire(never));
  slots.resize(Infinity);
  await turn();
  expect(taken.names).toEqual(['a', 'b', 'c', 'd', 'e']);
});
