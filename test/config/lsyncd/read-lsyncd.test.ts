import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadConfig, type LoadedConfig } from '../../../src/config/load-config.ts';
import { luaHost } from '../../support/lua-host.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

interface Loaded extends LoadedConfig {
  readonly printed: string;
}

/** Loads Lua text as a configuration in a directory that also holds `more.lua`. */
async function load(text: string, more = ''): Promise<Loaded> {
  using directory = makeTempDir();
  writeFileSync(directory.at('c.lua'), Buffer.from(text, 'latin1'));
  writeFileSync(directory.at('more.lua'), more);
  let printed = '';
  const host = luaHost(directory.path, (said) => (printed += said));
  return { ...(await loadConfig('c.lua', directory.path, host)), printed };
}

async function complaints(text: string, more = ''): Promise<readonly string[]> {
  const said = await load(text, more).then(
    () => 'nothing',
    (error: unknown) => (error as Error).message,
  );
  return said
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
}

async function syncOf(options: string, preset = 'rsync', target = 'target = "/trg"'): Promise<unknown> {
  const { config } = await load(`sync{ default.${preset}, source = "/src", ${target}, ${options} }`);
  const [sync] = config.syncs;
  return sync;
}

const RSYNC_DEFAULTS = {
  source: '/src',
  targets: [{ kind: 'rsync', target: '/trg' }],
  delay: 15,
  maxDelay: 15,
  delete: true,
  attributes: {
    links: true,
    perms: false,
    times: true,
    owner: false,
    group: false,
    devices: false,
    specials: false,
  },
};
const SSH_DEFAULTS = {
  ...RSYNC_DEFAULTS,
  targets: [{ kind: 'rsyncssh', host: 'host', directory: 'dir' }],
  maxProcesses: 1,
};
const DIRECT_DEFAULTS = {
  source: '/src',
  targets: [{ kind: 'direct', target: '/trg' }],
  delay: 1,
  maxDelay: 1,
  delete: true,
  attributes: { links: true, times: true },
};

