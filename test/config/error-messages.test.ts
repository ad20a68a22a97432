import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { luaHost } from '../support/lua-host.ts';
import { makeTempDir } from '../support/temp-dir.ts';

/** What is said about a file with this content: its lines without the name of the file. */
async function complaints(name: string, text: string | Buffer): Promise<string[]> {
  using directory = makeTempDir();
  writeFileSync(directory.at(name), text);
  try {
    await loadConfig(name, directory.path, luaHost(directory.path));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.code).toBe('CONFIG');
    const [head = '', ...lines] = error.message.split('\n');
    expect(head).toMatch(
      lines.length === 1 ? /has a problem:$/ : new RegExp(`has ${lines.length} problems:$`),
    );
    return lines.map((line) => line.replace(`  ${name}:`, '').replaceAll(directory.path, '@'));
  }
  throw new Error('accepted');
}

/** A YAML configuration with one sync and this in it, from its 4th line on. */
function inSync(text: string): string {
  return `syncs:\n  - source: a\n    targets: [b]\n    ${text}\n`;
}

const TARGET = 'a directory, host:directory, host::module/path or rsync://host/module/path';

describe('YAML: file, line, column, path, what was found, what is allowed, what is near', () => {
  test.each<[string, string]>([
    ['exlude: x', '4:5: syncs[0].exlude: unknown key; did you mean exclude?'],
    ['max_delay: 1', '4:5: syncs[0].max_delay: unknown key; did you mean maxDelay?'],
    [
      'ssh: { zzz: 1 }',
      '4:12: syncs[0].ssh.zzz: unknown key; allowed: program, port, identity, options, extra',
    ],
    ['delay: 1s', '4:12: syncs[0].delay: found "1s"; allowed: seconds: a number from 0 to 1000000'],
    ['delay: -1', '4:12: syncs[0].delay: found -1; allowed: seconds: a number from 0 to 1000000'],
    ['delay:', '4:11: syncs[0].delay: found nothing; allowed: seconds: a number from 0 to 1000000'],
    ['delay: [1]', '4:12: syncs[0].delay: found a list; allowed: seconds: a number from 0 to 1000000'],
    ['maxProcesses: 1.5', '4:19: syncs[0].maxProcesses: found 1.5; allowed: a whole number from 1 to 1000'],
    ['mkpath: yes', '4:13: syncs[0].mkpath: found "yes"; allowed: true or false; did you mean true?'],
    ['mkpath: flase', '4:13: syncs[0].mkpath: found "flase"; allowed: true or false; did you mean false?'],
    [
      'delete: runing',
      '4:13: syncs[0].delete: found "runing"; allowed: yes, no, startup, running, true, false; did you mean running?',
    ],
    [
      'maxDelete: 120%',
      '4:16: syncs[0].maxDelete: found "120%"; allowed: a number of names as in 500, or a percentage as in 20%',
    ],
    [
      'rsync: { bwlimit: fast }',
      '4:23: syncs[0].rsync.bwlimit: found "fast"; allowed: a rate as in 500 (KiB a second), 1.5M or 2G',
    ],
    ['exclude: [a, 3]', "4:18: syncs[0].exclude[1]: found 3; allowed: a pattern of rsync's filter language"],
    [
      'exclude: { a: b }',
      "4:14: syncs[0].exclude: found an object; allowed: a pattern of rsync's filter language, or a list of them",
    ],
    [
      'crontab: 0 25 * * *',
      '4:14: syncs[0].crontab: found "0 25 * * *"; allowed: minute hour day month weekday, as in "0 3 * * *", with a field of seconds in front if wanted (Invalid value for hour: 25)',
    ],
    [
      'crontab: [0 3 * * *, "@daily"]',
      '4:26: syncs[0].crontab[1]: found "@daily"; allowed: five or six fields: minute hour day month weekday',
    ],
    [
      'crontab: 3',
      '4:14: syncs[0].crontab: found 3; allowed: a time of cron as in "0 3 * * *", or a list of them',
    ],
    ['attributes: yes', '4:17: syncs[0].attributes: found "yes"; allowed: keys: archive, links, perms,'],
    [
      'ssh: { options: { "A b": x } }',
      '4:23: syncs[0].ssh.options["A b"]: unknown key; allowed: a name of ssh_config(5) and its value, as in',
    ],
    [
      'ssh: { options: { User: true } }',
      '4:29: syncs[0].ssh.options.User: found true; allowed: a name of ssh_config(5) and its value, as in',
    ],
    [
      'hooks: { onError: [] }',
      '4:23: syncs[0].hooks.onError: found an empty list; allowed: a program, or a list of a program and its',
    ],
    ['hooks: { timeout: 0 }', '4:23: syncs[0].hooks.timeout: found 0; allowed: seconds: a number above 0'],
    ['rsync: { tempDir: "a\\0" }', '4:23: syncs[0].rsync.tempDir: found "a\\u0000"; allowed: text that is'],
  ])('%s', async (text, message) => {
    const [line = '', ...others] = await complaints('c.yaml', inSync(text));
    expect(others).toEqual([]);
    expect(line.slice(0, message.length)).toBe(message);
  });

  test.each<[string, string]>([
    ['_extra: [-z]', '4:14: syncs[0].rsync._extra: unknown key; did you mean extra?'],
    ['binary: x', '4:14: syncs[0].rsync.binary: unknown key; did you mean program?'],
    ['perms: true', '4:14: syncs[0].rsync.perms: unknown key; did you mean attributes.perms of the sync?'],
    ['copy_links: true', '4:14: syncs[0].rsync.copy_links: unknown key; did you mean copyLinks?'],
  ])("rsync's %s of Lsyncd", async (text, message) => {
    expect(await complaints('c.yaml', inSync(`rsync: { ${text} }`))).toEqual([message]);
  });

  test.each<[string, string[]]>([
    [
      '7',
      [
        `3:15: syncs[0].targets[0]: found 7; allowed: ${TARGET}; or an object with kind (rsync, direct, rsyncssh, action)`,
      ],
    ],
    ['""', [`3:15: syncs[0].targets[0]: found ""; allowed: ${TARGET}`]],
    [
      '{ kind: rsynssh }',
      [
        '3:23: syncs[0].targets[0].kind: found "rsynssh"; allowed: rsync, direct, rsyncssh, action; did you mean rsyncssh?',
      ],
    ],
    ['{ target: x }', ['3:15: syncs[0].targets[0].kind: missing; allowed: rsync, direct, rsyncssh, action']],
    [
      '{ kind: rsync, target: 3, ssh: {} }',
      [
        `3:38: syncs[0].targets[0].target: found 3; allowed: ${TARGET}`,
        '3:41: syncs[0].targets[0].ssh: unknown key; allowed: kind, target, delay, maxDelay, maxNames,',
      ],
    ],
  ])('a target %s', async (target, messages) => {
    const lines = await complaints('c.yaml', `syncs:\n  - source: a\n    targets: [${target}]\n`);
    expect(lines.map((line, index) => line.slice(0, messages[index]?.length))).toEqual(messages);
  });

  test('all that is wrong is told at once, in the order of the file', async () => {
    const text = 'log: { level: inf }\nsyncs:\n  - sorce: a\n    targets: []\n    delay: x\nmore: 1\n';
    expect(await complaints('c.yaml', text)).toEqual([
      '1:15: log.level: found "inf"; allowed: error, warn, info, debug; did you mean info?',
      '3:5: syncs[0].source: missing; allowed: the path of a directory',
      '3:5: syncs[0].sorce: unknown key; did you mean source?',
      '4:14: syncs[0].targets: found an empty list; allowed: at least one target',
      '5:12: syncs[0].delay: found "x"; allowed: seconds: a number from 0 to 1000000',
      '6:1: more: unknown key; allowed: $schema, log, pidFile, statusFile, statusInterval, maxTotalProcesses, defaults, syncs',
    ]);
  });

  test('what an anchor brings in is told where it is written', async () => {
    const text = 'defaults: &d { delay: x }\nsyncs: [{ source: a, targets: [b], hooks: *d }]\n';
    expect(await complaints('c.yaml', text)).toEqual(
      [
        '1:23: defaults.delay: found "x"; allowed: seconds: a number from 0 to 1000000',
        '1:16: syncs[0].hooks.delay: unknown key; allowed: beforeBatch, afterBatch, onError, timeout',
      ].sort(),
    );
  });
});

