import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LiveMirror } from '../support/live-mirror.ts';

/** The same letter: composed (NFC) and decomposed (NFD). One name where the file system takes them for the same. */
const composed = 'Gr\u00f6\u00dfe';
const decomposed = composed.normalize('NFD');

test.each([
  ['in case alone', 'Notes', 'NOTES'],
  ['in normalization alone', composed, decomposed],
])('a file and a directory renamed %s have their new names on the target', async (_how, from, to) => {
  await using mirror = await LiveMirror.inSync({
    before: `mkdir 'd${from}' below; echo 1 > 'd${from}/f'; echo 2 > 'below/${from}'`,
  });
  mirror.change(`mv 'd${from}' between; mv between 'd${to}'; mv 'below/${from}' 'below/${to}'`);
  await mirror.untilEqual();
  mirror.change(`mv 'd${to}' 'd${from}'; echo 3 > 'd${from}/g'; mv 'below/${to}' 'below/${from}'`);
  await mirror.untilEqual();
  mirror.change(`mv 'd${from}' 'd${to}'; echo 4 > 'd${to}/g'`);
  await mirror.untilEqual();
  expect(readdirSync(mirror.copy)).toEqual(readdirSync(mirror.source));
  expect((await mirror.end()).code).toBe(143);
});
