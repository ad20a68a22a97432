import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { NEVER } from 'rxjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import type { ProgramIo } from '../../src/daemon/program-io.ts';

let rootPath = '';
beforeAll(() => {
  rootPath = mkdtempSync(path.join(os.tmpdir(), 'syncline-cli-'));
  mkdirSync(path.join(rootPath, 'tree'));
  writeFileSync(path.join(rootPath, 'file'), '');
});
afterAll(() => {
  rmSync(rootPath, { recursive: true, force: true });
});

/** Runs a command line in which `@` stands for the test's directory. */
async function check(args: readonly string[]): Promise<{ status: number; out: string; err: string }> {
  const written = { out: '', err: '' };
  const io: ProgramIo = {
    stdout: { write: (text) => (written.out += text) },
    stderr: { write: (text) => (written.err += text) },
    environment: {},
    signals$: NEVER,
    hangUps$: NEVER,
  };
  const status = await runCommandLine(
    args.map((arg) => arg.replace('@', rootPath)),
    io,
  );
  return { status, out: written.out, err: written.err.replaceAll(rootPath, '@') };
}

test.each<[string[], number, string]>([
  [['mirror', '@/none', '@/t'], 1, 'syncline: @/none: no such directory\n'],
  [['mirror', '@/file', '@/t'], 1, 'syncline: @/file: not a directory\n'],
  [['mirror', '@/file/x', '@/t'], 1, 'syncline: @/file/x: a part of the path is not a directory\n'],
  [['watch', '@/none'], 1, 'syncline: @/none: no such directory\n'],
  [['watch', '@/file'], 1, 'syncline: @/file: not a directory\n'],
  [['watch', '--jsn', '@/tree'], 2, "syncline: unknown option '--jsn'; did you mean --json?\n"],
])('%j ends with %i and one line', async (args, status, line) => {
  const ended = await check(args);
  expect(ended).toMatchObject({ status, out: '' });
  expect(ended.err.startsWith(line)).toBe(true);
  expect(ended.err.slice(line.length)).toMatch(/^ {2}\S.*\n$/);
});

test('--version goes to standard output and ends with 0', async () => {
  expect(await check(['--version'])).toMatchObject({ status: 0, err: '' });
});
