import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { compareTrees } from '../support/compare-trees.ts';
import { LsyncdMirror } from '../support/lsyncd-mirror.ts';

/* Configurations of the kinds that Lsyncd ships as examples, each with the functions that those use. */

vi.setConfig({ testTimeout: 240_000 });

/** `lsyncd -nodaemon` with a Lua configuration; in it @S is the source, @T the copy, @L a log. */
function configured(lua: string, before = 'echo 1 > early'): LsyncdMirror {
  return new LsyncdMirror(({ directory, source, copy }) => {
    mkdirSync(copy, { recursive: true });
    writeFileSync(
      directory.at('c.lua'),
      `settings{ nodaemon = true }\n${lua}`
        .replaceAll('@S', source)
        .replaceAll('@T', copy)
        .replaceAll('@L', directory.at('log')),
    );
    return [directory.at('c.lua')];
  }, before);
}

function logged(mirror: LsyncdMirror): readonly string[] {
  const log = mirror.directory.at('log');
  return existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
}

function untilEqual(mirror: LsyncdMirror): Promise<void> {
  const [source, copy] = [pathFromText(mirror.source), pathFromText(mirror.copy)];
  return mirror.until(() => compareTrees(source, copy, { modes: false }).length === 0, 'equal trees');
}

test('a command after each transfer of the preset, by a blanket event', async () => {
  await using mirror = configured(`
local withCommand = {
  default.rsync,
  checkgauge = { default.rsync.checkgauge, after = true },
  action = function(inlet)
    local event, event2 = inlet.getEvent()
    if rawget(event, 'isAfter') then
      spawnShell(event, event.config.after)
      return
    end
    if event.etype == 'Blanket' then inlet.discardEvent(event) return end
    local blanket = inlet.createBlanketEvent()
    blanket.isAfter = true
    return default.rsync.action(inlet)
  end,
  collect = function(agent, exitcode)
    if not agent.isList and agent.etype == 'Blanket' then
      log('Normal', 'the command ended with ', exitcode)
      return 'ok'
    end
    return default.collect(agent, exitcode)
  end,
}
sync{ withCommand, source = '@S', target = '@T', delay = 0.2, after = 'ls @T | tr "\\\\n" " " >> @L; echo >> @L; exit 3' }`);
  await mirror.until(() => mirror.copied('early') === '1\n', 'the first sync');
  mirror.change('mkdir d; echo 2 > d/f');
  await untilEqual(mirror);
  await mirror.untilLogged(/the command ended with 3/);
  expect(logged(mirror).at(-1)).toBe('d early');
});

test('a prepare that puts commands together and calls the one of the presets', async () => {
  await using mirror = configured(`
local store = {
  delay = 0,
  checkgauge = { default.checkgauge, place = { root = true, program = true } },
  prepare = function(config, level)
    default.prepare(config, level + 1)
    if not config.place.root then
      log('Error', 'place.root is missing')
      terminate(-1)
    end
    local put = ('@PROGRAM -r ^source^pathname @ROOT^pathname'):gsub('@PROGRAM', config.place.program)
    config.onCreate = (put:gsub('%^source%^pathname', '^sourcePathname'):gsub('@ROOT%^pathname', '^targetPathname'))
    config.onModify = config.onCreate
    config.onDelete = 'rm -rf ^targetPathname'
    config.onStartup = 'cp -r ^source/. ^target'
    config.target = config.place.root
  end,
}
sync{ store, source = '@S', place = { root = '@T', program = 'cp' } }`);
  await mirror.until(() => mirror.copied('early') === '1\n', 'the first sync');
  mirror.change('echo 2 > "a b"; rm early');
  await untilEqual(mirror);
});

