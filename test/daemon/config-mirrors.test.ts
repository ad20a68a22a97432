import { describe, expect, test } from 'vitest';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { checkOptions } from '../../src/config/check-options.ts';
import { readYaml } from '../../src/config/read-text.ts';
import { resolveConfig } from '../../src/config/resolve-config.ts';
import { configSchema } from '../../src/config/schema.ts';
import { mirrorsOf, placesIn, settingsOf } from '../../src/daemon/config-mirrors.ts';
import type { MirrorOptions, RunSettings } from '../../src/daemon/mirror-options.ts';

const places = placesIn('/etc/here', '/home/me');

function read(text: string): { mirrors: readonly MirrorOptions[]; settings: RunSettings } {
  const document = readYaml('c.yaml', text);
  const config = resolveConfig({ config: configSchema.parse(document.value), program: '' }, [], places);
  expect(checkOptions({ document }, config)).toEqual([]);
  return { mirrors: mirrorsOf(config), settings: settingsOf(config) };
}

/** What a configuration and what a command line makes the same; where a rule stands is not compared. */
function withoutOrigins(mirrors: readonly MirrorOptions[]): unknown {
  return mirrors.map((mirror) => ({
    ...mirror,
    filterArguments: mirror.filterArguments.map(({ kind, value }) => ({ kind, value })),
  }));
}

function commandLine(...args: string[]): { mirrors: readonly MirrorOptions[]; settings: RunSettings } {
  const line = parseCommandLine(['mirror', ...args, '/src', '/copy']);
  if (line.kind !== 'mirror') throw new Error(line.kind);
  return line;
}

/** Every option of `syncline mirror` beside what says the same in a sync. */
test.each<[string[], string]>([
  [[], ''],
  [['--delay', '0.25', '--max-delay', '2.5'], 'delay: 0.25, maxDelay: 2.5'],
  [['--delay', '60'], 'delay: 60'],
  [['--max-names', '5'], 'maxNames: 5'],
  [['--crontab', '0 3 * * *'], 'crontab: 0 3 * * *'],
  [['--crontab', '1 2 * * *', '--crontab', '9 3 * * SUN'], 'crontab: [1 2 * * *, 9 3 * * SUN]'],
  [['--once'], 'once: true'],
  [['--no-initial'], 'initial: false'],
  [['-n', '--after-batch', 'x'], 'dryRun: true, hooks: { afterBatch: x }'],
  [
    ['-f', '- *.o', '--include', 'a b', '--include-from=/i', '--exclude', '*', '--exclude-from', '/e'],
    'filter: "- *.o", include: a b, includeFrom: /i, exclude: ["*"], excludeFrom: [/e]',
  ],
  [['-f', '+ a', '-f', 'merge /m n'], 'filter: [+ a], filterFrom: [/m n]'],
  [['--delete', 'no'], 'delete: false'],
  [['--delete', 'yes'], 'delete: true'],
  [['--delete', 'startup'], 'delete: startup'],
  [['--delete', 'running'], 'delete: running'],
  [['--max-delete', '500'], 'maxDelete: 500'],
  [['--max-delete', '20%'], 'maxDelete: 20%'],
  [['--allow-empty-source'], 'allowEmptySource: true'],
  [['--mkpath'], 'mkpath: true'],
  [['--no-times', '-HAX'], 'attributes: { times: false, hardLinks: true, acls: true, xattrs: true }'],
  [
    ['--no-archive', '--times', '--numeric-ids'],
    'attributes: { archive: false, times: true, numericIds: true }',
  ],
  [['--max-processes', '3'], 'maxProcesses: 3'],
  [['--timeout', '0'], 'timeout: 0'],
  [['--bwlimit', '500'], 'rsync: { bwlimit: 500 }'],
  [['--bwlimit', '1.5m'], 'rsync: { bwlimit: 1.5m }'],
  [['--rsync-program', '/opt/rsync'], 'rsync: { program: /opt/rsync }'],
  [
    ['-e', 'ssh -p 2', '--rsync-path=rs', '--rsync-opt=-y', '--rsync-opt=-S'],
    'rsync: { rsh: ssh -p 2, rsyncPath: rs, extra: [-y, -S] }',
  ],
  [['--rsync-opt=-y'], 'rsync: { extra: -y }'],
  [
    [
      '--before-batch',
      '/opt/a b',
      '--after-batch',
      '["sh", "-c", "x y"]',
      '--on-error',
      'tell',
      '--hook-timeout',
      '5',
    ],
    'hooks: { beforeBatch: /opt/a b, afterBatch: [sh, -c, x y], onError: tell, timeout: 5 }',
  ],
  [['--log-level', 'warn', '--log-format', 'json'], '/log: { level: warn, format: json }'],
  [['--max-total-processes', '7'], '/maxTotalProcesses: 7'],
])('mirror %j is sayable as %s', (args, said) => {
  const isTop = said.startsWith('/');
  const own = isTop ? '' : said;
  const { mirrors, settings } = read(
    `{ ${isTop ? `${said.slice(1)}, ` : ''} syncs: [{ source: /src, targets: [/copy], ${own} }] }`,
  );
  const same = commandLine(...args);
  expect(withoutOrigins(mirrors)).toEqual(withoutOrigins(same.mirrors));
  expect(settings).toEqual(same.settings);
});

