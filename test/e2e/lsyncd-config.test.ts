import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { compareTrees } from '../support/compare-trees.ts';
import { until } from '../support/processes.ts';
import { startSshd } from '../support/sshd.ts';
import { endedIn, startIn } from '../support/run-in-directory.ts';
import { makeTempDir, type TempDir } from '../support/temp-dir.ts';
import { shell } from '../support/tree.ts';

const DEADLINE_MS = 90_000;
const content = `mkdir -p d/e; echo 1 > d/e/f; echo 2 > g; echo 3 > x.tmp; ln -s g link; printf x > "$(printf 'odd\\377\\n')"`;

function makeSource(directory: TempDir): void {
  mkdirSync(directory.at('src'));
  shell(directory.at('src'), content);
}

/** Every name of the copy is as in the source, and what is missing is what was left out. */
function isCopy(directory: TempDir, left: readonly string[]): boolean {
  if (!existsSync(directory.at('copy'))) return false;
  const different = compareTrees(pathFromText(directory.at('src')), pathFromText(directory.at('copy')));
  return different.every((line) => left.some((name) => line.includes(name)));
}

async function mirrors(directory: TempDir, config: string, left: readonly string[]): Promise<string> {
  writeFileSync(directory.at('lsyncd.conf.lua'), config);
  const live = startIn(directory, 'run', 'lsyncd.conf.lua');
  try {
    const untilEqual = (): Promise<void> =>
      until(
        () => {
          if (!live.running) throw new Error(live.output);
          return isCopy(directory, left);
        },
        'an equal copy',
        DEADLINE_MS,
      );
    await untilEqual();
    shell(directory.at('src'), 'echo new > d/new; echo more >> g; mv d moved; echo t > y.tmp');
    await untilEqual();
    shell(directory.at('src'), 'rm -r moved; echo last > last');
    await untilEqual();
    for (const name of left) expect(existsSync(directory.at('copy', name))).toBe(false);
    expect(readFileSync(directory.at('copy/last'), 'utf8')).toBe('last\n');
  } finally {
    expect((await live.end('SIGTERM', DEADLINE_MS)).code).toBe(143);
  }
  return live.output;
}

describe('a Lua configuration of Lsyncd mirrors', () => {
  test('by default.rsync, with what it computes', async () => {
    using directory = makeTempDir();
    makeSource(directory);
    writeFileSync(directory.at('hosts.lua'), `return { '${directory.at('copy')}' }\n`);
    const output = await mirrors(
      directory,
      `settings{ nodaemon = true, statusInterval = 20 }
local common = { default.rsync, delay = 0.2, rsync = { archive = true } }
for _, target in ipairs(dofile('hosts.lua')) do
  sync{ common, source = 'src/', target = target .. '/', exclude = { '*.tmp' } }
end
log('Normal', 'loaded ', 1)
`,
      ['x.tmp', 'y.tmp'],
    );
    expect(output).toContain('Normal: loaded 1');
  });

  test('by default.direct', async () => {
    using directory = makeTempDir();
    makeSource(directory);
    await mirrors(
      directory,
      `sync{ default.direct, source = '${directory.at('src')}', target = '${directory.at('copy')}', delay = 0.1,
        filter = { '+ /d/', '- *.tmp' } }`,
      ['x.tmp', 'y.tmp'],
    );
  });

  test('by default.rsyncssh', async () => {
    using directory = makeTempDir();
    await using sshd = await startSshd();
    makeSource(directory);
    writeFileSync(directory.at('rules'), '# no temporary files\n\n- *.tmp\n');
    const ssh = `#!/bin/sh\necho made >> '${directory.at('connections')}'\nexec ssh "$@"\n`;
    writeFileSync(directory.at('our ssh'), ssh, { mode: 0o755 });
    const [knownHosts = ''] = sshd.sshArguments.filter((argument) => argument.includes('KnownHosts'));
    await mirrors(
      directory,
      `sync{ default.rsyncssh, source = 'src', host = '${sshd.host}', targetdir = '${directory.at('copy')}', delay = 0,
        excludeFrom = 'rules', rsync = { archive = true, compress = true },
        ssh = { binary = '${directory.at('our ssh')}', port = ${sshd.port}, identityFile = '${sshd.identity}', options = {
          UserKnownHostsFile = '${knownHosts.replace(/.*=/, '')}', IdentitiesOnly = 'yes' }, _extra = { '-F/dev/null' } } }`,
      ['x.tmp', 'y.tmp'],
    );
    expect(readFileSync(directory.at('connections'), 'utf8')).toBe('made\n');
  });
});

