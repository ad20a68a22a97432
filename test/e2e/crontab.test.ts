import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LiveConfig } from '../support/live-config.ts';
import { LsyncdMirror } from '../support/lsyncd-mirror.ts';

const content = 'mkdir d; echo 1 > d/f; echo 2 > g';
const NEVER = '0 0 1 1 *';

describe.concurrent('a crontab', () => {
  test.for(['rsync', 'direct'])(
    'brings back what was lost on a target of the kind %s, and not before its time',
    async (kind) => {
      const config = (crontab: string): string =>
        `syncs: [{ source: s, targets: [{ kind: ${kind}, target: a }], delay: 0.1, crontab: ${crontab} }]`;
      await using live = await LiveConfig.inSync(config(`"${NEVER}"`), ['s'], content, 1);
      rmSync(live.directory.at('a/d/f'));
      utimesSync(live.directory.at('a/g'), 1, 1);
      live.change('s', 'echo new > d/new');
      await live.until(() => existsSync(live.directory.at('a/d/new')), 'a delivery of something else');
      expect(existsSync(live.directory.at('a/d/f'))).toBe(false);
      expect(await live.reload(config(`["${NEVER}", "* * * * * *"]`))).toEqual([
        `target a: crontab "${NEVER}" → "${NEVER}", "* * * * * *"`,
      ]);
      await live.untilEqual('s', 'a');
      const count = (): number => live.logged(/^crontab: all is compared$/).length;
      const before = count();
      await live.until(() => count() > before + 1, 'further times');
      expect(await live.reload(config('[]'))).toEqual([`target a: crontab "${NEVER}", "* * * * * *" → none`]);
      // A comparison may be under way, and bring the first of these; the second one is delivered behind it.
      for (const name of ['next', 'behind']) {
        live.change('s', `echo ${name} > ${name}`);
        await live.until(() => existsSync(live.directory.at(`a/${name}`)), 'the end of the comparison');
      }
      const after = count();
      rmSync(live.directory.at('a/g'));
      live.change('s', 'echo last > last');
      await live.until(() => existsSync(live.directory.at('a/last')), 'one more delivery');
      expect(existsSync(live.directory.at('a/g'))).toBe(false);
      expect(count()).toBe(after);
      expect((await live.end()).code).toBe(143);
    },
  );

  test('loses nothing that is pending, and mends a target once that is no more down', async () => {
    const program = `#!/bin/sh\n[ -e down ] && { echo "$@" >> calls; exit 12; }\nexec rsync "$@"\n`;
    const config = `syncs:
  - { source: s, targets: [a], delay: 0.1, crontab: "* * * * * *", rsync: { program: ./rsync } }\n`;
    await using live = new LiveConfig(config, ['s'], content, [], { rsync: program });
    await live.untilEqual('s', 'a');
    writeFileSync(live.directory.at('down'), '');
    live.change('s', 'echo pending > pending');
    await live.until(() => live.logged(/failed/).length > 2, 'failures');
    rmSync(live.directory.at('a/g'));
    rmSync(live.directory.at('down'));
    await live.untilEqual('s', 'a');
    expect(readFileSync(live.directory.at('a/pending'), 'utf8')).toBe('pending\n');
  });

  test('tells an action the root as one directory, or every name in it', async () => {
    const full = `onFull: 'echo "full ^pathname ^sourcePath" >> told'`;
    const config = (keys: string): string =>
      `syncs:\n  - source: s\n    delay: 0.1\n    initial: false\n    crontab: '* * * * * *'\n    targets: [{ kind: action, ${keys} }]\n`;
    const told = (live: LiveConfig): string =>
      existsSync(live.directory.at('told')) ? readFileSync(live.directory.at('told'), 'utf8') : '';
    const names = `onCreate: 'echo "create ^pathname" >> told', onModify: 'echo "modify ^pathname" >> told'`;
    await using whole = new LiveConfig(config(`${names}, ${full}`), ['s'], content);
    await whole.until(() => told(whole).includes('full'), 'a full sync');
    expect(told(whole).replaceAll(`${whole.directory.path}/`, '')).toMatch(/^(full \. s\n)+$/);
    await using single = new LiveConfig(config(names), ['s'], content);
    const all = (): boolean => ['d', 'd/f', 'g'].every((name) => told(single).includes(` ${name}\n`));
    await single.until(all, 'every name');
    expect(told(single)).not.toContain('full');
  });
});

describe('the crontab of a Lua configuration', () => {
  test('brings back what was lost on the target of a preset', async () => {
    const lua = `sync{ default.rsync, source = 's', target = 'a',
      delay = 1, crontab = { '* * * * * *' } }`;
    await using live = new LiveConfig(lua, ['s'], content, [], {}, 'c.lua');
    await live.until(() => existsSync(live.directory.at('a/d/f')), 'the first sync');
    rmSync(live.directory.at('a/d/f'));
    await live.until(() => existsSync(live.directory.at('a/d/f')), 'the file is back');
  });

  test('calls full of handlers of its own, with the program lsyncd', async () => {
    await using mirror = new LsyncdMirror(({ directory, source, copy }) => {
      writeFileSync(
        directory.at('c.lua'),
        `sync{ source = [[${source}]], target = [[${copy}]], delay = 0, crontab = { '*/1 * * * * *' },
          action = function(inlet) inlet.discardEvent((inlet.getEvent())) end,
          full = function(event)
            spawn(event, 'rsync', '-a', '--delete', event.source, event.target)
            log('Normal', 'full ', event.etype, ' ', event.path)
          end }`,
      );
      return [directory.at('c.lua')];
    }, content);
    await mirror.until(() => mirror.copied('d/f') === '1\n', 'the first of the full syncs');
    rmSync(`${mirror.copy}/g`);
    await mirror.until(() => mirror.copied('g') === '2\n', 'the file is back');
    await mirror.untilLogged(/Normal: full Full/);
  });
});
