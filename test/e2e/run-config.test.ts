import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { compareTrees } from '../support/compare-trees.ts';
import type { LiveProcess } from '../support/live-process.ts';
import { until } from '../support/processes.ts';
import { projectRoot } from '../support/project-root.ts';
import { startRsyncDaemon } from '../support/rsync-daemon.ts';
import { startSshd } from '../support/sshd.ts';
import { freePort } from '../support/tcp-port.ts';
import { SynclineProgram } from '../support/syncline-program.ts';
import { endedIn, startIn } from '../support/run-in-directory.ts';
import { makeTempDir, type TempDir } from '../support/temp-dir.ts';
import { describeTree, shell } from '../support/tree.ts';

const DEADLINE_MS = 90_000;
const content = 'mkdir -p d/e; echo 1 > d/e/f; echo 2 > g; echo 3 > x.tmp; ln -s g link';

function differences(directory: TempDir, source: string, copy: string): readonly string[] {
  return compareTrees(pathFromText(directory.at(source)), pathFromText(directory.at(copy)));
}

/** Waits until trees are equal: pairs of a source and a copy. */
async function untilEqual(
  live: LiveProcess,
  directory: TempDir,
  pairs: readonly (readonly [string, string])[],
): Promise<void> {
  const isEqual = (): boolean => {
    if (!live.running) throw new Error(live.output);
    return pairs.every(
      ([source, copy]) => existsSync(directory.at(copy)) && differences(directory, source, copy).length === 0,
    );
  };
  await until(isEqual, `equal ${JSON.stringify(pairs)}`, DEADLINE_MS);
}

function makeSource(directory: TempDir, name: string): void {
  mkdirSync(directory.at(name), { recursive: true });
  shell(directory.at(name), content);
}

