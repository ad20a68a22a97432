import { describe, expect, test } from 'vitest';
import { loadAddon } from '../../src/addon/load-addon.ts';
import { readYaml } from '../../src/config/read-text.ts';
import { resolveConfig } from '../../src/config/resolve-config.ts';
import { configSchema } from '../../src/config/schema.ts';
import { configDifference } from '../../src/daemon/config-difference.ts';
import { mirrorsOf, placesIn, settingsOf } from '../../src/daemon/config-mirrors.ts';
import { changeLine, settingsLines } from '../../src/daemon/difference-text.ts';
import { planRun, type RunPlan } from '../../src/daemon/target-plan.ts';

const places = placesIn('/etc/here', '/home/me');

function plan(text: string): RunPlan {
  const document = readYaml('c.yaml', text);
  const config = resolveConfig({ config: configSchema.parse(document.value), program: '' }, [], places);
  return planRun(mirrorsOf(config), settingsOf(config), loadAddon());
}

/** One line for each thing to do, as the log tells it. */
function difference(from: string, to: string): readonly string[] {
  const found = configDifference(plan(from), plan(to));
  return [
    ...settingsLines(found),
    ...found.added.map(({ name }) => `add ${name}`),
    ...found.removed.map(({ name }) => `remove ${name}`),
    ...found.changed.map((change) => `${change.isRemade ? 'remake ' : ''}${changeLine(change)}`),
  ];
}

const sync = (options: string, target = '/a'): string =>
  `syncs: [{ source: /s, targets: [${target}]${options === '' ? '' : `, ${options}`} }]`;

/** An option of a sync, and what is done where it comes. */
test.each<[string, string | undefined]>([
  ['', undefined],
  ['delay: 1', undefined],
  ['delay: 5', 'target /a: delay 1 s → 5 s'],
  ['maxDelay: 20', 'target /a: maxDelay 10 s → 20 s'],
  ['maxNames: 9', 'target /a: maxNames 2000 → 9'],
  ['crontab: 0 3 * * *', 'target /a: crontab none → "0 3 * * *"'],
  ['crontab: []', undefined],
  ['initial: false', 'target /a: initial on → off (for a target that starts)'],
  ['hooks: { onError: x }', 'target /a: hooks.onError none → ["x"]'],
  ['hooks: { timeout: 9 }', 'target /a: hooks.timeout 30 s → 9 s'],
  ['delete: running', 'remake target /a: delete yes → running'],
  ['maxDelete: 5', 'remake target /a: maxDelete none → 5'],
  ['maxDelete: 5%', 'remake target /a: maxDelete none → 5%'],
  ['allowEmptySource: true', 'remake target /a: allowEmptySource off → on'],
  ['mkpath: true', 'remake target /a: mkpath off → on'],
  ['maxProcesses: 2', 'remake target /a: maxProcesses 1 → 2'],
  ['timeout: 9', 'remake target /a: timeout 600 s → 9 s'],
  ['batchSizeLimit: 1k', 'remake target /a: batchSizeLimit none → 1024'],
  ['exitCodes: { ok: [23], die: [5, 12] }', 'remake target /a: exitCodes none → ok: 23, die: 5 12'],
  ['rsync: { program: /r }', 'remake target /a: rsync.program rsync → /r'],
  ['rsync: { bwlimit: 9 }', 'remake target /a: rsync.bwlimit none → 9'],
  ['rsync: { fuzzy: true }', 'remake target /a: rsync.fuzzy off → on'],
  [
    'rsync: { deleteExcluded: true }',
    'remake target /a: rsync.deleteExcluded off → on; all of it is compared',
  ],
  ['rsync: { compress: true, tempDir: /t }', 'remake target /a: rsync none → --compress --temp-dir=/t'],
  ['rsync: { copyLinks: true }', 'remake target /a: rsync none → --copy-links; all of it is compared'],
  ['rsync: { extra: [--chmod, D755] }', 'remake target /a: rsync none → --chmod D755; all of it is compared'],
  ['attributes: { times: false }', 'remake target /a: attributes.times on → off; all of it is compared'],
  ['exclude: "*.o"', 'remake target /a: rules: 1 added, 0 removed'],
  ['include: "/a/b"', 'remake target /a: rules: 1 added, 0 removed; a/b is compared'],
  ['include: [/a, /b/c]', 'remake target /a: rules: 2 added, 0 removed; a, b/c are compared'],
  ['include: x', 'remake target /a: rules: 1 added, 0 removed; all of it is compared'],
  ['delay: 2, exclude: x', 'remake target /a: delay 1 s → 2 s, rules: 1 added, 0 removed'],
])('a sync with %j', (options, done) => {
  expect(difference(sync(''), sync(options))).toEqual(done === undefined ? [] : [done]);
  expect(difference(sync(options), sync(options))).toEqual([]);
});

const EXCLUDED = 'rsync: { deleteExcluded: true }';

