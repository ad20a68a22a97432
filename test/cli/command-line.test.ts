import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import type { MirrorOptions, RunSettings, TargetPlace } from '../../src/daemon/mirror-options.ts';
import type { WatchOptions } from '../../src/daemon/watch-options.ts';
import { SynclineError } from '../../src/model/syncline-error.ts';

function mirror(...args: string[]): MirrorOptions {
  const line = parseCommandLine(['mirror', ...args, '/src', '/target']);
  if (line.kind !== 'mirror') throw new Error(`parsed as ${line.kind}`);
  const [options] = line.mirrors;
  if (options === undefined || line.mirrors.length > 1) throw new Error('not one mirror');
  return options;
}

function settings(...args: string[]): RunSettings {
  const line = parseCommandLine(['mirror', ...args]);
  if (line.kind !== 'mirror') throw new Error(`parsed as ${line.kind}`);
  return line.settings;
}

function watch(...args: string[]): WatchOptions {
  const line = parseCommandLine(['watch', ...args]);
  if (line.kind !== 'watch') throw new Error(`parsed as ${line.kind}`);
  return line.options;
}

function help(...args: string[]): string {
  const line = parseCommandLine(args);
  return line.kind === 'text' ? line.text : `not text but ${line.kind}`;
}

function refusal(...args: string[]): SynclineError {
  try {
    parseCommandLine(args);
  } catch (error) {
    if (error instanceof SynclineError) return error;
    throw error;
  }
  throw new Error(`accepted: ${args.join(' ')}`);
}

const archive = ['links', 'perms', 'times', 'owner', 'group', 'devices', 'specials'];

test('mirror without options keeps what rsync -a keeps, a second after the last change', () => {
  const options = mirror();
  expect(options).toEqual({
    sourcePath: '/src',
    targets: [{ kind: 'rsync', target: '/target' }],
    quietMs: 1000,
    maxDelayMs: 10_000,
    maxNames: 2000,
    crontab: [],
    filterArguments: [],
    deletePolicy: 'yes',
    maxDelete: undefined,
    allowEmptySource: false,
    once: false,
    initialSync: true,
    dryRun: false,
    maxProcesses: 1,
    largeFileBytes: undefined,
    attributes: {
      ...Object.fromEntries(archive.map((name) => [name, true])),
      hardLinks: false,
      acls: false,
      xattrs: false,
      numericIds: false,
    },
    rsyncOptions: [],
    rsyncProgram: 'rsync',
    bandwidthLimit: undefined,
    deletesExcluded: false,
    fuzzy: false,
    timeoutSeconds: 600,
    makeTargetParents: false,
    hooks: { beforeBatch: undefined, afterBatch: undefined, onError: undefined, timeoutMs: 30_000 },
  });
  expect(settings('/src', '/target')).toEqual({
    maxTotalProcesses: undefined,
    logLevel: 'info',
    logFormat: 'pretty',
  });
});

test('a relative source becomes absolute, a target stays as it was written', () => {
  const line = parseCommandLine(['mirror', 'a/../b/', 'host:c/']);
  expect(line).toMatchObject({
    mirrors: [{ sourcePath: path.resolve('b'), targets: [{ kind: 'rsync', target: 'host:c/' }] }],
  });
});

