import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import type { LiveProcess } from '../support/live-process.ts';
import { until } from '../support/processes.ts';
import { projectRoot } from '../support/project-root.ts';
import { startIn } from '../support/run-in-directory.ts';
import { makeTempDir, type TempDir } from '../support/temp-dir.ts';
import { shell } from '../support/tree.ts';

vi.setConfig({ testTimeout: 240_000 });
const DEADLINE_MS = 60_000;

/** Runs a Lua configuration while `work` is done; `@` in it is the directory, which has `src` and `trg`. */
async function running(
  config: string,
  work: (directory: TempDir, live: LiveProcess) => Promise<void>,
  prepare = '',
): Promise<string> {
  using directory = makeTempDir();
  for (const name of ['src', 'trg']) mkdirSync(directory.at(name));
  shell(directory.at('src'), prepare);
  writeFileSync(directory.at('c.lua'), config.replaceAll('@', directory.path));
  const live = startIn(directory, 'run', '-v', 'c.lua');
  try {
    await until(
      () => {
        if (!live.running) throw new Error(live.output);
        return live.output.includes('watching');
      },
      'the watch',
      DEADLINE_MS,
    );
    await work(directory, live);
  } finally {
    await live.end('SIGTERM', DEADLINE_MS);
  }
  expect(live.family()).toEqual([]);
  return live.output.replaceAll(directory.path, '@');
}

function linesOf(directory: TempDir, name = 'log'): readonly string[] {
  if (!existsSync(directory.at(name))) return [];
  return readFileSync(directory.at(name), 'latin1')
    .split('\n')
    .filter((line) => line !== '');
}

