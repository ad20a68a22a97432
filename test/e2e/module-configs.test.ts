import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { endedIn } from '../support/run-in-directory.ts';
import { makeTempDir } from '../support/temp-dir.ts';

// One after the other: side by side on a slow machine each could need the 10 s.
describe('syncline check says in one line, with 2, why a configuration that is a program is none', () => {
  test.each([
    [
      'its top level waits for ever',
      'await new Promise(() => {});\nexport default {};\n',
      'c.ts: it was not loaded after 10 s: an await at its top level does not end',
    ],
    ['its top level loops', 'for (;;);\n', 'c.ts: its top level has not let go of its thread for 10 s'],
    ['it ends the program', 'process.exit(0);\n', 'c.ts: it has ended the program while it was loaded'],
    [
      'it exports nothing by default',
      'export const c = { syncs: [] };\n',
      'c.ts: it has no default export; write: export default { syncs: [...] }, or export default defineConfig({ ... })',
    ],
    [
      'it waits for no promise that fails',
      `Promise.reject(new Error('late'));\nexport default { syncs: [] };\n`,
      /^c\.ts: nobody catches what it throws: late \(.*c\.ts:1:\d+\)$/,
    ],
    ['it throws a text', "throw 'no good';\n", 'c.ts: no good'],
  ])('%s', async (_why, text, line) => {
    using directory = makeTempDir();
    writeFileSync(directory.at('c.ts'), text);
    const { status, output } = await endedIn(directory, 'check', 'c.ts');
    expect(
      output
        .trim()
        .split('\n')
        .at(-1)
        ?.replace(/^(syncline:)?\s+/, ''),
    ).toEqual(typeof line === 'string' ? line : expect.stringMatching(line));
    expect(status).toBe(2);
  });
});

test('a top level that hangs in a call of the system does not hold up the end of syncline check', async () => {
  using directory = makeTempDir();
  writeFileSync(
    directory.at('c.ts'),
    `import { execSync } from 'node:child_process';
execSync('echo $$ > pid; exec sleep 1000', { stdio: 'ignore' });
const config = {};
export { config as default };
`,
  );
  try {
    const { status, output } = await endedIn(directory, 'check', 'c.ts');
    expect(output).toContain('c.ts: its top level has not let go of its thread for 10 s');
    expect(status).toBe(2);
  } finally {
    process.kill(Number(readFileSync(directory.at('pid'), 'utf8')));
  }
});

test.each([['check'], ['config']])('syncline %s calls no function of a configuration', async (command) => {
  using directory = makeTempDir();
  mkdirSync(directory.at('s'));
  writeFileSync(
    directory.at('c.ts'),
    `import { writeFileSync } from 'node:fs';
const call = () => { writeFileSync('called', ''); };
const config = { syncs: [{ source: 's', targets: [{ kind: 'action', start: call, onCreate: call, onStartup: call }] }] };
export { config as default };
`,
  );
  writeFileSync(directory.at('s/a'), '');
  expect((await endedIn(directory, command, 'c.ts')).status).toBe(0);
  expect(existsSync(directory.at('called'))).toBe(false);
});
