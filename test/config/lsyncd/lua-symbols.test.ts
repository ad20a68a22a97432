import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { HINT } from '../../../src/model/event-batch.ts';
import { pathFromText } from '../../../src/model/path-bytes.ts';
import type { UserAction } from '../../../src/model/user-action.ts';
import { userScript } from '../../../src/target/action/user-script.ts';
import { type ActionDelivery, makeActionMirror } from '../../support/action-mirror.ts';
import { luaHost } from '../../support/lua-host.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

/* Every symbol that Lsyncd gives to configurations, one by one: while a file is loaded, and while a sync runs. */

/** What Lua text prints while it is loaded, behind a sync without which there is no configuration. */
async function printed(lua: string): Promise<string> {
  using directory = makeTempDir();
  writeFileSync(directory.at('c.lua'), `sync{ source = '/s', onCreate = 'true' } ${lua}`);
  let text = '';
  const host = luaHost(directory.path, (said) => (text += said));
  await loadConfig('c.lua', directory.path, host).catch((error: unknown) => {
    text += (error as Error).message;
  });
  return text.trimEnd();
}

/** The globals, and what they are. What is refused says so when it is called. */
const GLOBALS: Readonly<Record<string, 'function' | 'table' | 'string' | 'refused'>> = {
  Queue: 'table',
  alarm: 'function',
  default: 'table',
  dump: 'function',
  log: 'function',
  lsyncd: 'table',
  lsyncd_version: 'string',
  nonobservefd: 'refused',
  now: 'function',
  observefd: 'refused',
  readdir: 'function',
  settings: 'table',
  spawn: 'function',
  spawnShell: 'function',
  splitQuotedString: 'function',
  substitudeCommands: 'function',
  sync: 'function',
  terminate: 'function',
  'string.ends': 'function',
  'string.starts': 'function',
  'table.contains': 'function',
  'table.unpack': 'function',
  'default.action': 'function',
  'default.checkgauge': 'table',
  'default.collect': 'function',
  'default.full': 'function',
  'default.init': 'function',
  'default.prepare': 'function',
  'default.rsyncExitCodes': 'table',
  'default.sshExitCodes': 'table',
  ...preset('rsync', ['action', 'full', 'init', 'prepare'], ['checkgauge', 'exitcodes', 'rsync']),
  ...preset(
    'rsyncssh',
    ['action', 'collect', 'full', 'init', 'prepare'],
    ['checkgauge', 'rsync', 'rsyncExitCodes', 'ssh', 'sshExitCodes'],
  ),
  ...preset(
    'direct',
    ['action', 'collect', 'full', 'init', 'prepare'],
    ['checkgauge', 'rsync', 'rsyncExitCodes'],
  ),
  ...Object.fromEntries(
    [
      'dump',
      'get_file_size',
      'get_free_port',
      'jiffies_from_seconds',
      'kill',
      'log',
      'now',
      'readdir',
      'realdir',
      'splitQuotedString',
    ]
      .concat('stackdump', 'terminate')
      .map((name) => [`lsyncd.${name}`, 'function'] as const),
  ),
  ...Object.fromEntries(
    ['configure', 'exec', 'get_process_info', 'nonobserve_fd', 'observe_fd']
      .concat('inotify.addwatch', 'inotify.rmwatch')
      .map((name) => [`lsyncd.${name}`, 'refused'] as const),
  ),
  'io.open': 'function',
  'os.getenv': 'function',
  dofile: 'function',
  loadfile: 'function',
  require: 'function',
};

function preset(
  name: string,
  functions: readonly string[],
  tables: readonly string[],
): Record<string, 'function' | 'table'> {
  return Object.fromEntries([
    ...functions.map((key) => [`default.${name}.${key}`, 'function'] as const),
    ...tables.map((key) => [`default.${name}.${key}`, 'table'] as const),
  ]);
}