test.each<[string[], Partial<MirrorOptions>]>([
  [['--delay', '0'], { quietMs: 0, maxDelayMs: 10_000 }],
  [['--delay', '0.25'], { quietMs: 250 }],
  [['--delay=.5', '--max-delay', '2.5'], { quietMs: 500, maxDelayMs: 2500 }],
  [['--delay', '60'], { quietMs: 60_000, maxDelayMs: 60_000 }],
  [['--direct'], { targets: [{ kind: 'direct', target: '/target' }] }],
  [
    ['--direct', '--target', 'host:a', '--target', './b', '--bwlimit', '1m'],
    {
      bandwidthLimit: '1m',
      targets: [
        { kind: 'direct', target: '/target' },
        { kind: 'rsync', target: 'host:a' },
        { kind: 'direct', target: './b' },
      ],
    },
  ],
  [['--crontab', '0 3 * * *', '--crontab=30 0 4 * * *'], { crontab: ['0 3 * * *', '30 0 4 * * *'] }],
  [['--once'], { once: true }],
  [['--no-initial'], { initialSync: false }],
  [['-n'], { dryRun: true, once: true }],
  [['--delete', 'running'], { deletePolicy: 'running' }],
  [['--max-delete', '500'], { maxDelete: { unit: 'names', max: 500 } }],
  [['--max-delete=0'], { maxDelete: { unit: 'names', max: 0 } }],
  [['--max-delete', '20%'], { maxDelete: { unit: 'percent', max: 20 } }],
  [['--allow-empty-source'], { allowEmptySource: true }],
  [
    ['--target', '/b', '--target=host:c'],
    {
      targets: [
        { kind: 'rsync', target: '/target' },
        { kind: 'rsync', target: '/b' },
        { kind: 'rsync', target: 'host:c' },
      ],
    },
  ],
  [['--mkpath'], { makeTargetParents: true }],
  [['--max-processes', '4'], { maxProcesses: 4 }],
  [['--batch-size-limit', '64M'], { largeFileBytes: 64 * 2 ** 20 }],
  [['--batch-size-limit', '1.5k'], { largeFileBytes: 1536 }],
  [['--fuzzy'], { fuzzy: true }],
  [['--delete-excluded'], { deletesExcluded: true }],
  [['--bwlimit', '1.5m'], { bandwidthLimit: '1.5m' }],
  [['--timeout', '0'], { timeoutSeconds: 0 }],
  [['--rsync-program', '/opt/rsync'], { rsyncProgram: '/opt/rsync' }],
])('%j is understood', (args, expected) => {
  expect(mirror(...args)).toMatchObject(expected);
});

test.each<[string[], Partial<RunSettings>]>([
  [['-v', 'a', 'b'], { logLevel: 'debug' }],
  [['--log-level', 'warn', '--log-format', 'json', 'a', 'b'], { logLevel: 'warn', logFormat: 'json' }],
  [['--max-total-processes', '3', 'a', 'b', '--and', 'c', 'd'], { maxTotalProcesses: 3, logLevel: 'info' }],
  [['-v', 'a', 'b', '--and', 'c', 'd', '--log-format', 'json'], { logLevel: 'debug', logFormat: 'json' }],
  [['-v', 'a', 'b', '--and', 'c', 'd', '--log-level', 'error'], { logLevel: 'error' }],
])('%j sets what counts for the whole process', (args, expected) => {
  expect(settings(...args)).toMatchObject(expected);
});

test('each mirror behind --and has options of its own', () => {
  const line = parseCommandLine([
    ...['mirror', '--exclude', 'x', '--target', '/t2', '/a', '/t1', '--delay', '3'],
    ...['--and', '/b', 'host:b', '--delete', 'no'],
    ...['--and', '--rsyncssh', '--port', '22', '/a', 'h', 'd'],
  ]);
  expect(line).toMatchObject({
    kind: 'mirror',
    mirrors: [
      {
        sourcePath: '/a',
        targets: [{ target: '/t1' }, { target: '/t2' }],
        quietMs: 3000,
        deletePolicy: 'yes',
      },
      {
        sourcePath: '/b',
        targets: [{ target: 'host:b' }],
        quietMs: 1000,
        deletePolicy: 'no',
        filterArguments: [],
      },
      { sourcePath: '/a', targets: [{ kind: 'rsyncssh', directory: 'd', ssh: { host: 'h', port: 22 } }] },
    ],
  });
});

test('filter options keep their order across kinds, and may begin with a hyphen', () => {
  const given = ['--include=*.c', '--exclude', '*', '-f', '- *.o', '--exclude-from', 'x', '--include-from=y'];
  expect(mirror(...given).filterArguments).toEqual([
    { kind: 'include', value: '*.c' },
    { kind: 'exclude', value: '*' },
    { kind: 'filter', value: '- *.o' },
    { kind: 'exclude-from', value: 'x' },
    { kind: 'include-from', value: 'y' },
  ]);
  expect(watch('--exclude', 'a', '--include', 'b', '.').filterArguments.map(({ kind }) => kind)).toEqual([
    'exclude',
    'include',
  ]);
});

test('a hook is one program, or a JSON array of a program and its arguments', () => {
  const { hooks } = mirror(
    '--before-batch',
    '/opt/my hook $x',
    '--on-error=["sh", "-c", "date; true", ""]',
    '--hook-timeout',
    '1.5',
  );
  expect(hooks).toEqual({
    beforeBatch: { program: '/opt/my hook $x', arguments: [] },
    afterBatch: undefined,
    onError: { program: 'sh', arguments: ['-c', 'date; true', ''] },
    timeoutMs: 1500,
  });
  expect(mirror('-n', '--after-batch', 'x').hooks.afterBatch).toBeUndefined();
});

