import { readFileSync, writeFileSync } from 'node:fs';
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LiveMirror } from '../support/live-mirror.ts';
import { until } from '../support/processes.ts';
import { makeTempDir } from '../support/temp-dir.ts';

const endings = [
  ['SIGTERM', 143],
  ['SIGINT', 130],
  // What a terminal sends when it is closed: there is no configuration to read again.
  ['SIGHUP', 129],
] as const;

test.each(endings)('%s delivers what waits for the delay, then ends with %i', async (signal, status) => {
  await using mirror = await LiveMirror.inSync({ options: ['--delay', '600', '--max-delay', '900'] });
  mirror.change('mkdir -p a/b; echo 1 > a/b/f; echo 2 > g');
  expect(await mirror.end(signal)).toEqual({ code: status, signal: null });
  expect(mirror.differences()).toEqual([]);
  expect(mirror.logged(/names were not delivered|not all could be/)).toEqual([]);
  expect(mirror.process.family()).toEqual([]);
});

/** A mirror whose first sync takes minutes: 4 MB at 16 KB/s. */
async function startSlowSync(): Promise<LiveMirror> {
  const mirror = new LiveMirror({
    before: 'echo 1 > a; head -c 4000000 /dev/urandom > big',
    options: ['--bwlimit', '16', '--rsync-opt=--no-whole-file'],
  });
  await mirror.until(() => isWriting(mirror), 'rsync is writing');
  return mirror;
}

function isWriting(mirror: LiveMirror): boolean {
  try {
    return readdirSync(mirror.copy).some((name) => name.startsWith('.big.'));
  } catch {
    return false;
  }
}

describe.concurrent('while a long delivery is under way', () => {
  test('TERM waits a bounded time, says so, and leaves no child and no half a file', async () => {
    await using mirror = await startSlowSync();
    expect(await mirror.end('SIGTERM')).toEqual({ code: 143, signal: null });
    expect(mirror.logged(/^not all could be delivered in 5 s/)).toHaveLength(1);
    expect(mirror.process.family()).toEqual([]);
    expect(readdirSync(mirror.copy)).not.toContain('big');
    expect(isWriting(mirror)).toBe(false);
  });

  test.each([
    ['SIGTERM', 'SIGINT', 143],
    ['SIGINT', 'SIGTERM', 130],
  ] as const)('%s and then %s end it at once with %i', async (first, second, status) => {
    await using mirror = await startSlowSync();
    process.kill(mirror.process.pid, first);
    await mirror.untilLogged(new RegExp(`^${first}: `));
    expect(await mirror.end(second)).toEqual({ code: status, signal: null });
    expect(mirror.logged(/ending at once/)).toHaveLength(1);
    expect(mirror.logged(/not all could be delivered/)).toEqual([]);
    expect(mirror.process.family()).toEqual([]);
    expect(isWriting(mirror)).toBe(false);
  });

  test('the program killed by KILL takes rsync with it, which leaves no half a file', async () => {
    await using mirror = await startSlowSync();
    expect(await mirror.end('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    await until(() => mirror.process.family().length === 0, 'no rsync is left');
    expect(readdirSync(mirror.copy)).not.toContain('big');
    expect(isWriting(mirror)).toBe(false);
  });
});

test('an rsync that ignores TERM and says nothing is killed at the second signal', async () => {
  using scripts = makeTempDir();
  const script = scripts.at('deaf-rsync');
  const started = scripts.at('started');
  const lines = [
    '#!/bin/bash',
    'case " $* " in *" --version "*) exec rsync --version ;; esac',
    "trap '' TERM",
    `echo $$ > ${started}`,
    'while :; do read -t 1000 < /dev/zero; sleep 1000; done',
  ];
  writeFileSync(script, `${lines.join('\n')}\n`, { mode: 0o755 });
  await using mirror = new LiveMirror({ options: ['--rsync-program', script] });
  await mirror.until(() => readable(started), 'the start of the script');
  process.kill(mirror.process.pid, 'SIGTERM');
  await mirror.untilLogged(/^SIGTERM: /);
  expect(await mirror.end('SIGINT')).toEqual({ code: 143, signal: null });
  expect(mirror.process.family()).toEqual([]);
});

function readable(path: string): boolean {
  try {
    return readFileSync(path, 'latin1').endsWith('\n');
  } catch {
    return false;
  }
}

test('USR1 and USR2 do nothing: no debugger is opened, and the mirror goes on', async () => {
  await using mirror = await LiveMirror.inSync({});
  for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) process.kill(mirror.process.pid, signal);
  mirror.change('echo 1 > later');
  await mirror.until(() => mirror.differences().length === 0, 'equal trees');
  expect(mirror.process.output).not.toMatch(/debugger/i);
  expect(await mirror.end('SIGTERM')).toEqual({ code: 143, signal: null });
});
