import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SynclineProgram } from '../support/syncline-program.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { describeTree } from '../support/tree.ts';
import { unprivileged } from '../support/unprivileged.ts';

let rootPath = '';
beforeAll(() => {
  rootPath = mkdtempSync(path.join(os.tmpdir(), 'syncline-cli-'));
  mkdirSync(path.join(rootPath, 'tree/below'), { recursive: true });
  writeFileSync(path.join(rootPath, 'tree/file'), 'x');
  writeFileSync(path.join(rootPath, 'plain'), '');
  writeFileSync(
    path.join(rootPath, 'old-rsync'),
    '#!/bin/sh\necho "rsync  version 3.0.9  protocol version 30"\n',
    {
      mode: 0o755,
    },
  );
  writeFileSync(path.join(rootPath, 'rules'), '- *.o\nfrobnicate y\n');
  symlinkSync('tree', path.join(rootPath, 'link'));
});
afterAll(() => {
  rmSync(rootPath, { recursive: true, force: true });
});

interface Refusal {
  readonly status: number | string;
  readonly stderr: string;
}

/** Runs `syncline` with `@` for the test's directory and expects it to end by itself and to touch nothing there. */
async function refused(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  runWith: readonly string[] = [],
): Promise<Refusal> {
  const before = describeTree(rootPath);
  const program = new SynclineProgram(
    args.map((arg) => arg.replace('@', rootPath)),
    environment,
    runWith,
  );
  const status = await program.end();
  expect(describeTree(rootPath)).toEqual(before);
  expect(program.stdout).toBe('');
  return { status, stderr: program.stderr.replaceAll(rootPath, '@') };
}

/** One line `syncline: ...`, and at most one more, indented, with the remedy. */
function expectOneLine(ended: Refusal, line: RegExp, status: number): void {
  expect(ended.stderr).toMatch(line);
  expect(ended.stderr).toMatch(/^syncline: \S.*\n(?: {2}\S.*\n)?$/);
  expect(ended.status).toBe(status);
}

test.each<[string, string[], number, RegExp]>([
  ['a file as source', ['@/plain', '@/t'], 1, /^syncline: @\/plain: not a directory\n/],
  ['a missing source', ['@/none', '@/t'], 1, /^syncline: @\/none: no such directory\n/],
  ['the source as target', ['@/tree', '@/tree'], 1, /^syncline: .*@\/tree.* source .*itself/],
  ['the source by another name', ['@/tree', '@/link/'], 1, /^syncline: .*@\/link.*source.* itself/],
  [
    'a target inside the source',
    ['@/tree', '@/link/below'],
    1,
    /^syncline: .*@\/link\/below.* lies inside the source/,
  ],
  ['a source inside the target', ['@/tree/below', '@/link'], 1, /^syncline: .*@\/link.* holds the source/],
  ['a target that is a file', ['@/tree', '@/plain'], 1, /^syncline: .*@\/plain.* not a directory/],
  ['a target without its parent', ['@/tree', '@/no/where'], 1, /^syncline: .*@\/no\/where.*\n.*--mkpath/],
  ['no rsync', ['--rsync-program', '@/no-rsync', '@/tree', '@/t'], 1, /^syncline: .*@\/no-rsync/],
  [
    'an old rsync',
    ['--rsync-program', '@/old-rsync', '@/tree', '@/t'],
    1,
    /^syncline: .*@\/old-rsync.*3\.0\.9.*3\.1\.3/,
  ],
  ['a program that is not rsync', ['--rsync-program', 'true', '@/tree', '@/t'], 1, /^syncline: true .*rsync/],
  ['a broken rule', ['--filter', 'frobnicate x', '@/tree', '@/t'], 2, /^syncline: .*frobnicate/],
  ['a broken pattern', ['--exclude', '[:alpha:', '@/tree', '@/t'], 2, /^syncline: .*\[:alpha:/],
  [
    'a broken rule in a file',
    ['--filter', 'merge @/rules', '@/tree', '@/t'],
    2,
    /^syncline: .*@\/rules.*frobnicate/,
  ],
  ['an unknown option', ['--exlude', 'x', '@/tree', '@/t'], 2, /^syncline: .*--exlude.*--exclude/],
  ['a bad value', ['--delete', 'maybe', '@/tree', '@/t'], 2, /^syncline: .*--delete.*maybe.*startup/],
  ['a bad delay', ['--delay', 'soon', '@/tree', '@/t'], 2, /^syncline: .*--delay.*soon.*seconds/],
  ['a missing target', ['@/tree'], 2, /^syncline: .*TARGET/],
  ['too many arguments', ['@/tree', '@/t', '@/u'], 2, /^syncline: .*too many/],
  ['a missing rule file', ['--exclude-from', '@/none', '@/tree', '@/t'], 2, /^syncline: .*@\/none/],
])('%s is refused in one line before anything is touched', async (_what, args, status, line) => {
  expectOneLine(await refused(['mirror', ...args]), line, status);
});

test('an rsync that PATH does not lead to is refused with how to install it', async () => {
  const ended = await refused(['mirror', '@/tree', '@/t'], { PATH: rootPath });
  expectOneLine(ended, /^syncline: .*rsync.*\n.*[Ii]nstall/, 1);
});

test.each(['mirror', 'watch'])('%s refuses a directory that it may not read', async (command) => {
  const target = command === 'mirror' ? ['@/t'] : [];
  using directory = makeTempDir();
  chmodSync(directory.path, 0o755);
  mkdirSync(directory.at('closed'), { mode: 0o000 });
  const ended = await refused([command, directory.at('closed'), ...target], {}, unprivileged);
  expectOneLine(ended, /^syncline: .*\/closed: no permission to read it\n/, 1);
});

test('a command that is close to a real one is answered with it', async () => {
  expectOneLine(await refused(['miror', '@/tree', '@/t']), /^syncline: .*miror.*mirror/, 2);
});