test('arguments for rsync keep their order, and may begin with a hyphen', () => {
  const options = mirror(
    '--rsync-opt',
    '--checksum',
    '-e',
    'ssh -p 2222',
    '--rsync-opt=-z',
    '--rsync-path=rs',
  );
  expect(options.rsyncOptions).toEqual(['--checksum', '--rsh=ssh -p 2222', '-z', '--rsync-path=rs']);
});

test.each<[string[], string[]]>([
  [[], archive],
  [
    ['--no-times', '--no-perms'],
    ['links', 'owner', 'group', 'devices', 'specials'],
  ],
  [['--no-archive', '--times'], ['times']],
  [['--times', '--no-archive'], []],
  [['--no-archive', '-a'], archive],
  [
    ['-HAX', '--numeric-ids'],
    [...archive, 'hardLinks', 'acls', 'xattrs', 'numericIds'],
  ],
  [['-H', '--no-hard-links'], archive],
])('attributes: %j keeps %j', (args, expected) => {
  const { attributes } = mirror(...args);
  expect(Object.entries(attributes).flatMap(([name, on]) => (on ? [name] : []))).toEqual(expected);
});

test('watch takes a directory and --json', () => {
  expect(watch('/d')).toEqual({ directoryPath: '/d', json: false, filterArguments: [] });
  expect(watch('--json', '/d')).toMatchObject({ json: true });
});

describe('commands', () => {
  function place(...args: string[]): TargetPlace | undefined {
    const line = parseCommandLine(['mirror', ...args]);
    return line.kind === 'mirror' ? line.mirrors[0]?.targets[0] : undefined;
  }
  const [event, source, target] = ['event', 'sourcePathname', 'targetPathname'].map((variable) => [
    { variable },
  ]);
  const old = ['fromSourcePathname', 'fromTargetPathname'].map((variable) => [{ variable }]);

  test('a plain program for events is given the event and both names, and for moves the old ones', () => {
    const line = { kind: 'program', words: [['my prog'], event, source, target] };
    const move = { kind: 'program', words: [...line.words, ...old] };
    expect(place('--on-event', 'my prog', '/src')).toEqual({
      kind: 'command',
      target: '',
      mode: { kind: 'event', commands: { create: line, modify: line, attrib: line, delete: line } },
      exitCodes: { ok: [0], again: [], die: [], others: 'problem' },
    });
    expect(place('--events', 'move,create', '--on-event', 'my prog', '/src', 'any text')).toMatchObject({
      target: 'any text',
      mode: { commands: { create: line, move } },
    });
  });

  test('arguments of its own may hold variables, and other braces stay', () => {
    const json = '["awk", "{print}", "{path}:{sourcePathname}", "{nothing}", "{{event}}"]';
    const words = [
      ['awk'],
      ['{print}'],
      [{ variable: 'path' }, ':', { variable: 'sourcePathname' }],
      ['{nothing}'],
      ['{', { variable: 'event' }, '}'],
    ];
    expect(place('--on-event', json, '--events=delete', '/src')).toMatchObject({
      mode: { commands: { delete: { kind: 'program', words } } },
    });
  });

  test('a text for sh has the names as parameters, and stays as it is', () => {
    const text = '[ -e "$2" ] && echo {path}';
    expect(place('--shell', '--on-event', text, '--events', 'create', '/src')).toMatchObject({
      mode: { commands: { create: { kind: 'shell', text, parameters: [event, source, target] } } },
    });
  });

  test('a program for batches has no arguments but its own, and one for the first sync those of an event', () => {
    expect(
      place(
        '--on-batch',
        'sync',
        '--list=events',
        '--on-startup',
        'all',
        '--exit-code',
        '0=again',
        '--exit-code=3=ok',
        '/src',
        't',
      ),
    ).toEqual({
      kind: 'command',
      target: 't',
      mode: {
        kind: 'batch',
        command: { kind: 'program', words: [['sync']] },
        list: 'events',
        tells: ['create', 'modify', 'attrib', 'delete'],
        startup: { kind: 'program', words: [['all'], event, source, target] },
      },
      exitCodes: { ok: [3], again: [0], die: [], others: 'problem' },
    });
  });

  test('further targets are rsync targets, for which the options of rsync count', () => {
    const args = ['--on-event', 'x', '--timeout=5', '--max-processes=2', '-H', '--target', '/b', '/src'];
    const line = parseCommandLine(['mirror', ...args]);
    expect(line).toMatchObject({
      mirrors: [{ targets: [{ kind: 'command' }, { kind: 'rsync', target: '/b' }] }],
    });
  });
});

