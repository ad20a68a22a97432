import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LsyncdMirror } from '../support/lsyncd-mirror.ts';
import { SynclineProgram } from '../support/syncline-program.ts';
import { makeTempDir, type TempDir } from '../support/temp-dir.ts';

function lsyncd(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): SynclineProgram {
  return new SynclineProgram(args, environment, [], 'lsyncd');
}

function makeSource(directory: TempDir): string {
  mkdirSync(directory.at('source'));
  writeFileSync(directory.at('source', 'a'), 'one');
  return directory.at('source');
}

const lua = (source: string, copy: string, options: string): string =>
  `sync{default.direct, source = "${source}", target = "${copy}", ${options}}`;

const endings = [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const;

describe('lsyncd -nodaemon', () => {
  test.each(endings)('%s delivers what waits for its delay, and ends with %i', async (signal, status) => {
    await using mirror = new LsyncdMirror(({ source, copy }) => ['-rsync', source, copy], 'echo 1 > a');
    await mirror.untilLogged(/^\d\d:\d\d:\d\d Normal: first sync delivered/m);
    mirror.change('echo 2 > b');
    expect(await mirror.process.end(signal, 30_000)).toEqual({ code: status, signal: null });
    expect(mirror.copied('b')).toBe('2\n');
    expect(mirror.process.family()).toEqual([]);
  });

  test('a delay counts from the first change, whatever comes later', async () => {
    await using mirror = new LsyncdMirror(({ source, copy }) => ['-delay', '1', '-direct', source, copy]);
    await mirror.untilLogged(/Normal: first sync delivered/);
    // Each change within the delay of the one before it.
    let count = 0;
    await mirror.until(() => {
      mirror.change(`echo ${++count} > a`);
      return mirror.copied('a') !== undefined;
    }, 'a delivery while changes go on');
    expect(count).toBeGreaterThan(2);
  });

  test('HUP reads the configuration again, goes over to what differs, and keeps it where the new one is broken', async () => {
    await using mirror = new LsyncdMirror(({ directory, source, copy }) => {
      writeFileSync(directory.at('c.lua'), lua(source, copy, 'delay = 600'));
      return [directory.at('c.lua')];
    }, 'echo 1 > a');
    const write = (options: string): void => {
      writeFileSync(mirror.directory.at('c.lua'), lua(mirror.source, mirror.copy, options));
      process.kill(mirror.process.pid, 'SIGHUP');
    };
    await mirror.untilLogged(/Normal: first sync delivered/);
    mirror.change('echo 2 > b');
    write('dely = 0');
    await mirror.untilLogged(/Error: configuration not reloaded: .*c\.lua:1: .*dely/);
    write('error("no")');
    await mirror.untilLogged(/Error: configuration not reloaded: .*c\.lua:1: .*no/);
    expect(mirror.copied('b')).toBeUndefined();
    write('delay = 0');
    await mirror.untilLogged(
      /Normal: configuration reloaded: target .*copy: delay 600 s → 0 s, maxDelay 600 s → 0 s/,
    );
    await mirror.until(() => mirror.copied('b') === '2\n', 'what waited for the delay of before');
    process.kill(mirror.process.pid, 'SIGHUP');
    await mirror.untilLogged(/Normal: configuration reloaded: nothing changed/);
    expect(mirror.output.match(/first sync delivered/g)).toHaveLength(1);
  });

  test('HUP and a reader of the log that is gone end nothing', async () => {
    using directory = makeTempDir();
    const program = lsyncd([
      ...['-nodaemon', '-delay', '0', '-logfile', directory.at('log')],
      ...['-direct', makeSource(directory), directory.at('copy')],
    ]);
    await program.until(() => existsSync(directory.at('copy', 'a')), 'the first sync');
    program.closeStdout();
    program.kill('SIGHUP');
    await program.until(
      () =>
        readFileSync(directory.at('log'), 'utf8').includes('Normal: configuration reloaded: nothing changed'),
      'HUP is logged',
    );
    writeFileSync(directory.at('source', 'b'), 'two');
    await program.until(() => existsSync(directory.at('copy', 'b')), 'a delivery after both');
    program.kill('SIGTERM');
    expect(await program.end()).toBe(143);
  });

  test('an rsync that hangs is ended: the exit does not wait for it', async () => {
    using directory = makeTempDir();
    const started = directory.at('started');
    writeFileSync(
      directory.at('rsync'),
      `#!/bin/bash
case " $* " in *" --version "*) exec \${REAL} --version ;; esac
trap '' TERM
echo $$ >> ${started}
while :; do sleep 60; done
`,
    );
    chmodSync(directory.at('rsync'), 0o755);
    const program = lsyncd(['-nodaemon', '-rsync', makeSource(directory), directory.at('copy')], {
      REAL: '/usr/bin/rsync',
      PATH: `${directory.path}:${process.env.PATH ?? ''}`,
    });
    await program.until(() => existsSync(started) && readFileSync(started, 'utf8') !== '', 'rsync hangs');
    program.kill('SIGTERM');
    expect(await program.end()).toBe(143);
    for (const id of readFileSync(started, 'utf8').trim().split('\n'))
      expect(existsSync(`/proc/${id}`)).toBe(false);
  });

  test('the log has the command lines with -log Exec, and with -log scarce nothing but what is wrong', async () => {
    await using mirror = new LsyncdMirror(
      ({ source, copy }) => ['-log', 'Exec', '-delay', '0', '-rsync', source, copy],
      'echo 1 > a',
    );
    await mirror.untilLogged(/Normal: first sync delivered/);
    mirror.change('echo 2 > "b c"');
    await mirror.untilLogged(/^\d\d:\d\d:\d\d Exec: rsync \[-lt\].* \[--files-from=-\].* <- \.\/b c$/m);
    await using scarce = new LsyncdMirror(({ source, copy }) => ['-log', 'scarce', '-rsync', source, copy]);
    await scarce.until(() => existsSync(scarce.copy), 'the first sync');
    expect(await scarce.process.end('SIGTERM', 30_000)).toEqual({ code: 143, signal: null });
    expect(scarce.output).toBe('');
  });

  test('-logfile has the same lines with the whole date, and may be renamed', async () => {
    await using mirror = new LsyncdMirror(({ directory, source, copy }) => [
      ...['-logfile', directory.at('log'), '-delay', '0', '-direct', source, copy],
    ]);
    const log = (name: string): string => readFileSync(mirror.directory.at(name), 'utf8');
    await mirror.untilLogged(/first sync delivered/);
    expect(log('log')).toMatch(/^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} Normal: mirror /);
    renameSync(mirror.directory.at('log'), mirror.directory.at('log.1'));
    mirror.change('echo 1 > a');
    await mirror.until(
      () => existsSync(mirror.directory.at('log')) && log('log').includes('updated a'),
      'the new file has the next lines',
    );
    expect(log('log.1')).not.toContain('updated a');
  });

  test('a script that ends the program does so before any configuration is looked for, whatever holds it', async () => {
    using directory = makeTempDir();
    writeFileSync(directory.at('s.lua'), `print('checked') pcall(os.exit, 7)`);
    const program = lsyncd(['-script', directory.at('s.lua')]);
    expect(await program.end()).toBe(7);
    expect([program.stdout, program.stderr]).toEqual(['checked\n', '']);
  });

  test('a source that is not there ends it with 255 and one line', async () => {
    using directory = makeTempDir();
    const program = lsyncd(['-nodaemon', '-rsync', directory.at('none'), directory.at('copy')]);
    expect(await program.end()).toBe(255);
    expect(program.stderr).toMatch(/^\d\d:\d\d:\d\d Error: .*none.*\n$/);
  });

  test('a target whose parent is not there ends it with 255, and asks for nothing that lsyncd has not', async () => {
    using directory = makeTempDir();
    const program = lsyncd(['-nodaemon', '-rsync', makeSource(directory), directory.at('no', 'copy')]);
    expect(await program.end()).toBe(255);
    expect(program.stderr).toMatch(/Error: .*no does not exist\. \(Make the parent directory\.\)\n$/);
  });

  test('-pidfile is kept for one: a second lsyncd with it does not start', async () => {
    using directory = makeTempDir();
    const args = ['-nodaemon', '-pidfile', directory.at('pid'), '-direct', makeSource(directory)];
    const first = lsyncd([...args, directory.at('copy')]);
    await first.until(() => existsSync(directory.at('copy', 'a')), 'the first sync');
    expect(readFileSync(directory.at('pid'), 'utf8')).toBe(`${first.pid}\n`);
    const second = lsyncd([...args, directory.at('copy2')]);
    expect(await second.end()).toBe(255);
    expect(second.stderr).toContain(`is locked by process ${first.pid}`);
    expect(existsSync(directory.at('copy2'))).toBe(false);
    expect(readFileSync(directory.at('pid'), 'utf8')).toBe(`${first.pid}\n`);
    first.kill('SIGTERM');
    expect(await first.end()).toBe(143);
    expect(existsSync(directory.at('pid'))).toBe(false);
  });
});

