import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findLauncher } from '../../../src/target/rsync/launcher.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

test('the launcher is looked for once for all targets, and again where none was found', async () => {
  using directory = makeTempDir();
  const environment = { PATH: `${directory.path}:/usr/bin:/bin` };
  const setpriv = (status: number): void => {
    writeFileSync(directory.at('setpriv'), `#!/bin/sh\necho >> ${directory.at('calls')}\nexit ${status}\n`);
    chmodSync(directory.at('setpriv'), 0o755);
  };
  setpriv(1);
  expect(await findLauncher(environment)).toEqual([]);
  setpriv(0);
  const found = await Promise.all([findLauncher(environment), findLauncher(environment)]);
  found.push(await findLauncher(environment));
  expect(new Set(found.map(([program]) => program))).toEqual(new Set(['setpriv']));
  expect(readFileSync(directory.at('calls'), 'utf8')).toBe('\n\n');
});