test('an action that works in the source and hides what it makes there', async () => {
  await using mirror = configured(
    `
local formats = { txt = true, upper = true }
sync{
  source = '@S', delay = 0.1,
  init = function(event)
    for name, isDirectory in pairs(readdir(event.source)) do log('Normal', 'found ', name, ' ', isDirectory) end
    event.inlet.discardEvent(event)
  end,
  action = function(inlet)
    local event = inlet.getEvent()
    local base, extension = event.pathname:match('(.*)%.([^.]+)$')
    if event.isdir or event.etype == 'Delete' or not base or not formats[extension] then
      log('Normal', 'not mine: ', event.path)
      inlet.discardEvent(event)
      return
    end
    local made = '/' .. base .. (extension == 'txt' and '.upper' or '.txt')
    inlet.addExclude(made)
    spawnShell(event, 'echo "$1" >> @L; tr a-z A-Z < "$1" > "$2"', event.sourcePathname, event.source .. made:sub(2))
  end,
  collect = function(agent, exitcode)
    for _, pattern in pairs(agent.inlet.getExcludes()) do agent.inlet.rmExclude(pattern) end
    if exitcode ~= 0 then return 'again' end
  end,
}`,
  );
  await mirror.untilLogged(/found early false/);
  mirror.change('echo text > one.txt; echo 1 > other');
  const made = `${mirror.source}/one.upper`;
  await mirror.until(() => existsSync(made) && readFileSync(made, 'utf8') === 'TEXT\n', 'what is made of it');
  await mirror.untilLogged(/not mine: other/);
});

test('an alarm that comes again and again, and works at a blanket event', async () => {
  await using mirror = configured(`
local function ring(timestamp, inlet)
  pcall(spawn, inlet.createBlanketEvent(), 'sh', '-c', 'echo rang >> @L')
  alarm(timestamp + 0.1, ring, inlet)
end
sync{
  source = '@S', delay = 0,
  init = function(event)
    event.inlet.discardEvent(event)
    ring(now(), event.inlet)
  end,
  action = function(inlet) inlet.discardEvent(inlet.getEvent()) end,
}`);
  await mirror.until(() => logged(mirror).length >= 3, 'three alarms');
  expect(new Set(logged(mirror))).toEqual(new Set(['rang']));
});

test('an alarm that is set while the file is loaded, for the inlet that sync gives back', async () => {
  await using mirror = configured(`
local inlet = sync{ source = '@S', delay = 0, action = function(inlet) inlet.discardEvent(inlet.getEvent()) end }
local function ring(timestamp, extra)
  log('Normal', extra.message)
  -- Behind one that runs still it is to wait.
  pcall(spawn, extra.inlet.createBlanketEvent(), 'sh', '-c', 'echo rang >> @L')
  alarm(timestamp + 0.1, ring, extra)
end
alarm(now() + 0.1, ring, { inlet = inlet, message = 'beep' })`);
  await mirror.until(() => logged(mirror).length >= 3, 'three alarms');
  await mirror.untilLogged(/^[\d:]+ Normal: beep$/m);
});

test('a gauge of its own is one beside the usual keys', async () => {
  await using mirror = configured(`
local upload = {
  checkgauge = { place = { name = true } },
  action = function(inlet)
    local event = inlet.getEvent()
    spawn(event, 'sh', '-c', 'echo "$1 $2" >> @L', 'sh', inlet.getConfig().place.name, event.path)
  end,
}
sync{ upload, source = '@S', delay = 0, place = { name = 'there' }, exclude = { '*.tmp' } }`);
  await mirror.untilLogged(/watching/);
  mirror.change('echo 1 > a.tmp; echo 1 > b');
  await mirror.until(() => logged(mirror).includes('there b'), 'the event');
  expect(logged(mirror).join()).not.toContain('a.tmp');
});

