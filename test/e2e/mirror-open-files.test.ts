import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { setInterval as everyMs } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { LiveMirror } from '../support/live-mirror.ts';
import { systemCalls } from '../support/system-calls.ts';

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

test.concurrent.each([
  ['that was there before', 'echo begin > log'],
  ['that is new', 'true'],
])('what is appended to a file %s reaches the target although it stays open', async (_what, before) => {
  await using mirror = await LiveMirror.inSync({ before });
  const descriptor = openSync(`${mirror.source}/log`, 'a');
  try {
    for (const line of ['one\n', 'two\n']) {
      writeSync(descriptor, line);
      await mirror.until(() => contentOf(`${mirror.copy}/log`).endsWith(line), `${line} on the target`);
    }
  } finally {
    closeSync(descriptor);
  }
  await mirror.untilEqual();
});

test.concurrent('a file truncated by path, without being opened, reaches the target', async () => {
  await using mirror = await LiveMirror.inSync({ before: 'echo 0123456789 > f' });
  systemCalls.truncate(pathFromText(`${mirror.source}/f`), 4);
  await mirror.untilEqual();
  expect(contentOf(`${mirror.copy}/f`)).toBe('0123');
});

test('a file written in pieces for longer than the delay and then closed costs one delivery', async () => {
  await using mirror = await LiveMirror.inSync({ before: 'echo begin > f', options: ['--delay', '1.5'] });
  const descriptor = openSync(`${mirror.source}/f`, 'w');
  const startedMs = performance.now();
  for await (const piece of everyMs(50, 'piece\n')) {
    writeSync(descriptor, piece);
    // Twice the delay, which is so long that a busy machine does not pause the writer for as long.
    if (performance.now() - startedMs > 3000) break;
  }
  expect(mirror.deliveries).toBe(0);
  closeSync(descriptor);
  await mirror.untilEqual();
  expect((await mirror.end()).code).toBe(143);
  expect(mirror.logged(/^ {2}updated f/)).toHaveLength(1);
  expect(mirror.deliveries).toBe(1);
});
