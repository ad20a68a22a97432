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
    ['crontab = { "0 0 3 * * *", "0 30 4 * * 7" }', { crontab: ['0 0 3 * * *', '0 30 4 * * 7'] }],
    ['crontab = false', {}],
    [
      'exitcodes = { [0] = "ok", [23] = "again", [24] = "ok", [99] = "die" }',
      { exitCodes: { again: [23], die: [99] } },
    ],
    ['exitcodes = default.rsyncExitCodes', {}],
    ['exitcodes = { [13] = "ok" }, rsync = { _extra = {} }', { exitCodes: { ok: [13] } }],
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
    ['maxDelays = 0', { maxNames: 1 }],
    ['delay = 100000', { delay: 100_000, maxDelay: 100_000 }],
    ['rsync = { timeout = 100000 }', { timeout: 100_000 }],
    ['rsync = { archive = 1, verbose = 2 }', { attributes: archive }],
    ['rsync = { compress = "true" }', { rsync: { compress: true } }],
    ['batchSizeLimit = 2^31', { batchSizeLimit: 2 ** 31 }],
    [
      'rsync = { _extra = { "-zqr", "-y", "--stats" } }',
      { rsync: { fuzzy: true, extra: ['-z', '--stats'] } },
    ],
    // What would do harm goes on to where it is refused.
    ...['--remove-source-files', '--files-from=x', '--relative', '--daemon'].map(
      (word): [string, Record<string, unknown>] => [
        `rsync = { _extra = { "${word}" } }`,
        { rsync: { extra: [word] } },
      ],
    ),
    ['rsync = { _extra = { "--delete-excluded" } }', { rsync: { deleteExcluded: true } }],
    ['rsync = { _extra = { "-n", "--max-delete=7" } }', { dryRun: true, maxDelete: 7 }],
    ['rsync = { _extra = { "--max-delete", "7", "-evq" } }', { maxDelete: 7, rsync: { extra: ['-evq'] } }],
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
  ['ssh = { binary = "/usr/bin/ssh" }', { ssh: { program: '/usr/bin/ssh' } }],
  ['ssh = { binary = "ssh" }', {}],
  [
    'rsync = { rsh = "/usr/bin/ssh -p 22 -i /key -o StrictHostKeyChecking=no -l me -4" }',
    {
      ssh: {
        program: '/usr/bin/ssh',
        port: 22,
        identity: '/key',
        options: { StrictHostKeyChecking: 'no' },
        extra: ['-l', 'me', '-4'],
      },
    },
  ],
  [
    `rsync = { rsh = "ssh -p2222 -oPort=1 -o 'ProxyCommand=nc %h %p'" }, ssh = { port = 22, options = { Port = 2 } }`,
    { ssh: { port: 22, options: { Port: '2', ProxyCommand: 'nc %h %p' } } },
  ],
  ['rsync = { compress = true }', { rsync: { compress: true } }],
  ['delete = false', { delete: false }],
  ['crontab = { "0 3 * * *" }', { crontab: ['0 3 * * *'] }],
  ['rsyncExitCodes = { [12] = "die", [11] = "again" }', { exitCodes: { die: [12] } }],
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
  ['crontab = { "0 3 * * *" }', { crontab: ['0 3 * * *'] }],
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
      'an exit code of all presets',
      'default.rsyncExitCodes[12] = "die" sync{ default.rsync, source = "/src", target = "/trg" }',
      { exitCodes: { die: [12] } },
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
      'settings{ maxProcesses = 3, maxDelays = 50, onepass = true, logfile = "/l", statusInterval = 5, "insist" } ' +
        'assert(settings("logfile") == "/l" and settings("insist") == true and settings("pidfile") == nil) ' +
        'sync{ default.rsync, source = "/src", target = "/trg" }',
    );
    expect(config.maxTotalProcesses).toBe(3);
    expect(config.defaults).toEqual({ once: true, maxNames: 50 });
    expect(config).toMatchObject({ log: { file: '/l' }, statusInterval: 5 });
    expect(Object.fromEntries(lsyncd?.settings ?? [])).toEqual({
      maxProcesses: 3,
      maxDelays: 50,
      onepass: true,
      logfile: '/l',
      statusInterval: 5,
      insist: true,
    });
  });
});

test('the log, pid and status file are ours too, their names counted from the working directory', async () => {
  const { config, lsyncd } = await load(
    'settings{ logfile = "l", pidfile = "/p", statusFile = "/s", statusInterval = 0, logident = "i" } ' +
      'sync{ default.rsync, source = "/src", target = "/trg" }',
  );
  expect(config).toMatchObject({ pidFile: '/p', statusFile: '/s', statusInterval: 0.1 });
  expect(config.log?.file).toMatch(/^\/.*\/l$/);
  expect(lsyncd?.convertible).toEqual(config);
  expect(lsyncd?.unsaid).toEqual(['c.lua:1: settings.logident is for the program lsyncd']);
});