describe('a wrong command line is refused in one line', () => {
  test.each<[string[], RegExp]>([
    [[], /^no command given$/],
    [['miror', 'a', 'b'], /^unknown command 'miror'; did you mean mirror\?$/],
    [['mirror', 'a'], /^missing required argument 'TARGET'$/],
    [['mirror', 'a', 'b', 'c'], /^too many arguments for 'mirror'. Expected 2 arguments but got 3/],
    [['mirror', '--on-event', 'x', 'a', 'b', 'c'], /^too many arguments for 'mirror'/],
    [['mirror', '--on-event', 'x', '--on-batch', 'y', 'a'], /^--on-event and --on-batch are two ways/],
    [['mirror', '--on-event', 'x', '--rsyncssh', 'a', 'b', 'c'], /^--rsyncssh and a command are two ways/],
    [['mirror', '--on-event', 'x', '--list', 'paths', 'a'], /^--list without --on-batch$/],
    [['mirror', '--on-event', '["x", 1]', 'a'], /^--on-event '\["x", 1\]' is invalid\. It must be a program/],
    [['mirror', '--on-event', ' ', '--shell', 'a'], /^--on-event is empty$/],
    [
      ['mirror', '--on-batch', '["x", "{path}"]', 'a'],
      /^--on-batch has no \{path\}: it is about many names$/,
    ],
    [['mirror', '--shell', 'a', 'b'], /^--shell without --on-event or --on-batch$/],
    [['mirror', '--exit-code', '1=ok', 'a', 'b'], /^--exit-code without --on-event or --on-batch$/],
    [['mirror', '--exit-code', '256=ok', 'a', 'b'], /It must be as in 75=again/],
    [['mirror', '--exit-code', '1=fine', 'a', 'b'], /It must be as in 75=again/],
    [['mirror', '--on-event', 'x', '--no-times', 'a'], /^--no-times works only with rsync and --direct$/],
    [['mirror', '--on-event', 'x', '-H', 'a'], /^--hard-links works only with rsync and --direct$/],
    [['mirror', '--on-event', 'x', '--rsync-opt=-z', 'a'], /^--rsync-opt works only with rsync$/],
    [['mirror', '--on-event', 'x', '--mkpath', 'a'], /^--mkpath works only with rsync and --direct$/],
    [['mirror', '--events', 'create,none', 'a', 'b'], /It must be a list of create, modify/],
    [['mirror', '', 'b'], /^SRC is empty$/],
    [['mirror', 'a', ''], /^TARGET is empty$/],
    [['watch', ''], /^DIR is empty$/],
    [['mirror', '--exlude', 'x', 'a', 'b'], /^unknown option '--exlude'; did you mean --exclude\?$/],
    [
      ['mirror', '--delay', 'soon', 'a', 'b'],
      /^option '--delay <SECONDS>' argument 'soon' is invalid\. It must be/,
    ],
    [['mirror', '--delay', '-1', 'a', 'b'], /'--delay <SECONDS>' argument '-1' is invalid/],
    [['mirror', '--delay', '1e9', 'a', 'b'], /'--delay <SECONDS>' argument '1e9' is invalid/],
    [['mirror', '--delay', '1000001', 'a', 'b'], /from 0 to 1000000/],
    [['mirror', '--delay', '', 'a', 'b'], /argument '' is invalid/],
    [['mirror', '--delay', '3', '--max-delay', '2', 'a', 'b'], /^--max-delay 2 is shorter than --delay 3$/],
    [['mirror', '--max-processes', '0', 'a', 'b'], /whole number from 1 to 1000/],
    [['mirror', '--batch-size-limit', '0', 'a', 'b'], /a size as in 500K/],
    [['mirror', '--target', '', 'a', 'b'], /^TARGET is empty$/],
    [['mirror', '--max-delete', '101%', 'a', 'b'], /number of names as in 500, or a percentage/],
    [['mirror', '--max-delete', '-1', 'a', 'b'], /argument '-1' is invalid/],
    [['mirror', '--on-error', '', 'a', 'b'], /It must be a program, or a JSON array/],
    [['mirror', '--on-error', '["x", 1]', 'a', 'b'], /It must be a program, or a JSON array/],
    [['mirror', '--on-error', '[', 'a', 'b'], /It must be a program, or a JSON array/],
    [['mirror', '--hook-timeout', '0', 'a', 'b'], /more than 0 seconds/],
    [['mirror', '--timeout', '1.5', 'a', 'b'], /argument '1.5' is invalid/],
    [['mirror', '--bwlimit', 'fast', 'a', 'b'], /argument 'fast' is invalid\. It must be a rate/],
    [['mirror', '--delete', 'maybe', 'a', 'b'], /Allowed choices are yes, no, startup, running/],
    [['mirror', '--log-level', 'loud', 'a', 'b'], /Allowed choices are error, warn, info, debug/],
    [['mirror', '--once', '--no-initial', 'a', 'b'], /^--once with --no-initial leaves nothing to do$/],
    [['mirror', '--once', '--crontab=0 3 * * *', 'a', 'b'], /^--crontab with --once has no later time/],
    [
      ['mirror', '--crontab', '@daily', 'a', 'b'],
      /'@daily' is invalid\. It must be five or six fields: minute/,
    ],
    [['mirror', '-n', '--no-initial', 'a', 'b'], /^--dry-run with --no-initial/],
    [['mirror', '--direct', '--rsync-opt=-c', 'a', 'b'], /^--rsync-opt works only with rsync$/],
    [['mirror', '--direct', '--rsyncssh', 'a', 'b', 'c'], /^--direct, but no target is a local directory$/],
    [['verify', '--direct', '-e', 'rsh', 'a', 'b'], /^--rsh works only with rsync$/],
    [['mirror', '--direct', '--fuzzy', 'a', 'b'], /^--fuzzy works only with rsync$/],
    [['mirror', '--direct', '--delete-excluded', 'a', 'b'], /^--delete-excluded works only with rsync$/],
    [['mirror', '--direct', '--batch-size-limit=1M', 'a', 'b'], /^--batch-size-limit works only with rsync$/],
    [['mirror', '--on-event', 'x', '--fuzzy', 'a'], /^--fuzzy works only with rsync$/],
    [['mirror', '--direct', '--bwlimit', '1m', 'a', 'b'], /^--bwlimit works only with rsync$/],
    [['mirror', '--direct', '--timeout', '600', 'a', 'b'], /^--timeout works only with rsync and commands$/],
  ])('%j', (args, message) => {
    const error = refusal(...args);
    expect(error.code).toBe('USAGE');
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
    expect(error.remedy).toBeDefined();
  });

  test('two paths without a command are answered with the command they were meant for', () => {
    expect(refusal('a', 'b').remedy).toBe('to mirror a directory: syncline mirror a b');
  });
});