describe('globals', () => {
  test.each(Object.entries(GLOBALS))('%s is there: %s', async (name, is) => {
    if (is === 'refused') expect(await printed(`${name}(1)`)).toContain(`c.lua:1: ${name} is not supported`);
    else expect(await printed(`print(type(${name}))`)).toBe(is);
  });

  test.each([
    ['default.maxDelays', '1000'],
    ['default.maxProcesses', '1'],
    ['default.statusInterval', '10'],
    ['default.rsync.delay', '15'],
    ['default.rsync.delete', 'true'],
    ['default.rsync.rsync.binary', 'rsync'],
    ['default.rsyncssh.delay', '15'],
    ['default.rsyncssh.delete', 'true'],
    ['default.rsyncssh.exitcodes', 'false'],
    ['default.rsyncssh.maxProcesses', '1'],
    ['default.rsyncssh.onMove', 'true'],
    ['default.rsyncssh.ssh.binary', 'ssh'],
    ['default.direct.delay', '1'],
    ['default.direct.delete', 'true'],
    ['default.direct.maxProcesses', '1'],
    ['default.direct.onMove', 'true'],
    ['default.rsyncExitCodes[12]', 'again'],
    ['default.rsyncExitCodes[23]', 'again'],
    ['default.rsyncExitCodes[1]', 'die'],
    ['default.sshExitCodes[255]', 'again'],
    ['settings("pidfile")', 'nil'],
    ['lsyncd_version:match("^%d+%.%d+%.%d+$") ~= nil', 'true'],
    ['lsyncd.stackdump():match("stack traceback") ~= nil', 'true'],
    [
      'table.concat(sync{ default.rsync, source = "/s", target = "/t", init = function() end, rsync = { archive = true, compress = true, bwlimit = 9, _extra = { "--x" } } }.getConfig().rsync._computed, " ")',
      '-Dglopstz --x --bwlimit=9',
    ],
    [
      'sync{ default.rsyncssh, source = "/s", host = "h", targetdir = "t", init = function() end, ssh = { port = 9, _extra = { "-F/a b" } } }.getConfig().rsync._computed[2]',
      "--rsh=ssh -p 9 '-F/a b' -o BatchMode=yes -o ServerAliveInterval=15",
    ],
    ['sync{ default.rsync, source = "s/", target = "h:t", init = print }.getConfig().target', 'h:t/'],
  ])('%s is %s', async (expression, value) => {
    expect(await printed(`print(${expression})`)).toBe(value);
  });

  test.each([
    ['a global that is made', 'made = 1 print(made)', '1'],
    ['one that begins with _ and is not set', 'print(_none, __none)', 'nil\tnil'],
  ])('may be used while a file is loaded: %s', async (_name, lua, expected) => {
    expect(await printed(lua)).toBe(expected);
  });
});

const CREATED: ActionDelivery = { entries: [['d/f', HINT.created]] };
const DIRECTORY: ActionDelivery = { entries: [['d', HINT.created | HINT.isDirectory]] };
const MOVED: ActionDelivery = {
  moves: [{ from: pathFromText('d/old'), to: pathFromText('d/f'), isDirectory: false }],
};

/** What an action logs of its inlet `i` and its first event `e` (of a move with `to`); `@` is the directory. */
async function logged(lua: string, delivery: ActionDelivery, options = ''): Promise<readonly string[]> {
  const directory = makeTempDir();
  mkdirSync(directory.at('source/d'), { recursive: true });
  writeFileSync(directory.at('source/d/f'), 'x');
  writeFileSync(directory.at('rules'), '# a comment\n*.from\n');
  writeFileSync(
    directory.at('c.lua'),
    `sync{ source = 'source', target = '/trg', onMove = true, ${options}
      action = function(i)
        local e, to = i.getEvent()
        if e.etype == 'Blanket' then return i.discardEvent(e) end
        local function out(...) log('Normal', ...) end
        ${lua}
        for _, one in ipairs(i.getEvents().getList()) do i.discardEvent(one) end
      end }`,
  );
  const { config } = await loadConfig('c.lua', directory.path, luaHost(directory.path));
  const script = userScript(config.syncs[0]?.targets[0] as unknown as UserAction, {
    source: pathFromText(directory.at('source')),
    target: '/trg',
  });
  await using mirror = await makeActionMirror(script, { directory });
  const outcome = await mirror.deliver(delivery);
  const notices = mirror.reported.flatMap((event) => (event.kind === 'notice' ? [event.message] : []));
  const problems = outcome.kind === 'failed' ? [outcome] : outcome.problems;
  return [...notices, ...problems.map(({ message }) => message)].map((line) =>
    line.replaceAll(directory.path, '@'),
  );
}

describe('events', () => {
  test.each<[field: string, created: string, directory: string]>([
    ['etype', 'Create', 'Create'],
    ['status', 'wait', 'wait'],
    ['isdir', 'false', 'true'],
    ['isList', 'false', 'false'],
    ['name', 'f', 'd/'],
    ['basename', 'f', 'd'],
    ['path', 'd/f', 'd/'],
    ['pathname', 'd/f', 'd'],
    ['pathdir', 'd/', ''],
    ['source', '@/source/', '@/source/'],
    ['sourcePath', '@/source/d/f', '@/source/d/'],
    ['sourcePathname', '@/source/d/f', '@/source/d'],
    ['sourcePathdir', '@/source/d/', '@/source/'],
    ['target', '/trg', '/trg'],
    ['targetPath', '/trg/d/f', '/trg/d/'],
    ['targetPathname', '/trg/d/f', '/trg/d'],
    ['targetPathdir', '/trg/d/', '/trg/'],
    ['move', 'nil', 'nil'],
    ['config.source', '@/source/', '@/source/'],
    ['inlet == i', 'true', 'true'],
  ])('%s', async (field, created, directory) => {
    expect(await logged(`out(e.${field})`, CREATED)).toEqual([created]);
    expect(await logged(`out(e.${field})`, DIRECTORY)).toEqual([directory]);
  });

  test.each([
    ['out(e.etype, " ", e.move, " ", e.path, " ", to.move, " ", to.path)', 'Move Fr d/old To d/f'],
    ['out(rawget(e, "mine")) e.mine = 1 out(e.mine)', 'nil', '1'],
    ['out(i.getEvent() == e)', 'true'],
  ])('of a move: %s', async (lua, ...lines) => {
    expect(await logged(lua, MOVED)).toEqual(lines);
  });

  test('an unknown field is an error with its line', async () => {
    const [line] = await logged('out(e.nothing)', CREATED);
    expect(line).toMatch(/^action threw: c\.lua:6: an event has no field nothing$/);
  });
});

