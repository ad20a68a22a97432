import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { projectRoot } from '../support/project-root.ts';
import { SynclineProgram } from '../support/syncline-program.ts';
import type { TempDir } from '../support/temp-dir.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { takenNames, takesAnyBytes } from '../support/this-system.ts';

interface JsonEvent {
  readonly kind: string;
  readonly path?: string;
  readonly pathBase64?: string;
  readonly from?: string;
  readonly to?: string;
  readonly fromBase64?: string;
  readonly toBase64?: string;
  readonly directory?: boolean;
  readonly hints?: readonly string[];
}

async function startWatch(
  directory: TempDir,
  ...options: string[]
): Promise<SynclineProgram & { events(): JsonEvent[] }> {
  const program = new SynclineProgram(['watch', '--json', ...options, directory.path]);
  await program.until(() => program.stdout.includes('"state":"watching"'), 'the watch');
  const events = (): JsonEvent[] => {
    const whole = program.stdout.slice(0, program.stdout.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as JsonEvent);
  };
  return Object.assign(program, { events });
}

/** The bytes of a name as the README says to read them. */
function bytesOf(plain: string | undefined, base64: string | undefined): string {
  return (base64 === undefined ? Buffer.from(plain ?? '') : Buffer.from(base64, 'base64')).toString('latin1');
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s ends it with %i and nothing on standard error', async (signal, status) => {
  using directory = makeTempDir();
  const program = await startWatch(directory);
  program.kill(signal);
  expect(await program.end()).toBe(status);
  expect(program.stderr).toBe('');
});

test('with --json names of any bytes come back exactly', async () => {
  using directory = makeTempDir();
  const program = await startWatch(directory);
  const names = takenNames([
    'caf\xe9\n',
    '\xff\xfe',
    'plain',
    Buffer.from('grün "quoted" \\').toString('latin1'),
    ' \t',
  ]);
  for (const name of names) writeFileSync(Buffer.from(`${directory.path}/${name}`, 'latin1'), 'x');
  const seen = (): string[] =>
    program
      .events()
      .flatMap(({ kind, path, pathBase64 }) => (kind === 'changed' ? [bytesOf(path, pathBase64)] : []));
  await program.until(() => names.every((name) => seen().includes(name)), 'all names');
  program.kill('SIGTERM');
  expect(await program.end()).toBe(143);
  expect(new Set(seen().filter((path) => path !== ''))).toEqual(new Set(names));
});

test.runIf(takesAnyBytes)(
  'moves are one line each with both names, of files, of directories and of names that are not UTF-8',
  async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('d', 'e'), { recursive: true });
    writeFileSync(directory.at('f'), '');
    const program = await startWatch(directory);
    renameSync(directory.at('f'), directory.at('d', 'g'));
    renameSync(directory.at('d'), directory.at('moved'));
    renameSync(directory.at('moved', 'g'), Buffer.from(`${directory.path}/\xe9`, 'latin1'));
    const moves = (): JsonEvent[] => program.events().filter(({ kind }) => kind === 'moved');
    await program.until(() => moves().length >= 3, 'the moves');
    program.kill('SIGTERM');
    await program.end();
    const told = moves().map(({ from, fromBase64, to, toBase64, directory: isDirectory }) => [
      bytesOf(from, fromBase64),
      bytesOf(to, toBase64),
      isDirectory,
    ]);
    expect(told).toEqual([
      ['f', 'd/g', false],
      ['d', 'moved', true],
      ['moved/g', '\xe9', false],
    ]);
  },
);

test('what is excluded is not told', async () => {
  using directory = makeTempDir();
  const program = await startWatch(directory, '--exclude', '*.swp');
  writeFileSync(directory.at('a.swp'), '');
  writeFileSync(directory.at('b'), '');
  await program.until(() => program.events().some(({ path }) => path === 'b'), 'the event');
  program.kill('SIGTERM');
  await program.end();
  expect(program.stdout).not.toContain('swp');
});

test('a directory that is moved away and back is told of', async () => {
  using parent = makeTempDir();
  mkdirSync(parent.at('watched'));
  const program = await startWatch({ ...parent, path: parent.at('watched') });
  renameSync(parent.at('watched'), parent.at('away'));
  await program.until(() => program.stdout.includes('"kind":"root","state":"gone"'), 'gone');
  renameSync(parent.at('away'), parent.at('watched'));
  await program.until(() => program.stdout.includes('"kind":"root","state":"back"'), 'back');
  program.kill('SIGTERM');
  expect(await program.end()).toBe(143);
});

test('it ends quietly when its reader goes away', async () => {
  using directory = makeTempDir();
  const program = await startWatch(directory);
  program.closeStdout();
  writeFileSync(directory.at('a'), '');
  expect(await program.end()).toBe(141);
  expect(program.stderr).toBe('');
});

test('`| head -1` gets one line and ends the watch', async () => {
  using directory = makeTempDir();
  const script = '"$0" "$1" watch "$2" 2>&1 | head -1; echo "status ${PIPESTATUS[0]}"';
  const shell = spawn(
    'bash',
    ['-c', script, process.execPath, `${projectRoot}/dist/cli.js`, directory.path],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const output = text(shell.stdout);
  const ended = once(shell, 'exit').then(() => true);
  // That nobody reads is noticed with the first line after head has gone.
  for (let i = 0; i < 1000; i++) {
    writeFileSync(directory.at(`f${i % 10}`), '');
    if (await Promise.race([ended, pause(30, false)])) break;
  }
  await ended;
  const lines = (await output).trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toBe('status 141');
});