async function untilLines(directory: TempDir, lines: readonly string[], live: LiveProcess): Promise<void> {
  await until(
    () => {
      if (!live.running) throw new Error(live.output);
      return lines.every((line) => linesOf(directory).includes(line));
    },
    JSON.stringify(lines),
    DEADLINE_MS,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}\nfound: ${JSON.stringify(linesOf(directory))}\n${live.output}`);
  });
}

describe('layer 3, commands as text', () => {
  test('each variable is one word, whatever is in the name', async () => {
    await running(
      `sync{ source = '@/src', target = '@/trg', delay = 0,
        onStartup = 'echo startup ^source ^target >> @/log',
        onCreate = 'cp -r -- ^sourcePathname ^targetPathname && echo "created ^path" >> @/log',
        onModify = '/bin/cp -- ^sourcePathname ^targetPathname',
        onDelete = 'rm -rf -- ^targetPathname',
        onMove = 'mv -T -- ^o.targetPathname ^d.targetPathname && echo moved ^o.pathname to ^d.pathname >> @/log' }`,
      async (directory, live) => {
        await untilLines(directory, [`startup ${directory.path}/src/ ${directory.path}/trg`], live);
        shell(
          directory.at('src'),
          `printf 1 > 'a b$(touch x)"'; printf 2 > "$(printf 'odd\\377')"; printf 3 > plain`,
        );
        await untilLines(directory, ['created a b$(touch x)"', 'created odd\xff', 'created plain'], live);
        // Delivered behind them: what is moved while it is delivered is told as a deletion and a new name.
        shell(directory.at('src'), 'printf 4 > mark');
        await untilLines(directory, ['created mark'], live);
        shell(directory.at('src'), 'mv plain other; rm "$(printf \'odd\\377\')"');
        await untilLines(directory, ['moved plain to other'], live);
        await until(
          () =>
            readdirSync(directory.at('trg'), 'latin1').length === 3 &&
            readFileSync(directory.at('trg/other'), 'utf8') === '3',
          'the deletion, and what was written',
          DEADLINE_MS,
        );
        expect(readdirSync(directory.at('trg')).toSorted()).toEqual(['a b$(touch x)"', 'mark', 'other']);
      },
    );
  });
});

describe('layer 2, functions', () => {
  test('have events with all their fields, spawn, spawnShell with input, log', async () => {
    const output = await running(
      `local seen = {}
      local function show(event)
        return table.concat({ event.etype, tostring(event.isdir), event.name, event.basename, event.path, event.pathname,
          event.pathdir, event.sourcePathname, event.targetPath, event.config.mine, tostring(event.isList), event.status }, '|')
      end
      sync{ source = '@/src', target = '@/trg/', delay = 0, mine = 'm', checkgauge = { default.checkgauge, mine = true },
        onStartup = function(event) log('Normal', 'started ', event.etype, ' ', event.status) end,
        onCreate = function(event)
          spawn(event, 'sh', '<', show(event) .. '\\n', { '-c', 'cat >> @/log' })
        end,
        onModify = function(event) spawnShell(event, 'printf "%s\\\\n" "$1" >> @/log', 'modified ' .. event.path) end,
        onMove = function(o, d)
          spawn(o, 'sh', '-c', 'echo "$1" >> @/log', 'sh', o.move .. o.pathname .. ' ' .. d.move .. d.pathname)
        end,
      }`,
      async (directory, live) => {
        shell(directory.at('src'), 'mkdir d; printf 1 > "$(printf \'d/odd\\377\')"');
        const where = directory.path;
        await untilLines(
          directory,
          [
            `Create|true|d/|d|d/|d||${where}/src/d|${where}/trg/d/|m|false|wait`,
            `Create|false|odd\xff|odd\xff|d/odd\xff|d/odd\xff|d/|${where}/src/d/odd\xff|${where}/trg/d/odd\xff|m|false|wait`,
          ],
          live,
        );
        shell(directory.at('src'), 'printf 22 > f');
        await untilLines(
          directory,
          [`Create|false|f|f|f|f||${where}/src/f|${where}/trg/f|m|false|wait`],
          live,
        );
        shell(directory.at('src'), 'printf 3 >> f');
        await untilLines(directory, ['modified f'], live);
        // Delivered behind it: what is moved while it is delivered is told as a deletion and a new name.
        shell(directory.at('src'), 'mkdir mark');
        await untilLines(
          directory,
          [`Create|true|mark/|mark|mark/|mark||${where}/src/mark|${where}/trg/mark/|m|false|wait`],
          live,
        );
        shell(directory.at('src'), 'mv f g');
        await untilLines(directory, ['Frf Tog'], live);
      },
    );
    expect(output).toMatch(/started Init wait/);
  });

  test('what a function throws is told with its line, told again, and harms no other sync', async () => {
    const output = await running(
      `local tries = 0
      sync{ source = '@/src', delay = 0, onCreate = function(event)
        tries = tries + 1
        if tries == 1 then
          local nothing
          nothing.x = 1
        end
        spawn(event, 'sh', '-c', 'echo "again $1" >> @/log', 'sh', event.pathname)
      end }
      sync{ source = '@/src', delay = 0, onCreate = function(event) while true do end end }
      sync{ source = '@/src', delay = 0, onCreate = 'echo other ^pathname >> @/log' }`,
      async (directory, live) => {
        shell(directory.at('src'), 'echo 1 > f');
        await untilLines(directory, ['other f', 'again f'], live);
        await until(
          () => live.output.includes('ran for longer than 5 s'),
          'the end of the loop',
          DEADLINE_MS,
        );
      },
    );
    expect(output).toMatch(/c\.lua:6: attempt to index a nil value \(local 'nothing'\)/);
    expect(output).toMatch(/c\.lua:10: ran for longer than 5 s/);
  });
});

describe('layer 1, the whole action', () => {
  test('takes lists of events, pipes their paths, and judges exits', async () => {
    await running(
      `local failed = false
      sync{ source = '@/src', target = '@/trg', delay = 0.2, init = function(event)
          spawn(event, 'sh', '-c', 'echo init >> @/log')
        end,
        action = function(inlet)
          local list = inlet.getEvents(function(event) return event.etype ~= 'Delete' end)
          if list.size() > 0 then
            local paths = list.getPaths(function(etype, one, two) return etype .. one, two end)
            spawn(list, 'sh', '<', table.concat(paths, '\\n') .. '\\n', '-c', 'cat >> @/log; exit ' .. (failed and 0 or 7))
            return
          end
          local event = inlet.getEvent()
          if event then
            spawn(event, 'sh', '-c', 'echo "gone $1" >> @/log', 'sh', event.pathname)
          end
        end,
        collect = function(agent, code)
          if code == 7 then failed = true return 'again' end
          if agent.isList then log('Normal', 'collected ', agent.size(), ' of ', agent.config.target) end
        end }`,
      async (directory, live) => {
        await untilLines(directory, ['init'], live);
        shell(directory.at('src'), 'echo 1 > a; echo 1 > b');
        await untilLines(directory, ['Create/a', 'Create/b'], live);
        await until(() => live.output.includes('collected'), 'the second try', DEADLINE_MS);
        expect(linesOf(directory).filter((line) => line === 'Create/a').length).toBeGreaterThan(1);
        rmSync(directory.at('src/a'));
        await untilLines(directory, ['gone a'], live);
        shell(directory.at('src'), 'mv b c');
        await untilLines(directory, ['gone b', 'Create/c'], live);
      },
    );
  });

  test('excludes names, discards events, makes a blanket, sets an alarm', async () => {
    await running(
      `sync{ source = '@/src', target = '@/trg', delay = 0, init = function(event)
          event.inlet.addExclude('*.tmp')
          event.inlet.addExclude('*.bak')
          event.inlet.rmExclude('*.bak')
          for _, pattern in ipairs(event.inlet.getExcludes()) do log('Normal', 'excluded ', pattern) end
          event.inlet.discardEvent(event)
          local inlet = event.inlet
          alarm(now() + 0.1, function(at, extra)
            spawn(inlet.createBlanketEvent(), 'sh', '-c', 'echo "$1" >> @/log', 'sh', 'alarm ' .. extra)
          end, 'rang')
          alarm(now() + 40 * 24 * 3600, function() log('Normal', 'forty days are over') end)
        end,
        action = function(inlet)
          local event = inlet.getEvent()
          if event.etype == 'Blanket' then return end
          rawset(event, 'mine', 'kept')
          if event.isdir then inlet.discardEvent(event) return end
          spawn(event, 'sh', '-c', 'echo "$1" >> @/log', 'sh', rawget(event, 'mine') .. ' ' .. event.pathname)
        end }`,
      async (directory, live) => {
        await untilLines(directory, ['alarm rang'], live);
        // A pattern that was taken back counts to the end of the delivery that follows.
        shell(directory.at('src'), 'echo 0 > first');
        await untilLines(directory, ['kept first'], live);
        shell(directory.at('src'), 'mkdir d; echo 1 > x.tmp; echo 2 > y.bak; echo 3 > z');
        await untilLines(directory, ['kept y.bak', 'kept z'], live);
        expect(linesOf(directory)).not.toContain('kept x.tmp');
        expect(live.output).toContain('excluded *.tmp');
        expect(live.output).not.toContain('forty days are over');
      },
    );
  });

  test('terminate ends the program with its status', async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('src'));
    writeFileSync(
      directory.at('c.lua'),
      `sync{ source = 'src', delay = 0, onStartup = function(event) terminate(7) end, onCreate = 'true' }`,
    );
    const live = startIn(directory, 'run', 'c.lua');
    await until(() => !live.running, 'the end', DEADLINE_MS);
    expect((await live.end('SIGKILL', 0)).code).toBe(7);
  });

  test('nothing behind terminate is done, even when it is caught', async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('src'));
    writeFileSync(
      directory.at('c.lua'),
      `sync{ source = 'src', delay = 0, onCreate = function(event)
        pcall(terminate, 9)
        spawnShell(event, 'touch ${directory.at('SPAWNED')}')
        os.execute('touch ${directory.at('RUN')}')
      end }`,
    );
    const live = startIn(directory, 'run', '-v', 'c.lua');
    await until(() => live.output.includes('watching'), 'the watch', DEADLINE_MS);
    shell(directory.at('src'), 'touch a b c');
    await until(() => !live.running, 'the end', DEADLINE_MS);
    expect((await live.end('SIGKILL', 0)).code).toBe(9);
    expect(readdirSync(directory.path).sort()).toEqual(['c.lua', 'src']);
  });
});

test('convert carries commands over, and tells of functions', () => {
  using directory = makeTempDir();
  writeFileSync(
    directory.at('c.lua'),
    `sync{ source = '/s', target = 't', delay = 2, onCreate = 'cp ^sourcePath ^targetPath', exitcodes = { [3] = 'again' } }
sync{ source = '/s', onCreate = function() end }
`,
  );
  let status = 0;
  let output: string;
  try {
    output = execFileSync(
      'sh',
      ['-c', `cd ${directory.path} && exec node ${projectRoot}/dist/cli.js convert c.lua 2>&1`],
      { encoding: 'utf8' },
    );
  } catch (error) {
    const failed = error as { readonly status: number; readonly stdout: string };
    ({ status, stdout: output } = failed);
  }
  expect(status).toBe(1);
  expect(output).toContain('syncline: c.lua:2: the handlers of this sync are Lua; it is left out\n');
  expect(output).toContain('onCreate: cp ^sourcePath ^targetPath\n');
  expect(output).toMatch(/exitCodes:\n {6}again:\n {8}- 3\n/);
});
