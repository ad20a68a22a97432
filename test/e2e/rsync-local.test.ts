import { describe, test } from 'vitest';
import { checkCase as checkMirror } from '../support/check-mirror.ts';
import { makeRsyncMirror } from '../support/rsync-mirror.ts';
import type { MirrorOptions } from '../support/rsync-mirror.ts';
import { shell } from '../support/tree.ts';
import { MIRROR_CASES } from '../support/mirror-cases.ts';
import type { MirrorCase } from '../support/mirror-cases.ts';
import { brokenReceiver } from '../support/broken-rsync.ts';

async function checkCase(mirrorCase: MirrorCase, options: MirrorOptions = {}): Promise<void> {
  await using mirror = makeRsyncMirror(options);
  // A time that only a clock of nanoseconds can have lets the first compare be exact.
  shell(mirror.directory.path, 'mkdir copy; touch -d @1000000000.123456789 copy');
  await mirror.prepare();
  await checkMirror(mirror, mirrorCase);
}

describe('a local target follows', () => {
  test.each(MIRROR_CASES)('$name', (mirrorCase) => checkCase(mirrorCase));
});

describe('a receiver that cannot take missing names in a list follows', () => {
  test.each(MIRROR_CASES)('$name', (mirrorCase) => checkCase(mirrorCase, { rsyncProgram: brokenReceiver() }));
});