describe.concurrent('syncline run', () => {
  test('mirrors two sources of a YAML to their targets, live, until TERM', async () => {
    using directory = makeTempDir();
    for (const name of ['one', 'two']) makeSource(directory, name);
    writeFileSync(
      directory.at('mirror.yaml'),
      `log: { format: json }
defaults: { delay: 0.1 }
syncs:
  - source: one
    targets:
      - a
      - { kind: rsync, target: b, delete: no }
  - source: two
    targets: [c, { kind: direct, target: d }]
`,
    );
    const live = startIn(directory, 'run', 'mirror.yaml');
    try {
      const pairs = [
        ['one', 'a'],
        ['one', 'b'],
        ['two', 'c'],
        ['two', 'd'],
      ] as const;
      await untilEqual(live, directory, pairs);
      shell(directory.at('one'), 'echo new > d/new; echo changed > g');
      shell(directory.at('two'), 'mv d moved; echo more > moved/more');
      await untilEqual(live, directory, pairs);
      shell(directory.at('one'), 'rm -r d; echo last > last');
      await untilEqual(live, directory, [
        ['one', 'a'],
        ['two', 'c'],
      ]);
      await until(() => existsSync(directory.at('b/last')), 'the batch without deletions', DEADLINE_MS);
      expect(readFileSync(directory.at('b/d/new'), 'utf8')).toBe('new\n');
    } finally {
      expect((await live.end('SIGTERM', DEADLINE_MS)).code).toBe(143);
    }
    expect(live.family()).toEqual([]);
  });

  test('finds a program in the working directory; the command line has the last word', async () => {
    using directory = makeTempDir();
    makeSource(directory, 'one');
    writeFileSync(
      directory.at('syncline.config.ts'),
      `import { defineConfig, type SynclineConfig } from 'syncline';
const copies: SynclineConfig['syncs'][number]['targets'] = ['a', 'b'];
const config = defineConfig({ syncs: [{ source: 'one', targets: copies }] });
export { config as default };
`,
    );
    expect((await endedIn(directory, 'run', '--once', '--log-level', 'error')).output).toBe('');
    expect(differences(directory, 'one', 'a')).toEqual([]);
    expect(differences(directory, 'one', 'b')).toEqual([]);
    const shown = await endedIn(directory, 'config');
    expect(shown.output).toMatch(/^ {2}- source: @\/one +# syncline\.config\.ts$/m);
  });

  test('starts nothing where something is wrong, and tells all of it', async () => {
    using directory = makeTempDir();
    makeSource(directory, 'one');
    writeFileSync(
      directory.at('c.yaml'),
      'syncs:\n  - source: one\n    targets: [a, a/b]\n    exclude: ["[x"]\n    maxDelay: 0\n',
    );
    const before = describeTree(directory.path);
    const { status, output } = await endedIn(directory, 'run', 'c.yaml');
    expect(status).toBe(2);
    expect(output.split('\n')).toEqual([
      'syncline: c.yaml has 3 problems:',
      expect.stringMatching(
        /^ {2}c\.yaml:3:18: syncs\[0\]\.targets\[1\]: Target @\/a\/b lies inside target @\/a;/,
      ),
      expect.stringMatching(/^ {2}c\.yaml:4:15: syncs\[0\]\.exclude\[0\]: \[x: .*not closed/),
      '  c.yaml:5:15: syncs[0].maxDelay: found 0; allowed: at least the delay, 1',
      '',
    ]);
    expect(describeTree(directory.path)).toEqual(before);
  });

  test('mirrors the rest where one source is missing', async () => {
    using directory = makeTempDir();
    makeSource(directory, 'one');
    writeFileSync(
      directory.at('c.yaml'),
      'defaults: { once: true }\nsyncs:\n  - { source: none, targets: [a] }\n  - { source: one, targets: [b] }\n',
    );
    const { status, output } = await endedIn(directory, 'run', 'c.yaml');
    expect(status).toBe(1);
    expect(output).toMatch(/stopped: @\/none: no such directory/);
    expect(differences(directory, 'one', 'b')).toEqual([]);
  });
});

describe.concurrent('syncline check', () => {
  test('shows every error of a broken file with its place', async () => {
    using directory = makeTempDir();
    const text = 'syncs:\n  - sorce: a\n    exlude: x\n    delay: 1s\n    targets:\n      - kind: rsynssh\n';
    writeFileSync(directory.at('c.yaml'), text);
    expect(await endedIn(directory, 'check', 'c.yaml')).toEqual({
      status: 2,
      output: `syncline: c.yaml has 5 problems:
  c.yaml:2:5: syncs[0].source: missing; allowed: the path of a directory
  c.yaml:2:5: syncs[0].sorce: unknown key; did you mean source?
  c.yaml:3:5: syncs[0].exlude: unknown key; did you mean exclude?
  c.yaml:4:12: syncs[0].delay: found "1s"; allowed: seconds: a number from 0 to 1000000
  c.yaml:6:15: syncs[0].targets[0].kind: found "rsynssh"; allowed: rsync, direct, rsyncssh, action; did you mean rsyncssh?
`,
    });
  });

  test('looks at the disk: what can never work is status 2, what is only missing is 1', async () => {
    using directory = makeTempDir();
    makeSource(directory, 'one');
    symlinkSync('one', directory.at('same'));
    const missing = `syncs:
  - source: one
    targets: [no/where, same]
    rsync: { passwordFile: secret }
  - { source: none, targets: [x] }
  - { source: one, targets: [y], rsync: { program: ./no-rsync } }
`;
    writeFileSync(directory.at('missing.yaml'), missing);
    const first = await endedIn(directory, 'check', 'missing.yaml');
    expect(first.status).toBe(1);
    for (const said of [
      /missing\.yaml:3:15: syncs\[0\]\.targets\[0\]: .*@\/no\/where.*mkpath/,
      /missing\.yaml:3:25: syncs\[0\]\.targets\[1\]: .*@\/same.* source/,
      /missing\.yaml:4:28: syncs\[0\]\.rsync\.passwordFile: @\/secret cannot be read: ENOENT/,
      /missing\.yaml:5:15: syncs\[1\]\.source: @\/none: no such directory/,
      /missing\.yaml:6:30: syncs\[2\]\.targets\[0\]: .*no-rsync/,
    ])
      expect(first.output).toMatch(said);
    expect(first.output.split('\n')).toHaveLength(7);
    const wrong = 'defaults: { excludeFrom: gone, hooks: { onError: ./gone } }\n';
    writeFileSync(directory.at('wrong.yaml'), `${wrong}${missing}`);
    writeFileSync(
      directory.at('ring.yaml'),
      'syncs: [{ source: one, targets: [two/in] }, { source: two, targets: [one/in] }]\n',
    );
    mkdirSync(directory.at('two/in'), { recursive: true });
    const ring = await endedIn(directory, 'check', 'ring.yaml');
    expect(ring).toMatchObject({ status: 2 });
    expect(ring.output).toMatch(/ {2}ring\.yaml:1:8: syncs: What is mirrored from @\/one comes back to it/);
    const second = await endedIn(directory, 'check', 'wrong.yaml');
    expect(second.status).toBe(2);
    expect(second.output).toMatch(/^ {2}wrong\.yaml:1:26: defaults\.excludeFrom: .*@\/gone: ENOENT/m);
    expect(second.output).toMatch(
      /^ {2}wrong\.yaml:1:50: defaults\.hooks\.onError: .*@\/gone.*no such program/m,
    );
    expect(second.output.split('\n')).toHaveLength(9);
  });

  test('says so when there is nothing wrong, and names the file that it found', async () => {
    using directory = makeTempDir();
    makeSource(directory, 'one');
    writeFileSync(
      directory.at('syncline.config.json'),
      '{ "syncs": [{ "source": "one", "targets": ["a", "b"] }] }',
    );
    expect(await endedIn(directory, 'check')).toEqual({
      status: 0,
      output: 'syncline.config.json: no problems, 1 sync, 2 targets\n',
    });
    expect(existsSync(directory.at('a'))).toBe(false);
  });

  test('a configuration that is not there is status 2', async () => {
    using directory = makeTempDir();
    const none = await endedIn(directory, 'check');
    expect(none.status).toBe(2);
    expect(none.output).toMatch(/^syncline: no configuration: .*syncline\.config\.ts/);
    expect((await endedIn(directory, 'run', 'none.yaml')).status).toBe(2);
  });
});

test('syncline config prints a configuration that comes to the same', async () => {
  using directory = makeTempDir();
  makeSource(directory, 'one');
  writeFileSync(
    directory.at('c.yaml'),
    `defaults: { delay: 0.5, exclude: ["*.tmp", "a: b # c"] }
log: { level: warn }
maxTotalProcesses: 3
syncs:
  - source: one
    maxDelete: 10%
    attributes: { archive: false, times: true }
    hooks: { onError: [sh, -c, "echo '#'"] }
    targets:
      - a
      - { kind: rsync, target: b, delay: 1, rsync: { extra: [-z] } }
      - { kind: rsyncssh, host: h, directory: d, ssh: { port: 22, options: { User: me } } }
`,
  );
  const first = await endedIn(directory, 'config', 'c.yaml');
  expect(first.status).toBe(0);
  for (const line of [
    /^ {2}level: warn +# c\.yaml:2$/m,
    /^ {2}format: pretty +# default$/m,
    /^ {4}delay: 0\.5 +# c\.yaml:1$/m,
    /^ {8}delay: 1 +# c\.yaml:11$/m,
    /^ {6}times: true +# c\.yaml:7$/m,
    /^ {6}perms: false +# c\.yaml:7$/m,
    /^ {6}acls: false +# default$/m,
    /^ {4}timeout: 600 +# default$/m,
  ])
    expect(first.output).toMatch(line);
  writeFileSync(directory.at('full.yaml'), first.output.replaceAll('@', directory.path));
  const second = await endedIn(directory, 'config', 'full.yaml');
  const withoutOrigins = (text: string): string => text.replaceAll(/ +# \S+$/gm, '');
  expect(withoutOrigins(second.output)).toBe(withoutOrigins(first.output));
  expect(second.output).not.toContain('# default');
});

test('a remote shell that the environment chooses is told as what it is', async () => {
  using directory = makeTempDir();
  makeSource(directory, 'one');
  writeFileSync(directory.at('c.yaml'), 'syncs: [{ source: one, targets: [h:a] }]\n');
  const program = new SynclineProgram(['config', directory.at('c.yaml')], { RSYNC_RSH: 'ssh -p 2' });
  expect(await program.end()).toBe(0);
  expect(program.stdout).toMatch(/^ {4}# remote shell of rsync: "ssh -p 2" +# environment RSYNC_RSH$/m);
});

test('the build has the schema for editors where the package says it is', () => {
  const { exports } = JSON.parse(readFileSync(`${projectRoot}/package.json`, 'utf8')) as {
    exports: Record<string, string>;
  };
  const file = `${projectRoot}/${exports['./syncline.schema.json'] ?? ''}`;
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
});

const page = readFileSync(`${projectRoot}/docs/configuration.md`, 'utf8');
const examples = [...page.matchAll(/```(yaml|json|ts)\n(.*?)```/gs)].map(([, ending = '', text = '']) => ({
  ending,
  text,
}));

test.each(examples)('example %# of docs/configuration.md mirrors', async ({ ending, text }) => {
  using directory = makeTempDir();
  await using sshd = await startSshd();
  for (const name of ['photos', 'work']) makeSource(directory, name);
  for (const name of ['mnt/a', 'mnt/b', 'mnt/backup']) mkdirSync(directory.at(name), { recursive: true });
  writeFileSync(directory.at('rules.txt'), '*.bak\n');
  await using daemon = await startRsyncDaemon(directory.at('mnt/a'));
  const login = [...sshd.sshArguments, '-i', sshd.identity, `-p${sshd.port}`];
  const [knownHosts = ''] = sshd.sshArguments.filter((argument) => argument.includes('KnownHosts'));
  const here = text
    .replaceAll('/mnt/', directory.at('mnt/'))
    .replaceAll('8730', String(await freePort()))
    .replaceAll(/(?<=rsync:.*)\/backup\//g, '/mirror/')
    .replaceAll('[ssh, -N,', `[ssh, ${login.join(', ')}, -N,`)
    .replaceAll(":localhost:873'", `:127.0.0.1:${daemon.port}'`)
    .replaceAll('me@host]', `${sshd.host}]`)
    .replace('me@backup-host', sshd.host)
    .replace('directory: photos', `directory: ${directory.at('mnt/far')}`)
    .replace('2222', String(sshd.port))
    .replace('~/.ssh/backup_hosts', knownHosts.replace(/.*=/, ''))
    .replace('~/.ssh/backup', sshd.identity);
  writeFileSync(directory.at(`syncline.config.${ending}`), here);
  expect((await endedIn(directory, 'check')).output).toMatch(/no problems/);
  const { status, output } = await endedIn(directory, 'run', '--once');
  const logFile = directory.at('syncline.log');
  const log = existsSync(logFile) ? readFileSync(logFile, 'utf8') : output;
  expect(log).toMatch(/first sync delivered/);
  expect(status).toBe(0);
  const copies = ['a/photos', 'b/photos', 'backup/photos', 'a/work', 'far'].filter((name) =>
    existsSync(directory.at('mnt', name)),
  );
  expect(copies.length).toBeGreaterThan(0);
  for (const copy of copies.filter((name) => name.endsWith('photos') || name === 'far')) {
    const expected = !text.includes("'- *'");
    expect(existsSync(directory.at('mnt', copy, 'd/e/f'))).toBe(expected);
  }
});
