import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { descendantsOf, killTree, until } from '../support/processes.ts';
import { SynclineProgram } from '../support/syncline-program.ts';
import { makeTempDir, type TempDir } from '../support/temp-dir.ts';

let directory: TempDir;
const pids: number[] = [];

beforeEach(() => {
  directory = makeTempDir();
  mkdirSync(directory.at('source'));
  writeFileSync(directory.at('source', 'a'), 'one');
});

afterEach(() => {
  for (const id of pids.splice(0)) killTree(id);
  directory[Symbol.dispose]();
});

/** The usual command line of a daemon, files as names in the working directory. */
const USUAL = ['-pidfile', 'pid', '-logfile', 'log', '-delay', '0', '-direct', 'source', 'copy'];

function start(args: readonly string[] = USUAL): SynclineProgram {
  return new SynclineProgram(args, {}, ['env', '-C', directory.path], 'lsyncd');
}

function daemonId(): number {
  const id = Number(readFileSync(directory.at('pid'), 'utf8'));
  pids.push(id);
  return id;
}

const isGone = (id: number): boolean => !existsSync(`/proc/${id}`);

describe('lsyncd as a daemon', () => {
  test('has its pid file and its log when the program in the foreground ends with 0', async () => {
    const program = start();
    expect(await program.end()).toBe(0);
    expect(program.stdout + program.stderr).toBe('');
    const id = daemonId();
    expect(readFileSync(directory.at('log'), 'utf8')).toMatch(/Normal: mirror /);
    await until(() => existsSync(directory.at('copy', 'a')), 'the first sync');
    writeFileSync(directory.at('source', 'b'), 'two');
    await until(() => existsSync(directory.at('copy', 'b')), 'a delivery');
    process.kill(id, 'SIGTERM');
    await until(() => isGone(id), 'the end of the daemon');
    expect(existsSync(directory.at('pid'))).toBe(false);
    expect(readFileSync(directory.at('log'), 'utf8')).toMatch(/Normal: SIGTERM: /);
  });

  test('is in a session of its own, in /, with its standard streams at /dev/null, and called lsyncd', async () => {
    expect(await start().end()).toBe(0);
    const id = daemonId();
    const stat = readFileSync(`/proc/${id}/stat`, 'latin1');
    const [, , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    expect(Number(session)).toBe(id);
    expect(readlinkSync(`/proc/${id}/cwd`)).toBe('/');
    for (const stream of [0, 1, 2]) expect(readlinkSync(`/proc/${id}/fd/${stream}`)).toBe('/dev/null');
    expect(readFileSync(`/proc/${id}/comm`, 'utf8')).toBe('lsyncd\n');
    await until(() => existsSync(directory.at('copy', 'a')), 'the first sync');
    process.kill(id, 'SIGINT');
    await until(() => isGone(id), 'the end of the daemon');
    expect(descendantsOf(id)).toEqual([]);
  });

  test.each<[string, string[], RegExp]>([
    ['a source that is not there', ['-rsync', 'none', 'copy'], /^Error: .*none/],
    [
      'a log file that cannot be written',
      ['-logfile', 'no/log', '-rsync', 'source', 'copy'],
      /^Error: the log file .*no\/log/,
    ],
    [
      'a pid file that cannot be written',
      ['-pidfile', 'no/pid', '-rsync', 'source', 'copy'],
      /^Error: the pid file .*no\/pid/,
    ],
    [
      'targets inside one another',
      ['-rsync', 'source', 'copy', '-rsync', 'source', 'copy/b'],
      /^Error: .*copy/,
    ],
  ])('says %s in the foreground and ends with 255', async (_name, args, message) => {
    const program = start(args);
    expect(await program.end()).toBe(255);
    expect(program.stderr).toMatch(message);
    expect(program.stderr.trimEnd()).not.toContain('\n');
  });

  test('a second one with the same pid file says so in the foreground, and the first one goes on', async () => {
    expect(await start().end()).toBe(0);
    const id = daemonId();
    const second = start();
    expect(await second.end()).toBe(255);
    expect(second.stderr).toContain(`is locked by process ${id}`);
    expect(isGone(id)).toBe(false);
    process.kill(id, 'SIGKILL');
    await until(() => isGone(id), 'the first one is killed');
    // What it has left behind is no hindrance.
    expect(await start().end()).toBe(0);
    expect(daemonId()).not.toBe(id);
  });

  test('-onepass goes on in the background until all is done', async () => {
    expect(await start(['-onepass', ...USUAL]).end()).toBe(0);
    await until(
      () => existsSync(directory.at('copy', 'a')) && !existsSync(directory.at('pid')),
      'all is done',
    );
  });
});