describe('default.rsync', () => {
  const { attributes } = RSYNC_DEFAULTS;
  const archive = Object.fromEntries(Object.keys(attributes).map((name) => [name, true]));

  test.each<[options: string, expected: Readonly<Record<string, unknown>>]>([
    ['', {}],
    ['delay = 3', { delay: 3, maxDelay: 3 }],
    ['delay = "0.5"', { delay: 0.5, maxDelay: 0.5 }],
    ['maxDelays = 20', { maxNames: 20 }],
    ['maxProcesses = 4', { maxProcesses: 4 }],
    ['delete = false', { delete: false }],
    ['delete = "startup"', { delete: 'startup' }],
    ['delete = "running"', { delete: 'running' }],
    ['init = false', { initial: false }],
    ['batchSizeLimit = 1024', { batchSizeLimit: 1024 }],
    ['exclude = "*.o"', { exclude: ['*.o'] }],
    ['exclude = { "*.o", "/x/" }', { exclude: ['*.o', '/x/'] }],
    ['excludeFrom = "/rules"', { excludeFrom: ['/rules'] }],
    ['filter = { "+ /a/**", "- *" }', { filter: ['+ /a/**', '- *'] }],
    ['filterFrom = "/rules"', { filterFrom: ['/rules'] }],
    ['rsync = { archive = true }', { attributes: archive }],
    ['rsync = { archive = true, owner = false, times = true }', { attributes: { ...archive, owner: false } }],
    ['rsync = { perms = true, times = false }', { attributes: { ...attributes, perms: true, times: false } }],
    [
      'rsync = { acls = true, xattrs = true, hard_links = true }',
      { attributes: { ...attributes, acls: true, xattrs: true, hardLinks: true } },
    ],
    ['rsync = { binary = "/usr/local/bin/rsync" }', { rsync: { program: '/usr/local/bin/rsync' } }],
    [
      'rsync = { _extra = { "--omit-dir-times", "--stats" } }',
      { rsync: { extra: ['--omit-dir-times', '--stats'] } },
    ],
    ['rsync = { bwlimit = 200 }', { rsync: { bwlimit: 200 } }],
    ['rsync = { bwlimit = "1.5m" }', { rsync: { bwlimit: '1.5m' } }],
    ['rsync = { bwlimit = 0 }', {}],
    ['rsync = { timeout = 30 }', { timeout: 30 }],
    ['rsync = { dry_run = true }', { dryRun: true }],
    ['rsync = { protect_args = false }', {}],
    ['rsync = { compress = false }', {}],
    ...[
      'append',
      'append_verify',
      'backup',
      'checksum',
      'compress',
      'copy_dirlinks',
      'copy_links',
      'copy_unsafe_links',
      'cvs_exclude',
      'executability',
      'existing',
      'ignore_times',
      'inplace',
      'ipv4',
      'ipv6',
      'keep_dirlinks',
      'omit_dir_times',
      'omit_link_times',
      'one_file_system',
      'prune_empty_dirs',
      'sparse',
      'update',
      'whole_file',
    ].map((name): [string, Record<string, unknown>] => [
      `rsync = { ${name} = true }`,
      { rsync: { [camelCase(name)]: true } },
    ]),
    ...[
      'backup_dir',
      'chmod',
      'chown',
      'groupmap',
      'password_file',
      'rsh',
      'rsync_path',
      'suffix',
      'temp_dir',
      'usermap',
    ].map((name): [string, Record<string, unknown>] => [
      `rsync = { ${name} = "a b" }`,
      { rsync: { [camelCase(name)]: 'a b' } },
    ]),
  ])('%s', async (options, expected) => {
    expect(await syncOf(options)).toEqual({ ...RSYNC_DEFAULTS, ...expected });
  });

  test('a relative source or file of rules counts from the working directory', async () => {
    using directory = makeTempDir();
    writeFileSync(
      directory.at('c.lua'),
      'sync{ default.rsync, source = "s/", target = "h:t/", excludeFrom = "r" }',
    );
    const { config, directory: base } = await loadConfig(
      directory.at('c.lua'),
      directory.path,
      luaHost(directory.path),
    );
    expect(base).toBe(directory.path);
    expect(config.syncs[0]).toMatchObject({
      source: directory.at('s'),
      targets: [{ kind: 'rsync', target: 'h:t/' }],
      excludeFrom: [directory.at('r')],
    });
  });
});