test('an action for a place without directories, which leaves out all that is one', async () => {
  await using mirror = configured(
    `
local store = {
  checkgauge = { default.checkgauge, place = true },
  init = function(event)
    local rules = {}
    for _, pattern in ipairs(event.inlet.getExcludes()) do
      rules[#rules + 1] = '--exclude'
      rules[#rules + 1] = pattern
    end
    spawn(event, 'rsync', '-r', rules, event.source, event.config.place)
  end,
  action = function(inlet)
    local event = inlet.getEvent()
    if event.isdir then
      inlet.discardEvent(event)
    elseif event.etype == 'Delete' then
      spawn(event, 'rm', event.config.place .. '/' .. event.path)
    else
      spawn(event, 'install', '-D', event.sourcePath, event.config.place .. '/' .. event.path)
    end
  end,
}
sync{ store, source = '@S', delay = 0.2, place = '@T', exclude = { '*.tmp' } }`,
    'mkdir -p d/e; echo 1 > d/f; echo 2 > d/e/g; echo 3 > d/e/h.tmp',
  );
  await mirror.until(
    () => mirror.copied('d/e/g') === '2\n' && mirror.copied('d/f') === '1\n',
    'the first sync',
  );
  mirror.change('rm -r d; mkdir d; echo 4 > d/k');
  await mirror.until(() => mirror.copied('d/k') === '4\n', 'what is new');
  expect([readdirSync(`${mirror.copy}/d`), readdirSync(`${mirror.copy}/d/e`)]).toEqual([['e', 'k'], []]);
});

test('lists of events of one kind, with their paths on the standard input of a program', async () => {
  await using mirror = configured(`
local upload = {
  delay = 0.2, maxProcesses = 1, exitcodes = { [0] = 'ok', [1] = 'again' }, checkgauge = { default.checkgauge, place = true },
  prepare = function(config, level) default.prepare(config, level + 1) end,
  init = function(event)
    spawn(event, 'cp', '-r', event.source .. '.', event.config.place)
  end,
  action = function(inlet)
    local removed = inlet.getEvents(function(event) return event.etype == 'Delete' end)
    if removed.size() > 0 then
      local paths = removed.getPaths(function(etype, path) return 'rm -r ' .. path end)
      spawn(removed, 'sh', '<', table.concat(paths, '\\n') .. '\\n', '-c', 'sed "s#rm -r /#@T/#" | xargs rm -r')
      return
    end
    local put = inlet.getEvents(function(event) return event.etype ~= 'Delete' end)
    spawn(put, 'sh', '<', table.concat(put.getPaths(), '\\n') .. '\\n', '-c', 'cd @S && sed "s#^/##" | tar -c --no-recursion -T - | tar -x -C @T')
  end,
}
sync{ upload, source = '@S', place = '@T' }`);
  await mirror.until(() => mirror.copied('early') === '1\n', 'the first sync');
  mirror.change('echo 2 > f; mkdir d; echo 3 > d/g');
  // tar has times in whole seconds.
  await mirror.until(() => mirror.copied('f') === '2\n' && mirror.copied('d/g') === '3\n', 'what is new');
  mirror.change('rm -r d early');
  await mirror.until(() => readdirSync(mirror.copy).join() === 'f', 'what is gone');
});