test('times of cron have no meaning beside onepass, and are left out', async () => {
  const { config } = await load(
    'sync{ default.rsync, source = "/src", target = "/trg", crontab = { "0 3 * * *" } } settings{ onepass = true }',
  );
  expect(config.defaults).toEqual({ once: true });
  expect(config.syncs[0]?.crontab).toBeUndefined();
});

describe('sync{ } of a preset gives its inlet', () => {
  const SYNC = 'local s = sync{ default.rsync, source = "/src", target = "/trg", exclude = "a" } ';

  test('whose rules are those of the sync', async () => {
    const { config, printed, lsyncd } = await load(
      SYNC +
        's.addExclude("x") s.addExclude{ "y", "z" } s.rmExclude("y") ' +
        'print(table.concat(s.getExcludes()), s.hasFilters(), s.getConfig().target)',
    );
    expect(printed).toBe('axz\tfalse\t/trg\n');
    expect(config.syncs[0]?.exclude).toEqual(['a', 'x', 'z']);
    expect(lsyncd?.convertible).toEqual(config);
  });

  test('which tells no events', async () => {
    expect(await complaints(`${SYNC}\ns.getEvent()`)).toEqual([
      'c.lua:2: inlet.getEvent: a sync of a preset tells no events',
    ]);
  });
});

test('a collect of its own beside commands is called, so the sync is Lua', async () => {
  const { config, lsyncd } = await load(
    'sync{ source = "/s", onCreate = "true", collect = function() return "again" end }',
  );
  expect(config.syncs[0]?.targets[0]).toMatchObject({
    onCreate: 'true',
    collect: expect.any(Function) as unknown,
  });
  expect(lsyncd?.convertible).toBeUndefined();
  expect(lsyncd?.unsaid).toEqual(['c.lua:1: the handlers of this sync are Lua; it is left out']);
});

test('a variable of a command is read as Lsyncd reads it: the longest name a word begins with', async () => {
  const { config } = await load(
    'sync{ source = "/s", onCreate = "/bin/x ^pathnameX ^targetPathName ^source ^sourcepath ^foo ^path ^o.pathx" }',
  );
  expect(config.syncs[0]?.targets[0]).toMatchObject({
    onCreate: '/bin/x ^{pathname}X ^{targetPath}Name ^source/ ^{source}/path ^foo ^path ^{o.path}x',
  });
});

