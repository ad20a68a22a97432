import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SynclineProgram } from '../support/syncline-program.ts';

let rootPath = '';
beforeAll(() => {
  rootPath = mkdtempSync(path.join(os.tmpdir(), 'syncline-cli-'));
  mkdirSync(path.join(rootPath, 'tree/below'), { recursive: true });
  writeFileSync(path.join(rootPath, 'tree/file'), 'x');
  writeFileSync(path.join(rootPath, 'plain'), '');
  writeFileSync(
    path.join(rootPath, 'old-rsync'),
    '#!/bin/sh\necho "rsync  version 2.6.9  protocol version 29"\n',
    {
      mode: 0o755,
    },
  );
  symlinkSync('tree', path.join(rootPath, 'link'));
});
afterAll(() => {
  rmSync(rootPath, { recursive: true, force: true });
});

/** Runs `syncline mirror` with `@` for the test's directory and expects it to end by itself. */
async function refused(args: readonly string[]): Promise<{ status: number | string; stderr: string }> {
  const before = readdirSync(rootPath, { recursive: true }).sort();
  const program = new SynclineProgram(['mirror', ...args.map((arg) => arg.replace('@', rootPath))]);
  const status = await program.end();
  expect(readdirSync(rootPath, { recursive: true }).sort()).toEqual(before);
  return { status, stderr: program.stderr.replaceAll(rootPath, '@') };
}

test.each<[string, string[], number, RegExp]>([
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
  ['an old rsync', ['--rsync-program', '@/old-rsync', '@/tree', '@/t'], 1, /^syncline: .*2\.6\.9.* 3\.\d/s],
  ['a broken rule', ['--filter', 'frobnicate x', '@/tree', '@/t'], 2, /^syncline: .*frobnicate/],
  ['a missing rule file', ['--exclude-from', '@/none', '@/tree', '@/t'], 2, /^syncline: .*@\/none/],
])('%s is refused in one line before anything is touched', async (_what, args, status, line) => {
  const ended = await refused(args);
  expect(ended.stderr).toMatch(line);
  expect(ended.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
  expect(ended.status).toBe(status);
});

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('mirror ends with its status after %s, what was pending delivered', async (signal, status) => {
  const source = mkdtempSync(path.join(rootPath, 'source-'));
  const target = mkdtempSync(path.join(rootPath, 'target-'));
  writeFileSync(path.join(source, 'first'), '1');
  const program = new SynclineProgram(['mirror', '--delay', '5', source, target]);
  await program.until(() => existsSync(path.join(target, 'first')), 'the first sync');
  writeFileSync(path.join(source, 'pending'), '2');
  program.kill(signal);
  expect(await program.end()).toBe(status);
  expect(existsSync(path.join(target, 'pending'))).toBe(true);
});

test('mirror --once syncs and ends with 0', async () => {
  const target = path.join(rootPath, 'once');
  const program = new SynclineProgram(['mirror', '--once', path.join(rootPath, 'tree'), target]);
  expect(await program.end()).toBe(0);
  expect(readdirSync(target).sort()).toEqual(['below', 'file']);
});

test('mirror --dry-run says what it would do and does nothing', async () => {
  const target = mkdtempSync(path.join(rootPath, 'dry-'));
  const program = new SynclineProgram(['mirror', '--dry-run', path.join(rootPath, 'tree'), target]);
  expect(await program.end()).toBe(0);
  expect(program.stdout).toContain('file');
  expect(readdirSync(target)).toEqual([]);
});

test('watch --json prints names of any bytes exactly, and ends with 143 after TERM', async () => {
  const directory = mkdtempSync(path.join(rootPath, 'watched-'));
  const program = new SynclineProgram(['watch', '--json', directory]);
  await program.until(() => program.stdout.includes('"state":"watching"'), 'the watch');
  const name = Buffer.from('caf\xe9\n', 'latin1');
  writeFileSync(Buffer.concat([Buffer.from(`${directory}/`), name]), 'x');
  await program.until(
    () => program.stdout.includes(`"pathBase64":"${name.toString('base64')}"`),
    'the event',
  );
  for (const line of program.stdout.trimEnd().split('\n'))
    expect(() => JSON.parse(line) as unknown).not.toThrow();
  program.kill('SIGTERM');
  expect(await program.end()).toBe(143);
});

test('watch ends quietly with 141 when its reader goes away', async () => {
  const directory = mkdtempSync(path.join(rootPath, 'watched-'));
  const program = new SynclineProgram(['watch', '--json', directory]);
  await program.until(() => program.stdout.includes('"state":"watching"'), 'the watch');
  program.closeStdout();
  writeFileSync(path.join(directory, 'a'), '');
  expect(await program.end()).toBe(141);
  expect(program.stderr).toBe('');
});