describe('lsyncd -onepass', () => {
  test('ends with 0 when the last of its syncs is done', async () => {
    using directory = makeTempDir();
    const source = makeSource(directory);
    mkdirSync(directory.at('big'));
    for (let count = 0; count < 500; count++) writeFileSync(directory.at('big', `f${count}`), `${count}`);
    const program = lsyncd([
      ...['-nodaemon', '-onepass', '-rsync', source, directory.at('copy')],
      ...['-rsync', directory.at('big'), directory.at('big-copy')],
      ...['-direct', source, directory.at('direct-copy')],
    ]);
    expect(await program.end()).toBe(0);
    expect(readFileSync(directory.at('copy', 'a'), 'utf8')).toBe('one');
    expect(readFileSync(directory.at('big-copy', 'f499'), 'utf8')).toBe('499');
    expect(readFileSync(directory.at('direct-copy', 'a'), 'utf8')).toBe('one');
  });

  test('ends with 255 when one cannot be done, and with -insist tries until it can', async () => {
    using directory = makeTempDir();
    const source = makeSource(directory);
    const flag = directory.at('works');
    writeFileSync(
      directory.at('rsync'),
      `#!/bin/bash
case " $* " in *" --version "*) exec /usr/bin/rsync --version ;; esac
[ -e ${flag} ] || { echo 'rsync: [Receiver] no way' >&2; exit 12; }
exec /usr/bin/rsync "$@"
`,
    );
    chmodSync(directory.at('rsync'), 0o755);
    const environment = { PATH: `${directory.path}:${process.env.PATH ?? ''}` };
    const args = ['-nodaemon', '-onepass', '-rsync', source, directory.at('copy')];
    const once = lsyncd(args, environment);
    expect(await once.end()).toBe(255);
    const insisting = lsyncd(['-insist', ...args], environment);
    await insisting.until(() => insisting.stderr.includes('next attempt in'), 'the first attempt has failed');
    writeFileSync(flag, '');
    expect(await insisting.end()).toBe(0);
    expect(readFileSync(directory.at('copy', 'a'), 'utf8')).toBe('one');
  });
});