describe('a file that cannot be read as what it is', () => {
  test.each<[string, string | Buffer, RegExp]>([
    ['c.yaml', 'a: 1\na: 2\n', /^2:1: Map keys must be unique$/],
    ['c.yaml', 'a: [1\nb: 2\n', /^\d:\d: Flow sequence/],
    ['c.yaml', 'syncs: *none\n', /^1:8: \*none is an alias of YAML/],
    ['c.yaml', 'syncs: !env [a]\n', /^1:8: Unresolved tag: !env$/],
    ['c.yaml', 'a: 1\n---\nb: 2\n', /^2:1: a second document begins/],
    ['c.yaml', '', /^ found nothing; allowed: keys: /],
    ['c.yaml', Buffer.from('a: caf\xe9\n', 'latin1'), /^ it is not UTF-8/],
    ['c.json', '{\n  "syncs": [],\n}\n', /^3:1: Expected double-quoted property name/],
    ['c.json', '{ "a": 1, "a": 2 }', /^1:11: Map keys must be unique$/],
    ['c.toml', '', /^ found the ending "toml"; allowed: ts, mts, js, mjs, json, yaml, yml, lua, conf$/],
    ['c.ts', 'export default {\n  syncs: [],,\n};\n', /^2:13: Unexpected token$/],
    ['c.ts', 'throw new Error("no\\nluck");\n', /^1: no luck$/],
    ['c.ts', 'export const config = {};\n', /^ it has no default export; write: export default/],
    ['c.mjs', 'import "./none.mjs";\nexport default {};\n', /Cannot find module '\.\/none\.mjs'/],
  ])('%s: %j', async (name, text, message) => {
    const [line = ''] = await complaints(name, text);
    expect(line).toMatch(message);
  });

  test('a missing one, and a directory', async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('d.yaml'));
    await expect(loadConfig('none.yaml', directory.path, luaHost(directory.path))).rejects.toThrow(
      'none.yaml: no such file',
    );
    await expect(loadConfig('none.ts', directory.path, luaHost(directory.path))).rejects.toThrow(
      'none.ts: no such file',
    );
    await expect(loadConfig('d.yaml', directory.path, luaHost(directory.path))).rejects.toThrow(
      'd.yaml: a directory, not a file',
    );
  });
});

