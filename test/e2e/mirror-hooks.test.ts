import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LiveMirror } from '../support/live-mirror.ts';
import { freePort } from '../support/tcp-port.ts';
import { makeTempDir } from '../support/temp-dir.ts';

interface Message {
  readonly hook: string;
  readonly target: string;
  readonly batch?: number;
  readonly outcome?: string;
  readonly [field: string]: unknown;
}

/** A hook that appends what it reads to a file. */
function appendTo(file: string): string {
  return JSON.stringify(['bash', '-c', 'cat >> "$0"', file]);
}

function messages(file: string): readonly Message[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Message);
}

describe.concurrent('hooks', () => {
  test('around each delivery read what it was about, in order', async () => {
    using directory = makeTempDir();
    const file = directory.at('told');
    const hook = appendTo(file);
    await using mirror = await LiveMirror.inSync({
      directory,
      before: 'echo 1 > a',
      options: ['--before-batch', hook, '--after-batch', hook, '--on-error', hook, '--delay', '1'],
    });
    await mirror.until(() => messages(file).length === 2, 'the first two');
    mirror.change('echo 2 > b; rm a');
    await mirror.untilEqual();
    expect((await mirror.end()).code).toBe(143);
    expect(messages(file)).toMatchObject([
      { hook: 'beforeBatch', batch: 1, reason: 'startup', subtrees: 1, source: mirror.source },
      { hook: 'afterBatch', batch: 1, outcome: 'delivered', target: mirror.copy, problems: [] },
      { hook: 'beforeBatch', batch: 2, reason: 'live', names: 2 },
      { hook: 'afterBatch', batch: 2, counts: { updated: 1, deleted: 1 } },
    ]);
    expect(mirror.logged(/hook/)).toEqual([]);
  });

  test('on an error read the failure and what to do', async () => {
    using directory = makeTempDir();
    const file = directory.at('told');
    const port = await freePort();
    await using mirror = new LiveMirror({
      directory,
      options: ['--on-error', appendTo(file)],
      targetFor: () => `rsync://127.0.0.1:${port}/mirror`,
    });
    await mirror.until(() => messages(file).length > 0, 'the failure');
    expect(messages(file)[0]).toMatchObject({
      hook: 'onError',
      batch: 1,
      outcome: 'failed',
      scope: 'target',
      message: expect.stringContaining('Connection refused') as string,
    });
  });

  test.each([
    ['fails', ['bash', '-c', 'echo a reason >&2; exit 3'], '60', /failed: exit 3: a reason$/],
    [
      'hangs, deaf to TERM',
      ['bash', '-c', "trap '' TERM; while :; do sleep 100; done"],
      '0.5',
      /failed: ended after 0.5 s$/,
    ],
    [
      'is not there',
      ['no-such-hook-program'],
      '60',
      /failed: it cannot be started: there is no such program$/,
    ],
    ['does not read', ['true'], '60', undefined],
  ])('that %s do not keep the mirror', async (_name, command, timeout, said) => {
    const hook = JSON.stringify(command);
    await using mirror = await LiveMirror.inSync({
      before: 'echo 1 > a',
      options: ['--before-batch', hook, '--after-batch', hook, '--hook-timeout', timeout],
    });
    mirror.change('echo 2 > b; rm a');
    await mirror.untilEqual();
    if (said !== undefined) await mirror.until(() => mirror.logged(said).length >= 3, 'the reports');
    expect((await mirror.end()).code).toBe(143);
    if (said === undefined) expect(mirror.logged(/hook/)).toEqual([]);
    expect(mirror.process.family()).toEqual([]);
  });

  test('under way are ended with the program, those before a delivery and those behind it', async () => {
    using directory = makeTempDir();
    const started = directory.at('started');
    const hook = JSON.stringify(['bash', '-c', 'echo >> "$0"; sleep 1000', started]);
    for (const option of ['--before-batch', '--after-batch']) {
      writeFileSync(started, '');
      await using mirror = new LiveMirror({ directory, options: [option, hook, '--hook-timeout', '600'] });
      await mirror.until(() => readFileSync(started, 'utf8') !== '', 'the hook');
      expect((await mirror.end()).code).toBe(143);
      expect(mirror.process.family()).toEqual([]);
    }
  });

  test('after the only sync are waited for', async () => {
    using directory = makeTempDir();
    const file = directory.at('told');
    const slow = JSON.stringify(['bash', '-c', 'sleep 0.5; cat > "$0"', file]);
    await using mirror = new LiveMirror({ directory, options: ['--once', '--after-batch', slow] });
    await mirror.until(() => !mirror.process.running || messages(file).length > 0, 'its end');
    expect((await mirror.end('SIGCONT')).code).toBe(0);
    expect(messages(file)).toMatchObject([{ hook: 'afterBatch', outcome: 'delivered' }]);
  });

  test('by a path with spaces run as they are, and one that is no program is refused at the start', async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('a place; touch x'));
    const program = directory.at('a place; touch x', 'my hook');
    writeFileSync(program, `#!/bin/bash\ncat >> ${directory.at('told')}\n`);
    chmodSync(program, 0o755);
    await using mirror = await LiveMirror.inSync({ directory, options: ['--after-batch', program] });
    await mirror.until(() => messages(directory.at('told')).length === 1, 'the message');
    chmodSync(program, 0o644);
    await using refused = new LiveMirror({ directory, options: ['--after-batch', program] });
    await mirror.until(() => !refused.process.running, 'its end');
    expect((await refused.end()).code).toBe(2);
    expect(refused.process.output).toMatch(/the hook .*my hook cannot be run: it is not executable/);
  });
});
