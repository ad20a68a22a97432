import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, expect, test } from 'vitest';
import { groupWork, workByPs } from '../../../src/target/rsync/group-work.ts';
import { endProcessGroup } from '../../../src/target/rsync/process-group.ts';

let child: ChildProcess | undefined;
afterEach(async () => {
  if (child?.pid !== undefined) await endProcessGroup(child.pid, 0);
});

/** A process group of its own: the shell and what it starts. */
function start(script: string): number {
  child = spawn('sh', ['-c', script], { detached: true, stdio: 'ignore' });
  return child.pid ?? 0;
}

test.each([
  ['as this system tells it', groupWork],
  ['as ps tells it', workByPs],
])(
  'the work of a group grows by what its members do, and is nothing without members: %s',
  { timeout: 120_000 },
  async (_how, work) => {
    const busy = start('(while :; do :; done) & wait');
    const first = await work(busy);
    await expect
      .poll(async () => (await work(busy)).received, { timeout: 90_000 })
      .toBeGreaterThan(first.received);
    // Above the largest number that a system gives.
    expect(await work(2 ** 31 - 1)).toEqual({ received: 0, written: 0 });
  },
);