function camelCase(name: string): string {
  return name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

test.each<[options: string, expected: Readonly<Record<string, unknown>>]>([
  ['', {}],
  ['ssh = { port = 2222 }', { ssh: { port: 2222 } }],
  ['ssh = { identityFile = "/key" }', { ssh: { identity: '/key' } }],
  [
    'ssh = { options = { StrictHostKeyChecking = "no", ConnectTimeout = 5 } }',
    { ssh: { options: { StrictHostKeyChecking: 'no', ConnectTimeout: '5' } } },
  ],
  ['ssh = { _extra = { "-4" } }', { ssh: { extra: ['-4'] } }],
  ['ssh = { binary = "/usr/bin/ssh" }', {}],
  ['rsync = { compress = true }', { rsync: { compress: true } }],
  ['delete = false', { delete: false }],
])('default.rsyncssh: %s', async (options, expected) => {
  expect(await syncOf(options, 'rsyncssh', 'host = "host", targetdir = "dir"')).toEqual({
    ...SSH_DEFAULTS,
    ...expected,
  });
});

test.each<[options: string, expected: Readonly<Record<string, unknown>>]>([
  ['', {}],
  ['rsync = { times = false }', { attributes: { links: true, times: false } }],
  ['rsync = { acls = true }', { attributes: { links: true, times: true, acls: true } }],
  ['exclude = { "x" }', { exclude: ['x'] }],
])('default.direct: %s', async (options, expected) => {
  expect(await syncOf(options, 'direct')).toEqual({ ...DIRECT_DEFAULTS, ...expected });
});

describe('inheritance', () => {
  test.each<[about: string, lua: string, expected: Readonly<Record<string, unknown>>]>([
    [
      'the first parent that says it counts',
      'sync{ { delay = 2 }, { delay = 3 }, default.rsync, source = "/src", target = "/trg" }',
      { delay: 2, maxDelay: 2 },
    ],
    [
      'what the sync says counts most',
      'sync{ default.rsync, { delay = 2 }, source = "/src", target = "/trg", delay = 4 }',
      { delay: 4, maxDelay: 4 },
    ],
    [
      'a parent may have parents',
      'local base = { { rsync = { compress = true } }, default.rsync, delay = 5 } sync{ base, source = "/src", target = "/trg" }',
      { delay: 5, maxDelay: 5, rsync: { compress: true } },
    ],
    [
      'tables are merged key by key',
      'sync{ { rsync = { compress = true, perms = true } }, default.rsync, source = "/src", target = "/trg", rsync = { compress = false } }',
      { attributes: { ...RSYNC_DEFAULTS.attributes, perms: true } },
    ],
    [
      'a table with _merge = false is not merged',
      'sync{ { rsync = { _merge = false, compress = true } }, default.rsync, source = "/src", target = "/trg", rsync = { perms = true } }',
      { attributes: { ...RSYNC_DEFAULTS.attributes, perms: true } },
    ],
    [
      'lists are put behind each other',
      'sync{ { exclude = { "b" } }, default.rsync, source = "/src", target = "/trg", exclude = { "a" } }',
      { exclude: ['a', 'b'] },
    ],
    [
      'a loop over hosts',
      'for _, h in ipairs{ "h" } do sync{ default.rsync, source = "/src", target = h .. ":trg" } end',
      { targets: [{ kind: 'rsync', target: 'h:trg' }] },
    ],
    [
      'a changed default',
      'default.rsync.delay = 9 sync{ default.rsync, source = "/src", target = "/trg" }',
      { delay: 9, maxDelay: 9 },
    ],
    [
      'a prepare of its own',
      'sync{ default.rsync, source = "/src", target = "/t", prepare = function(c, level) c.target = c.target .. level .. "rg" default.rsync.prepare(c, level + 1) end }',
      { targets: [{ kind: 'rsync', target: '/t3rg' }] },
    ],
    [
      'a checkgauge of its own',
      'sync{ default.rsync, source = "/src", target = "/trg", mine = 1, checkgauge = { default.rsync.checkgauge, mine = true } }',
      {},
    ],
  ])('%s', async (_about, lua, expected) => {
    const { config } = await load(lua);
    expect(config.syncs).toEqual([{ ...RSYNC_DEFAULTS, ...expected }]);
  });

  test('the tables of the presets stay as they are', async () => {
    const { printed } = await load(
      'local s = { default.rsync, source = "/src", target = "/trg", rsync = { perms = true } } sync(s) ' +
        'print(default.rsync.rsync.perms, default.rsync.source, #s)\n',
    );
    expect(printed).toBe('nil\tnil\t1\n');
  });
});

describe('settings', () => {
  test('what has a meaning for all targets gets it; the others are there for the program', async () => {
    const { config, lsyncd } = await load(
      'settings{ maxProcesses = 3, onepass = true, logfile = "/l", statusInterval = 5, "insist" } ' +
        'assert(settings("logfile") == "/l" and settings("insist") == true and settings("pidfile") == nil) ' +
        'sync{ default.rsync, source = "/src", target = "/trg" }',
    );
    expect(config.maxTotalProcesses).toBe(3);
    expect(config.defaults).toEqual({ once: true });
    expect(Object.fromEntries(lsyncd?.settings ?? [])).toEqual({
      maxProcesses: 3,
      onepass: true,
      logfile: '/l',
      statusInterval: 5,
      insist: true,
    });
  });
});

describe('what is wrong is told with its line', () => {
  const SYNC = 'sync{ default.rsync, source = "/s", target = "/t", ';
  test.each<[lua: string, ...lines: (string | RegExp)[]]>([
    ['\nsettings = { nodaemon = true }', 'c.lua: settings = ...: write settings{ ... }'],
    ['\nsettings.nodaemon = true', 'c.lua:2: settings.nodaemon = ...: write settings{ nodaemon = ... }'],
    [
      'settings{ statusIntervall = 1 }',
      'c.lua:1: settings.statusIntervall: unknown; did you mean statusInterval?',
    ],
    ['settings{ delay = 1 }', /^c\.lua:1: settings\.delay: unknown; allowed: inotifyMode, insist, /],
    ['settings{ "insit" }', 'c.lua:1: settings.insit: unknown; did you mean insist?'],
    [`\n${SYNC}exlude = { "x" } }`, 'c.lua:2: exlude: unknown; did you mean exclude?'],
    [`${SYNC}name = "x" }`, /^c\.lua:1: name: unknown; allowed: action, /],
    [`${SYNC}rsync = { compres = true } }`, 'c.lua:1: rsync.compres: unknown; did you mean compress?'],
    [`${SYNC}rsync = { _computed = {} } }`, 'c.lua:1: rsync._computed: not to be set'],
    [`${SYNC}"stray" }`, 'c.lua:1: stray: a value without a key'],
    [
      `${SYNC}rsync = { perms = "yes" } }\n${SYNC}delay = {} }`,
      'c.lua:1: rsync.perms: found "yes"; allowed: true or false',
      'c.lua:2: delay: found table; allowed: a number',
    ],
    [`${SYNC}exclude = { true } }`, 'c.lua:1: exclude[1]: found true; allowed: a text'],
    [
      `${SYNC}delete = "never" }`,
      `c.lua:1: delete: found "never"; allowed: true, false, 'startup', 'running'`,
    ],
    [`${SYNC}filter = { "x" } }`, 'c.lua:1: filter: found "x"; allowed: "+ PATTERN", "- PATTERN"'],
    [`${SYNC}host = "h" }`, /^c\.lua:1: host: unknown; allowed: action, /],
    [
      `${SYNC}exclude = { "\\xff" } }`,
      /^c\.lua:1: exclude\[1\]: it is not UTF-8; names in other bytes can stand in a file/,
    ],
    ['sync{ default.rsync, target = "/t" }', 'c.lua:1: source: missing'],
    ['sync{ default.rsync, source = "/s" }', 'c.lua:1: target: missing'],
    [
      'sync{ default.rsyncssh, source = "/s", host = "h", targetdir = "d", target = "/t" }',
      'c.lua:1: target: not for default.rsyncssh; it takes host and targetdir',
    ],
    ['sync{ default.rsyncssh, source = "/s", host = "h" }', 'c.lua:1: targetdir: missing'],
    [
      'sync{ default.rsyncssh, source = "/s", host = "h", targetdir = "d", ssh = { binary = "plink" } }',
      /^c\.lua:1: ssh\.binary: found "plink"; the ssh in PATH/,
    ],
    [
      '\nsync("x")',
      'c.lua:2: sync: found string; allowed: sync{ default.rsync, source = ..., target = ... }',
    ],
    ['\nerror("mine")', 'c.lua:2: mine'],
    ['\n= 1', "c.lua:2: unexpected symbol near '='"],
    ['\nterminate(3)', 'c.lua:2: it ended the program with 3'],
    ['os.exit(4)', 'c.lua:1: it ended the program with 4'],
    ['\nobservefd(1)', 'c.lua:2: observefd is not supported; run a program by spawn instead'],
    ['lsyncd.exec("x")', 'c.lua:1: lsyncd.exec is not supported; use spawn'],
    ['', 'c.lua: syncs: found an empty list; allowed: at least one sync'],
    [
      `\n\n${SYNC}delay = -1 }`,
      'c.lua:3: syncs[0].delay: found -1; allowed: seconds: a number from 0 to 86400',
      /c\.lua:3: syncs\[0\]\.maxDelay/,
    ],
    ['dofile("more.lua")', 'c.lua: more.lua:2: exlude: unknown; did you mean exclude?'],
  ])('%j', async (lua, ...lines) => {
    const said = await complaints(lua, `\n${SYNC}exlude = 1 }`);
    expect(said).toEqual(
      lines.map((line) => (typeof line === 'string' ? line : (expect.stringMatching(line) as string))),
    );
  });

  test('what has no effect here is told, and the rest runs', async () => {
    const { lsyncd } = await load(`\n${SYNC}rsync = { verbose = true, delete_excluded = true } }`);
    expect(lsyncd?.notices).toEqual([
      'c.lua:2: rsync.verbose has no effect: what rsync says is in the log',
      'c.lua:2: rsync.delete_excluded has no effect: what is excluded stays on the target',
    ]);
  });
});