test.each<[string, string, string]>([
  [EXCLUDED, '', 'remake target /a: rsync.deleteExcluded on → off'],
  [EXCLUDED, `${EXCLUDED}, exclude: /a/b`, 'remake target /a: rules: 1 added, 0 removed; a is compared'],
  [
    `${EXCLUDED}, exclude: [/a/c, /d/e/]`,
    `${EXCLUDED}, exclude: [/a/b, /d/*.o]`,
    'remake target /a: rules: 2 added, 2 removed; a, d are compared',
  ],
  [
    `${EXCLUDED}, delete: startup`,
    `${EXCLUDED}, delete: startup, exclude: /a/b`,
    'remake target /a: rules: 1 added, 0 removed',
  ],
])('where what is left out is deleted, %j becomes %j', (from, to, done) => {
  expect(difference(sync(from), sync(to))).toEqual([done]);
});

const by = (tunnel: string): string => `{ kind: rsync, target: "h::m", tunnel: {${tunnel}} }`;
const far = (keys: string, ssh: string): string =>
  `{ kind: rsyncssh, host: h, directory: d, ${keys}ssh: {${ssh}} }`;

test.each<[string, string, readonly string[]]>([
  ['/a', '/b', ['add /b', 'remove /a']],
  ['/a', '/a, /b', ['add /b']],
  ['/a, /b', '/b, /a', []],
  ['/a', '{ kind: direct, target: /a }', ['add /a', 'remove /a']],
  ['/a', '{ kind: rsync, target: /a, dryRun: true }', ['add /a', 'remove /a']],
  ['h:d', far('', ''), ['add h:d', 'remove h:d']],
  [
    '"h::m"',
    by('command: a'),
    ['remake target h::m: tunnel.command none → a, tunnel.mode none → command; all of it is compared'],
  ],
  [
    by('command: a'),
    by('command: [a, b]'),
    ['remake target h::m: tunnel.command a → a b; all of it is compared'],
  ],
  [
    by('command: a'),
    by('command: a, name: n, readyDelay: 1, retryDelay: 2'),
    ['remake target h::m: tunnel.name none → n, tunnel.readyDelay 5 s → 1 s, tunnel.retryDelay 10 s → 2 s'],
  ],
  [
    '{ kind: action, onModify: a ^path }',
    '{ kind: action, onModify: b ^path }',
    ['remake target action: onModify a ^path → b ^path'],
  ],
  [
    '{ kind: action, onModify: a }',
    '{ kind: action, onModify: a, onDelete: c, exitCodes: { again: [3] } }',
    ['remake target action: onDelete none → c, exitCodes ok: 0 → ok: 0, again: 3'],
  ],
  ['{ kind: action, onModify: a }', '{ kind: action, target: t, onModify: a }', ['add t', 'remove action']],
  [far('', ''), far('', 'port: 9'), ['remake target h:d: ssh.port none → 9; all of it is compared']],
  [far('', ''), far('', 'program: /s'), ['remake target h:d: ssh.program none → /s']],
  [far('', ''), far('', 'identity: /k'), ['remake target h:d: ssh.identity none → /k']],
  [
    far('', ''),
    far('', 'options: { User: me }'),
    ['remake target h:d: ssh none → -oUser=me; all of it is compared'],
  ],
])('targets %s become %s', (from, to, done) => {
  expect(difference(sync('', from), sync('', to))).toEqual(done);
});

describe('of the whole', () => {
  test('the settings of the process are one line, and touch no target', () => {
    const to = `log: { level: debug, format: json }\nmaxTotalProcesses: 3\n${sync('')}`;
    expect(difference(sync(''), to)).toEqual([
      'log.level info → debug, log.format pretty → json, maxTotalProcesses none → 3',
    ]);
  });

  test('where an option is said does not matter, nor the order of the syncs', () => {
    const from = 'syncs: [{ source: /s, targets: [/a], delay: 2 }, { source: /z, targets: [/y], delay: 2 }]';
    const to =
      'defaults: { delay: 2 }\nsyncs: [{ source: /z, targets: [/y] }, { source: /s, targets: [/a] }]';
    expect(difference(from, to)).toEqual([]);
  });

  test('a program that may be another one is taken over with its books, and does nothing again', () => {
    const of = (action: object, program: string): RunPlan => {
      const syncs = [{ source: '/s', targets: [{ kind: 'action', target: 't', ...action }] }];
      const config = resolveConfig({ config: configSchema.parse({ syncs }), program }, [], places);
      return planRun(mirrorsOf(config), settingsOf(config), loadAddon());
    };
    const done = (from: RunPlan, to: RunPlan): readonly string[] =>
      configDifference(from, to).changed.map(changeLine);
    const onModify = (): void => undefined;
    const further = { onStartup: (): void => undefined, onModify };
    expect(done(of({ onModify }, '1'), of({ onModify }, '1'))).toEqual([]);
    expect(done(of({ onModify }, '1'), of({ onModify }, '2'))).toEqual([
      expect.stringMatching(/^target t: program [0-9a-f]{12} → [0-9a-f]{12}$/),
    ]);
    expect(done(of({ onModify }, '1'), of({ onModify: () => 2 }, '1'))).toHaveLength(1);
    expect(done(of(further, '1'), of(further, '2'))).toEqual([
      expect.stringMatching(/^target t: program \S+ → \S+$/),
    ]);
    expect(done(of({ onModify: 'a' }, '1'), of({ onModify: 'a' }, '2'))).toEqual([]);
  });

  test('another source is another target', () => {
    expect(difference(sync(''), 'syncs: [{ source: /z, targets: [/a] }]')).toEqual(['add /a', 'remove /a']);
  });
});
