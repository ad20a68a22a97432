import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LiveMirror } from '../support/live-mirror.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import type { TempDir } from '../support/temp-dir.ts';
import { shell } from '../support/tree.ts';
import { isRoot, NOBODY, unprivileged } from '../support/unprivileged.ts';

/** A directory whose `source`, filled by a bash script, belongs to the user that the program runs as. */
function makeSource(script: string): TempDir {
  const directory = makeTempDir();
  mkdirSync(directory.at('source'));
  shell(directory.at('source'), script);
  if (isRoot) {
    chownSync(directory.path, NOBODY, NOBODY);
    shell(directory.path, `chown -R ${NOBODY}:${NOBODY} source`);
  }
  return directory;
}

test('an unreadable directory is told of, the rest is delivered, and made readable it follows', async () => {
  using directory = makeSource('mkdir -p open secret/below; echo 1 > open/f; echo 2 > secret/below/g');
  const secret = directory.at('source', 'secret');
  chmodSync(secret, 0o000);
  await using mirror = new LiveMirror({ directory, runWith: unprivileged });
  expect((await mirror.untilLogged(/secret.*cannot be read.*EACCES/)).remedy).toMatch(/readable|exclude/);
  await mirror.until(() => existsSync(directory.at('copy', 'open', 'f')), 'the readable part');
  mirror.change('echo 3 > open/h; rm open/f');
  await mirror.until(
    () => readdirSync(directory.at('copy', 'open')).join() === 'h',
    'a change in the readable part',
  );
  chmodSync(secret, 0o755);
  await mirror.untilEqual();
  mirror.change('echo 4 > secret/below/later');
  await mirror.untilEqual();
  expect((await mirror.end()).code).toBe(143);
});

test('a file that cannot be read is quarantined alone, and released once it can be', async () => {
  using directory = makeSource('echo 1 > a; echo 2 > b');
  await using mirror = await LiveMirror.inSync({ directory, runWith: unprivileged });
  // Created without permission in one step, so that no moment is left to read it.
  mirror.change(
    `(umask 777; echo 3 > locked); ${isRoot ? `chown ${NOBODY} locked;` : ''} echo 4 > open; rm a`,
  );
  const line = await mirror.untilLogged(/^locked: .*quarantined/);
  expect(line.msg).toMatch(/Permission denied/);
  expect(line.level).toBe('warn');
  await mirror.until(
    () => readdirSync(mirror.copy).sort().join() === 'b,open',
    'everything but the locked file',
  );
  mirror.change('echo 5 > open');
  await mirror.until(() => readFileSync(`${mirror.copy}/open`, 'utf8') === '5\n', 'a change meanwhile');
  chmodSync(`${mirror.source}/locked`, 0o644);
  await mirror.untilLogged(/^locked: out of quarantine/);
  await mirror.untilEqual();
});

test('a file that cannot be read at the first sync holds up nothing else', async () => {
  using directory = makeSource('mkdir d; echo 1 > d/a; echo 2 > d/locked; chmod 000 d/locked');
  mkdirSync(directory.at('copy'));
  shell(directory.at('copy'), 'mkdir d; echo stale > d/stale');
  if (isRoot) shell(directory.path, `chown -R ${NOBODY}:${NOBODY} copy`);
  await using mirror = new LiveMirror({ directory, runWith: unprivileged });
  await mirror.untilLogged(/^d\/locked: .*quarantined/);
  expect(readdirSync(directory.at('copy', 'd'))).toEqual(['a']);
  chmodSync(directory.at('source', 'd', 'locked'), 0o600);
  await mirror.untilEqual();
});