describe('the other commands take it too', () => {
  test('config prints what it comes to, check tells what is wrong, both with its line', async () => {
    using directory = makeTempDir();
    makeSource(directory);
    writeFileSync(
      directory.at('good.lua'),
      `print('seen')\nsync{ default.rsync, source = 'src', target = 'copy',\n  rsync = { compress = true, verbose = true } }\n`,
    );
    const shown = await endedIn(directory, 'config', 'good.lua');
    expect(shown.status).toBe(0);
    expect(shown.output).toMatch(/^seen\nsyncline: good\.lua:2: rsync\.verbose has no effect/);
    expect(shown.output).toMatch(/^ {2}- source: @\/src +# good\.lua:2$/m);
    expect(shown.output).toMatch(/^ {4}delay: 15 +# good\.lua:2$/m);
    expect(shown.output).toMatch(/^ {6}compress: true +# good\.lua:2$/m);
    expect((await endedIn(directory, 'check', 'good.lua')).output).toContain(
      'good.lua: no problems, 1 sync, 1 target',
    );
    writeFileSync(directory.at('bad.lua'), `\nsync{ default.rsync, sorce = 'src', target = 'copy' }\n`);
    const wrong = await endedIn(directory, 'check', 'bad.lua');
    expect(wrong).toEqual({
      status: 2,
      output:
        'syncline: bad.lua has 2 problems:\n  bad.lua:2: sorce: unknown; did you mean source?\n  bad.lua:2: source: missing\n',
    });
    writeFileSync(
      directory.at('late.lua'),
      `\nsync{ default.rsync, source = 'none', target = 'copy', exclude = '[' }\n`,
    );
    expect((await endedIn(directory, 'check', 'late.lua')).output).toContain('late.lua:2: syncs[0].source:');
  });

  test('convert writes it in another form, and tells what that cannot say', async () => {
    using directory = makeTempDir();
    makeSource(directory);
    writeFileSync(
      directory.at('c.lua'),
      `settings{ logident = 'mine', logfile = 'l', nodaemon = true }\nsync{ default.rsync, source = 'src', target = 'copy' }\n`,
    );
    const converted = await endedIn(directory, 'convert', 'c.lua', '--to', 'ts');
    expect(converted.status).toBe(1);
    expect(converted.output).toContain('syncline: c.lua:1: settings.logident is for the program lsyncd\n');
    expect(converted.output).toContain('@/l');
    writeFileSync(directory.at('c.lua'), `sync{ default.rsync, source = 'src', target = 'copy' }\n`);
    const whole = await endedIn(directory, 'convert', 'c.lua');
    expect(whole.status).toBe(0);
    expect(whole.output).toMatch(/^# From c\.lua by syncline convert\.\nsyncs:\n {2}- source: @\/src\n/);
    writeFileSync(directory.at('c.yaml'), whole.output.replaceAll('@', directory.path));
    const [one, other] = await Promise.all([
      endedIn(directory, 'config', 'c.lua'),
      endedIn(directory, 'config', 'c.yaml'),
    ]);
    const withoutOrigins = (text: string): string => text.replaceAll(/ +# .*$/gm, '');
    expect(withoutOrigins(other.output)).toBe(withoutOrigins(one.output));
  });

  test('run has the log file, the pid file and the status file of its settings, as JSON', async () => {
    using directory = makeTempDir();
    makeSource(directory);
    writeFileSync(
      directory.at('c.lua'),
      `settings{ logfile = 'l', pidfile = 'p', statusFile = 's', statusInterval = 1 }
sync{ default.rsync, source = 'src', target = 'copy', delay = 0 }`,
    );
    const live = startIn(directory, 'run', 'c.lua');
    try {
      await until(() => existsSync(directory.at('s')) && isCopy(directory, []), 'the files', DEADLINE_MS);
      expect(Number(readFileSync(directory.at('p'), 'utf8'))).toBeGreaterThan(1);
      expect(JSON.parse(readFileSync(directory.at('s'), 'utf8'))).toMatchObject({ running: true });
      expect(readFileSync(directory.at('l'), 'utf8')).toContain('mirror');
    } finally {
      expect((await live.end('SIGTERM', DEADLINE_MS)).code).toBe(143);
    }
  });

  test('a configuration that never ends is ended', async () => {
    using directory = makeTempDir();
    writeFileSync(directory.at('loop.lua'), '\nwhile true do end\n');
    expect(await endedIn(directory, 'check', 'loop.lua')).toEqual({
      status: 2,
      output: 'syncline: loop.lua has a problem:\n  loop.lua:2: ran for longer than 10 s\n',
    });
  });
});
