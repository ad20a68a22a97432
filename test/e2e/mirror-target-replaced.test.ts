import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LiveMirror } from '../support/live-mirror.ts';
import { startRsyncDaemon } from '../support/rsync-daemon.ts';
import { freePort } from '../support/tcp-port.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { shell } from '../support/tree.ts';

const before = 'mkdir -p d/e; echo 1 > d/e/f; echo 2 > g';

describe.concurrent.each([
  ['by rsync', []],
  ['by --direct', ['--direct']],
])('a local target, %s', (_way, options) => {
  test.each([
    [
      'removed',
      (copy: string) => {
        rmSync(copy, { recursive: true });
      },
    ],
    [
      'removed and made anew',
      (copy: string) => {
        rmSync(copy, { recursive: true });
        mkdirSync(copy);
      },
    ],
    [
      'emptied',
      (copy: string) => {
        shell(copy, 'rm -r *');
      },
    ],
    [
      'replaced by another directory',
      (copy: string) => {
        rmSync(copy, { recursive: true });
        mkdirSync(copy);
        shell(copy, 'echo stranger > stranger');
      },
    ],
  ])('%s behind our back is compared as a whole with the next delivery', async (_name, replace) => {
    await using mirror = await LiveMirror.inSync({ before, options });
    replace(mirror.copy);
    mirror.change('echo new > new');
    await mirror.untilEqual();
    expect((await mirror.end()).code).toBe(143);
  });
});

describe.concurrent('an rsync daemon that was down', () => {
  test.each([
    ['and lost everything is compared as a whole', 'rm -r *', true],
    ['and kept everything gets what changed', 'true', false],
  ])('%s', async (_name, script, isCompared) => {
    using directory = makeTempDir();
    mkdirSync(directory.at('copy'));
    const port = await freePort();
    const start = () => startRsyncDaemon(directory.at('copy'), [], port);
    await using mirror = await (async () => {
      await using _daemon = await start();
      return await LiveMirror.inSync({
        directory,
        before,
        options: ['--log-level', 'debug'],
        targetFor: () => `rsync://127.0.0.1:${port}/mirror`,
      });
    })();
    mirror.change('echo new > new');
    await mirror.untilLogged(/^batch \d+ failed: .*Connection refused/);
    shell(directory.at('copy'), script);
    // Neither trials nor the removal of what a killed receiver has left.
    const compares = (): number =>
      mirror.log
        .map((line) => JSON.stringify(line))
        .filter((line) => line.includes('"-r"') && !/"(-n|--existing)"/.test(line)).length;
    const comparesBefore = compares();
    await using _again = await start();
    await mirror.untilEqual();
    expect(readdirSync(mirror.copy)).toContain('new');
    expect(compares() - comparesBefore).toBe(isCompared ? 1 : 0);
    expect((await mirror.end()).code).toBe(143);
  });
});