test.each<[string[], string | undefined, unknown[]]>([
  [['run'], undefined, []],
  [['check', 'c.yaml'], 'c.yaml', []],
  [['config', 'c.json'], 'c.json', []],
  [['run', 'c.ts', '--once'], 'c.ts', [{ option: '--once', options: { once: true } }]],
  [['run', '-n'], undefined, [{ option: '--dry-run', options: { dryRun: true } }]],
  [['run', '--no-initial'], undefined, [{ option: '--no-initial', options: { initial: false } }]],
  [
    ['run', '--log-level', 'warn', '-v', '--log-format=json'],
    undefined,
    [
      { option: '--log-level', log: { level: 'warn' } },
      { option: '--verbose', log: { level: 'debug' } },
      { option: '--log-format', log: { format: 'json' } },
    ],
  ],
])('%j takes a configuration, and says some things over it', (args, file, overrides) => {
  const request = { file, overrides, isWatched: false };
  expect(parseCommandLine(args)).toEqual({ kind: args[0], request });
});

test('run can watch its configuration', () => {
  const request = { file: undefined, overrides: [], isWatched: true };
  for (const option of ['-w', '--watch-config'])
    expect(parseCommandLine(['run', option])).toEqual({ kind: 'run', request });
});

test('convert takes a file and the form of the result', () => {
  expect(parseCommandLine(['convert', 'a.lua'])).toEqual({
    kind: 'convert',
    request: { file: 'a.lua', form: 'yaml' },
  });
  expect(parseCommandLine(['convert', '--to', 'ts', 'a.lua'])).toMatchObject({ request: { form: 'ts' } });
  expect(refusal('convert').message).toMatch(/missing required argument/);
  expect(refusal('convert', 'a.lua', '--to=json').message).toMatch(/Allowed choices are yaml, ts/);
});

test('help and version are text, and help fits 80 columns', () => {
  expect(help('--version')).toMatch(/^syncline \d+\.\d+\.\d+\n$/);
  for (const command of ['', 'mirror', 'run', 'check', 'config', 'convert', 'verify', 'watch']) {
    const text = help(...(command === '' ? [] : [command]), '--help');
    expect(text).toMatch(/^Usage: syncline /);
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  }
});
