import { expect, test } from 'vitest';
import { differingParts } from '../../../src/target/rsync/itemized-change.ts';

test.each([
  ['>f+++++++++', 'missing'],
  ['cd+++++++++', 'missing'],
  ['>f.st......', ['size', 'time']],
  ['<fcsT......', ['content', 'size', 'time']],
  ['.f...pog...', ['permissions', 'owner', 'group']],
  ['.d..t....ax', ['time', 'acl', 'xattrs']],
  ['cL..T......', ['time']],
  ['cLc.t......', ['link target', 'time']],
])('%s is %j', (change, parts) => {
  expect(differingParts(change)).toEqual(parts);
});
