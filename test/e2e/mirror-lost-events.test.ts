import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LiveMirror } from '../support/live-mirror.ts';
import { until } from '../support/processes.ts';
import { listedProcess } from '../support/process-table.ts';
import { hasInotify } from '../support/this-system.ts';

test.runIf(hasInotify)(
  'an overflow of the kernel queue is told of, and nothing that was lost with it stays lost',
  async () => {
    const queueLength = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'latin1'));
    await using mirror = await LiveMirror.inSync({ before: 'mkdir -p old; echo 1 > old/f; touch x y' });
    // Nobody reads while it is stopped; two names in turn, because the kernel merges equal neighbours.
    process.kill(mirror.process.pid, 'SIGSTOP');
    await until(() => listedProcess(mirror.process.pid)?.state === 'T', 'the stop');
    for (let i = 0; i < queueLength + 1000; i++)
      chmodSync(`${mirror.source}/${i % 2 === 0 ? 'x' : 'y'}`, i % 4 < 2 ? 0o600 : 0o644);
    mkdirSync(`${mirror.source}/lost/below`, { recursive: true });
    writeFileSync(`${mirror.source}/lost/below/file`, 'its events were dropped');
    rmSync(`${mirror.source}/old`, { recursive: true });
    process.kill(mirror.process.pid, 'SIGCONT');
    await mirror.untilLogged(/events were lost/);
    await mirror.untilEqual();
    mirror.change('echo later > lost/below/later');
    await mirror.untilEqual();
    expect((await mirror.end()).code).toBe(143);
  },
);

/** A user namespace has a watch limit of its own below that of the system. */
const mayLimitWatches = canRun([
  'unshare',
  '-U',
  '-r',
  'sh',
  '-c',
  'echo 40 > /proc/sys/user/max_inotify_watches',
]);

test.skipIf(!mayLimitWatches)(
  'a watch limit that is too low is named with the need and the remedy',
  async () => {
    const limited = 'echo 40 > /proc/sys/user/max_inotify_watches && exec "$@"';
    await using mirror = await LiveMirror.inSync({
      before: 'mkdir -p d/{1..60}; for i in {1..60}; do echo $i > d/$i/f; done',
      runWith: ['unshare', '-U', '-r', 'bash', '-c', limited, 'limited'],
    });
    const [line] = mirror.logged(/are not watched/);
    expect(line?.msg).toMatch(
      /^\d+ directories are not watched: user\.max_inotify_watches = 40 is used up, 62 are needed here$/,
    );
    expect(line?.remedy).toMatch(/sysctl .*max_inotify_watches=\d+/);
    expect(mirror.differences()).toEqual([]);
    mirror.change('echo new > new; rm -r d');
    await mirror.untilEqual();
    expect((await mirror.end()).code).toBe(143);
  },
);

function canRun([program = '', ...words]: readonly string[]): boolean {
  try {
    execFileSync(program, words, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