describe('a part of a preset', () => {
  test.each([
    ['no first sync, one of its own', `init = function(event) event.inlet.discardEvent(event) end`, false],
    [
      'the one of the preset behind a line in the log',
      `init = function(event) log('Normal', 'mine') return default.rsync.init(event) end`,
      true,
    ],
    [
      'a first sync of its own with the arguments of the preset',
      `init = function(event)
        local config = event.config
        spawn(event, config.rsync.binary, '--delete', config.rsync._computed, '-r', config.source, config.target)
      end`,
      true,
    ],
  ])('init: %s', async (_name, init, isFirst) => {
    await using mirror = configured(
      `sync{ default.rsync, source = '@S', target = '@T', delay = 0.1, exclude = { '*.tmp' }, rsync = { perms = true }, ${init} }`,
    );
    await mirror.untilLogged(/first sync delivered/);
    expect(mirror.copied('early')).toBe(isFirst ? '1\n' : undefined);
    mirror.change('mkdir d; echo 2 > d/f; echo 3 > x.tmp; chmod 600 d/f');
    await mirror.until(() => mirror.copied('d/f') === '2\n', 'the change');
    mirror.change('mv d e; rm early');
    await mirror.until(() => mirror.copied('e/f') === '2\n' && !existsSync(`${mirror.copy}/d`), 'the move');
    await mirror.until(() => mirror.copied('early') === undefined, 'the deletion');
    expect(readdirSync(mirror.copy)).toEqual(['e']);
  });

  test.each([
    ['false', true, true],
    ["'startup'", false, true],
    ["'running'", true, false],
  ])('delete = %s counts', async (value, isOldKept, isGoneKept) => {
    await using mirror = configured(
      `sync{ default.rsync, source = '@S', target = '@T', delay = 0.1, delete = ${value},
        init = function(event) default.rsync.init(event) end }`,
      'echo 1 > early; echo 2 > gone; mkdir ../copy; echo old > ../copy/old',
    );
    await mirror.untilLogged(/first sync delivered/);
    expect(existsSync(`${mirror.copy}/old`)).toBe(isOldKept);
    mirror.change('rm gone; echo 3 > last');
    await mirror.until(() => mirror.copied('last') === '3\n', 'the change');
    await mirror.until(() => existsSync(`${mirror.copy}/gone`) === isGoneKept, 'the deletion');
  });

  test('a new mode of the source takes no names along', async () => {
    await using mirror = configured(
      `sync{ default.rsync, source = '@S', target = '@T', delay = 0, init = false, rsync = { perms = true },
        action = function(inlet) return default.rsync.action(inlet) end }`,
      'echo 1 > early; mkdir ../copy; chmod 700 ../copy',
    );
    await mirror.untilLogged(/watching/);
    mirror.change('chmod 750 .');
    await mirror.until(() => (statSync(mirror.copy).mode & 0o777) === 0o750, 'the mode');
    await mirror.untilLogged(/batch 1 delivered/);
    expect(readdirSync(mirror.copy)).toEqual([]);
    mirror.change('chmod 755 .; echo 2 > late');
    await mirror.until(() => mirror.copied('late') === '2\n', 'the new file');
    await mirror.until(() => (statSync(mirror.copy).mode & 0o777) === 0o755, 'the mode');
    await mirror.until(() => readdirSync(mirror.copy).join() === 'late', 'it alone');
  });

  test('an action that leaves everything to the full syncs of a crontab', async () => {
    await using mirror = configured(
      `sync{ default.rsync, source = '@S', target = '@T', delay = 0.1, crontab = { '* * * * * *' },
        action = function(inlet)
          local event = inlet.getEvent()
          if event.etype ~= 'Full' then
            log('Normal', 'not now: ', event.etype, ' ', event.path)
            return inlet.discardEvent(event)
          end
          return default.rsync.action(inlet)
        end }`,
    );
    await mirror.untilLogged(/first sync delivered/);
    mirror.change('mkdir d; echo 2 > d/f');
    await mirror.until(() => mirror.copied('d/f') === '2\n', 'the new directory');
    mirror.change('rm -r d early');
    await mirror.untilLogged(/not now: Delete d\//);
    await mirror.until(() => readdirSync(mirror.copy).length === 0, 'what is gone, all of it');
  });

  test('an empty source at the start deletes nothing', async () => {
    await using mirror = configured(
      `sync{ default.rsync, source = '@S', target = '@T', init = function(event) default.rsync.init(event) end }`,
      'mkdir ../copy; echo old > ../copy/old',
    );
    await mirror.untilLogged(/Warn: .*is empty: nothing is deleted/);
    await mirror.untilLogged(/first sync delivered/);
    expect(mirror.copied('old')).toBe('old\n');
  });
});