test('JSON has places as well', async () => {
  const text =
    '{\n\t"syncs": [\n\t\t{ "source": "a", "targets": ["b"], "delay": "x", "rsync": { "compres": true } }\n\t]\n}';
  expect(await complaints('c.json', text)).toEqual([
    '3:47: syncs[0].delay: found "x"; allowed: seconds: a number from 0 to 1000000',
    '3:63: syncs[0].rsync.compres: unknown key; did you mean compress?',
  ]);
});

test('what a program gives has paths', async () => {
  const text = `const delay: string = 'x';
    export default { syncs: [{ source: 'a', targets: ['b'], delay, mkpath: () => true, exclud: [] }] };`;
  expect(await complaints('c.ts', text)).toEqual([
    ' syncs[0].delay: found "x"; allowed: seconds: a number from 0 to 1000000',
    ' syncs[0].mkpath: found a function; allowed: true or false',
    ' syncs[0].exclud: unknown key; did you mean exclude?',
  ]);
});

test('YAML: a pattern without quotes, and a second document, are told with their place and what to write', async () => {
  const advice = (text: string): string =>
    `${text} is an alias of YAML's for what nothing is named; if a pattern is meant, quote it: "${text}"`;
  expect(await complaints('c.yaml', inSync('exclude: [*.o, "*.c", *tmp]'))).toEqual([
    `4:15: ${advice('*.o')}`,
    `4:27: ${advice('*tmp')}`,
  ]);
  expect(await complaints('c.yaml', `${inSync('delay: 1')}---\nsyncs: []\n`)).toEqual([
    '5:1: a second document begins; a configuration is one',
  ]);
});

test('YAML: merge keys take over what stands elsewhere', async () => {
  using directory = makeTempDir();
  const text =
    'syncs:\n  - &one { source: a, targets: [b], delay: 3 }\n  - { <<: *one, source: c, targets: [d] }\n';
  writeFileSync(directory.at('c.yaml'), text);
  const { config } = await loadConfig('c.yaml', directory.path, luaHost(directory.path));
  expect(config.syncs[1]).toMatchObject({ source: 'c', targets: ['d'], delay: 3 });
});