describe('what is wrong is told with its line', () => {
  const SYNC = 'sync{ default.rsync, source = "/s", target = "/t", ';
  test.each<[lua: string, ...lines: (string | RegExp)[]]>([
    ['\nsettings = { nodaemon = true }', 'c.lua:2: settings = ...: write settings{ ... }'],
    ['\nsync{ default.nosuch, source = "/s" }', /^c\.lua:2: default\.nosuch: unknown; /],
    ['sync{ default.rsyncsh, source = "/s" }', 'c.lua:1: default.rsyncsh: unknown; did you mean rsyncssh?'],
    [
      `settings{ inotifyMode = "Foo" }\n${SYNC} }`,
      "c.lua:1: settings.inotifyMode: found Foo; allowed: 'Modify', 'CloseWrite', 'CloseWrite or Modify'",
    ],
    [
      `${SYNC}batchSizeLimit = 2*1024*1024*1024 }`,
      'c.lua:1: batchSizeLimit: found -2147483648: a product of whole numbers wraps at 2^31; write it as in 2^31',
    ],
    ['\nsettings.nodaemon = true', 'c.lua:2: settings.nodaemon = ...: write settings{ nodaemon = ... }'],
    [
      `settings{ statusIntervall = 1 }\n${SYNC} }`,
      'c.lua:1: settings.statusIntervall: unknown; did you mean statusInterval?',
    ],
    [
      `settings{ delay = 1 }\n${SYNC} }`,
      /^c\.lua:1: settings\.delay: unknown; allowed: inotifyMode, insist, /,
    ],
    [`settings{ "insit" }\n${SYNC} }`, 'c.lua:1: settings.insit: unknown; did you mean insist?'],
    [`\n${SYNC}exlude = { "x" } }`, 'c.lua:2: exlude: unknown; did you mean exclude?'],
    [`${SYNC}name = "x" }`, /^c\.lua:1: name: unknown; allowed: action, /],
    [`${SYNC}rsync = { compres = true } }`, 'c.lua:1: rsync.compres: unknown; did you mean compress?'],
    [`${SYNC}rsync = { _computed = {} } }`, 'c.lua:1: rsync._computed: not to be set'],
    [`${SYNC}"stray" }`, 'c.lua:1: stray: a value without a key'],
    [
      `${SYNC}exclude = 1, rsync = 1 }\n${SYNC}delay = {} }`,
      'c.lua:1: rsync: found 1; allowed: a table',
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
    [
      `${SYNC}exitcodes = { [23] = 'maybe' } }`,
      "c.lua:1: exitcodes: allowed: exit codes and, for each, 'ok', 'again' or 'die'",
    ],
    ['sync{ default.rsync, target = "/t" }', 'c.lua:1: source: missing'],
    ['sync{ default.rsync, source = "/s" }', 'c.lua:1: target: missing'],
    [
      'sync{ default.rsyncssh, source = "/s", host = "h", targetdir = "d", target = "/t" }',
      'c.lua:1: target: not for default.rsyncssh; it takes host and targetdir',
    ],
    ['sync{ default.rsyncssh, source = "/s", host = "h" }', 'c.lua:1: targetdir: missing'],
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
    ['', 'c.lua:1: syncs: found an empty list; allowed: at least one sync'],
    [
      `\n\n${SYNC}delay = -1 }`,
      'c.lua:3: syncs[0].delay: found -1; allowed: seconds: a number from 0 to 1000000',
      /c\.lua:3: syncs\[0\]\.maxDelay/,
    ],
    ['dofile("more.lua")', 'c.lua: more.lua:2: exlude: unknown; did you mean exclude?'],
  ])('%j', async (lua, ...lines) => {
    const said = await complaints(lua, `\n${SYNC}exlude = 1 }`);
    expect(said).toEqual(
      lines.map((line) => (typeof line === 'string' ? line : (expect.stringMatching(line) as string))),
    );
  });

  test.each([
    ['exitcodes = { [23] = "again" }', undefined],
    ['rsyncExitCodes = { [23] = "again" }', 'rsyncExitCodes has no effect for default.rsync'],
    ['rsyncExitCodes = { [23] = "ok" }', undefined],
    ['onCreate = "true"', 'onCreate beside default.rsync has no effect'],
    ['onMove = true', undefined],
    [
      'rsync = { _extra = { "--info=progress2" } }',
      'rsync._extra: --info=progress2 has no effect: what rsync says is in the log',
    ],
    [
      'rsync = { _extra = { "--delete-after" } }',
      'rsync._extra: --delete-after has no effect: deletions are those of `delete`',
    ],
    [
      'rsync = { _extra = { "--out-format", "%n" } }',
      'rsync._extra: --out-format=%n has no effect: what rsync says is in the log',
    ],
    ['rsync = { _extra = { "-r" } }', 'rsync._extra: -r has no effect: which names are sent is decided here'],
  ])('%s beside a preset', async (options, notice) => {
    const { lsyncd } = await load(`${SYNC}${options} }`);
    expect(lsyncd?.notices).toEqual(notice === undefined ? [] : [`c.lua:1: ${notice}`]);
  });

  test.each([
    ['action = 1', 'c.lua:1: action: found number; allowed: a function'],
    ['onCreate = 1', 'c.lua:1: onCreate: found number; allowed: a text or a function'],
    ['', 'c.lua:1: action: missing: a sync is of a preset as default.rsync, or has an action, onCreate, ...'],
    ['onCreate = "true", tunnel = {}', 'c.lua:1: tunnel: allowed: tunnel{ command = ... }'],
    [
      'onCreate = "true", crontab = { "0 3 * *" }',
      /^c\.lua:1: syncs\[0\]\.crontab\[0\]: found "0 3 \* \*"; allowed: five or six/,
    ],
  ])('a sync with handlers and %s', async (options, line) => {
    const { config } = await load(`sync{ source = "/s", onCreate = "true" }`);
    expect(config.syncs[0]).toMatchObject({
      delay: 0,
      initial: false,
      targets: [{ kind: 'action', onCreate: 'true' }],
    });
    expect(await complaints(`sync{ source = "/s", ${options} }`)).toEqual([
      typeof line === 'string' ? line : expect.stringMatching(line),
    ]);
  });

  test('what has no effect here is told, and the rest runs', async () => {
    const { lsyncd } = await load(`\n${SYNC}rsync = { verbose = true } }`);
    expect(lsyncd?.notices).toEqual(['c.lua:2: rsync.verbose has no effect: what rsync says is in the log']);
  });

  test('what is excluded is deleted where rsync.delete_excluded says so, but not by default.direct', async () => {
    const table = 'source = "/s", target = "/t", rsync = { delete_excluded = true }';
    const { config, lsyncd } = await load(
      `sync{ default.rsync, ${table} }\nsync{ default.direct, ${table} }`,
    );
    expect(config.syncs.map(({ rsync }) => rsync?.deleteExcluded)).toEqual([true, undefined]);
    expect(lsyncd?.notices).toEqual([
      'c.lua:2: rsync.deleteExcluded has no effect for default.direct, which runs no rsync',
    ]);
  });
});
