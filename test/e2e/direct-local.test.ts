import { describe, test } from 'vitest';
import { checkCase } from '../support/check-mirror.ts';
import { makeDirectMirror } from '../support/direct-mirror.ts';
import { MIRROR_CASES } from '../support/mirror-cases.ts';

describe.each([1, 3])('a direct target with %i threads follows', (threads) => {
  test.each(MIRROR_CASES)('$name', async (mirrorCase) => {
    await using mirror = makeDirectMirror({ threads });
    await mirror.prepare();
    await checkCase(mirror, mirrorCase);
  });
});