const RULES = `exclude = { 'a', '+ b' }, excludeFrom = 'rules', filter = { '+ /c', '- d*' },`;

describe('inlets', () => {
  test.each<[lua: string, ...lines: string[]]>([
    ['out(i.getConfig() == e.config, " ", i.getSync().config == e.config)', 'true true'],
    ['out(i.getEvents().size())', '1'],
    ['out(i.getEvents(function() return false end).size())', '0'],
    ['out(i.getEvents(function() return "break" end).size())', '0'],
    ['i.discardEvent(e) out(e.status)', 'done'],
    ['local b = i.createBlanketEvent() out(b.etype, " ", b.status) i.discardEvent(e)', 'Blanket block'],
    ['i.createFullEvent("/")', 'createFullEvent: there is no full'],
    ['i.addExclude("x") i.addExclude{ "y", "z" } i.rmExclude("y") out(i.getExcludes())', '{ 1 = x, 2 = z }'],
    [
      'out(i.hasFilters()) i.appendFilter("-", "x") out(i.hasFilters(), " ", i.getFilters())',
      'false',
      'true { 1 = - x }',
    ],
    ['i.appendFilter("H", "x")', 'inlet.appendFilter: found "H x"; allowed: "+" or "-", and a pattern'],
    ['out(i.getSubstitutionData(e, { a = 1 }))', '{ a = 1 }'],
    ['i.nothing()', 'an inlet has no function nothing'],
  ])('%s', async (lua, ...lines) => {
    const found = await logged(lua, CREATED);
    for (const [index, line] of lines.entries()) expect(found[index]).toContain(line);
  });

  test('the rules of the configuration are among those that the inlet gives, in the order in which they count', async () => {
    expect(
      await logged(
        'i.addExclude("mine") out(i.getFilters()) out(i.getExcludes()) out(i.hasFilters())',
        CREATED,
        RULES,
      ),
    ).toEqual([
      '{ 1 = + /c, 2 = - d*, 3 = - a, 4 = + b, 5 = - *.from, 6 = - mine }',
      '{ 1 = a, 2 = *.from, 3 = mine }',
      'true',
    ]);
  });
});

describe('lists of events', () => {
  test.each<[lua: string, line: string]>([
    ['out(l.isList, " ", l.config == e.config, " ", l.size(), " ", l.getList()[1] == e)', 'true true 1 true'],
    ['out(l.getPaths())', '{ 1 = /d/old, 2 = /d/f }'],
    [
      'out(l.getPaths(function(etype, one, two) return etype .. two, one end))',
      '{ 1 = Move/d/f, 2 = /d/old }',
    ],
    ['out(l.nothing)', 'a list of events has no field nothing'],
  ])('%s', async (lua, line) => {
    expect((await logged(`local l = i.getEvents() ${lua}`, MOVED))[0]).toContain(line);
  });
});

describe('functions that work while a sync runs', () => {
  test.each<[lua: string, ...lines: string[]]>([
    ['spawn(e, "sh", "-c", "exit 0") out(e.status)', 'active'],
    ['spawn(i.getEvents(), "true", nil, { "a", { "b" } }) out(e.status)', 'active'],
    ['spawnShell(e, "test $1 = a", "a") out(e.status)', 'active'],
    ['local t = now() out(t < t + 1, " ", (t + 2) - t)', 'true 2'],
    ['alarm(now() + 100, function() end) out("set")', 'set'],
    ['out(readdir(e.source).d)', 'true'],
    ['made = 1', 'the global made cannot be made once the start is over; say local'],
    ['out(never_set)', 'the global never_set is not set'],
    ['_made = 1 __made = 2 out(_made + __made, " ", _none)', '3 nil'],
  ])('%s', async (lua, ...lines) => {
    const found = await logged(lua, CREATED);
    for (const [index, line] of lines.entries()) expect(found[index]).toContain(line);
  });
});