test('a host and a directory there are the same as --rsyncssh', () => {
  const line = parseCommandLine([
    ...['mirror', '--rsyncssh', '--port', '22', '--identity', '/k', '--ssh-opt=-oUser=me', '--ssh-opt=-4'],
    ...['/src', 'h', 'd', '--target', 'h2:d'],
  ]);
  const { mirrors } = read(`syncs:
  - source: /src
    ssh: { port: 22, identity: /k, options: { User: me }, extra: ['-4'] }
    targets: [{ kind: rsyncssh, host: h, directory: d }, 'h2:d']`);
  if (line.kind !== 'mirror') throw new Error(line.kind);
  expect(withoutOrigins(mirrors)).toEqual(withoutOrigins(line.mirrors));
});

describe('layers', () => {
  const text = `
defaults: { delay: 2, exclude: [a], rsync: { compress: true, bwlimit: 10 }, attributes: { archive: false } }
syncs:
  - source: one
    delay: 3
    rsync: { bwlimit: 20 }
    attributes: { times: true }
    targets:
      - /a
      - { kind: rsync, target: /b, delay: 4, rsync: { compress: false } }
      - { kind: rsync, target: /c }
  - source: ~/two
    exclude: [b]
    targets: [./x, 'host:y', '~/z']`;

  test('the target says it last, before it the sync, then the defaults; groups key by key, lists whole', () => {
    const { mirrors } = read(text);
    expect(
      mirrors.map(({ sourcePath, targets }) => [
        sourcePath,
        ...targets.map((place) => 'target' in place && place.target),
      ]),
    ).toEqual([
      ['/etc/here/one', '/a', '/c'],
      ['/etc/here/one', '/b'],
      ['/home/me/two', '/etc/here/x', 'host:y', '/home/me/z'],
    ]);
    expect(
      mirrors.map(({ quietMs, bandwidthLimit, rsyncOptions }) => [quietMs, bandwidthLimit, rsyncOptions]),
    ).toEqual([
      [3000, '20', ['--compress']],
      [4000, '20', []],
      [2000, '10', ['--compress']],
    ]);
    expect(mirrors.map(({ attributes: { times, perms } }) => [times, perms])).toEqual([
      [true, false],
      [true, false],
      [false, false],
    ]);
    expect(mirrors.map(({ filterArguments }) => filterArguments)).toEqual([
      [{ kind: 'exclude', value: 'a', origin: 'defaults.exclude[0]', directory: '/etc/here' }],
      [{ kind: 'exclude', value: 'a', origin: 'defaults.exclude[0]', directory: '/etc/here' }],
      [{ kind: 'exclude', value: 'b', origin: 'syncs[1].exclude[0]', directory: '/etc/here' }],
    ]);
  });

  test('names of files count from the directory of the configuration, a program without a slash does not', () => {
    const { mirrors } = read(`syncs:
  - source: .
    targets: [{ kind: rsyncssh, host: h, directory: d }]
    excludeFrom: e
    filterFrom: [f]
    ssh: { identity: ~/.ssh/k }
    rsync: { program: bin/rsync, passwordFile: p }
    hooks: { beforeBatch: ./b, afterBatch: [c, ./d] }`);
    const [mirror] = mirrors;
    expect(mirror?.sourcePath).toBe('/etc/here');
    expect(mirror?.filterArguments.map(({ value }) => value)).toEqual(['merge /etc/here/f', '/etc/here/e']);
    expect(mirror?.targets).toMatchObject([{ ssh: { identity: '/home/me/.ssh/k' } }]);
    expect(mirror?.rsyncProgram).toBe('/etc/here/bin/rsync');
    expect(mirror?.rsyncOptions).toEqual(['--password-file=/etc/here/p']);
    expect(mirror?.hooks).toMatchObject({
      beforeBatch: { program: '/etc/here/b' },
      afterBatch: { program: 'c', arguments: ['./d'] },
    });
  });
});

test('exit codes are for the targets by rsync, not for direct ones', () => {
  const { mirrors } = read(
    'syncs: [{ source: /s, targets: [/a, { kind: rsyncssh, host: h, directory: d }, { kind: direct, target: /b }], exitCodes: { again: [9] } }]',
  );
  const [mirror] = mirrors;
  expect(mirror?.targets).toMatchObject([
    { kind: 'rsync', exitCodes: { again: [9] } },
    { kind: 'rsyncssh', exitCodes: { again: [9] } },
    { kind: 'direct' },
  ]);
  expect(mirror?.targets[2]).not.toHaveProperty('exitCodes');
});
