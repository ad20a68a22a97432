import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { Activity } from '../support/activity/activity.ts';
import { LiveConfig } from '../support/live-config.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { startSshd } from '../support/sshd.ts';

const content =
  'mkdir -p d/e cache/x; echo 1 > d/e/f; echo 2 > g; echo 3 > cache/x/big; echo o > d/a.o; echo o > b.o';

/** A configuration of the sync of `s` to these targets, with options. */
const config = (targets: string, options = 'delay: 0.1', more = ''): string =>
  `${more}syncs:\n  - source: s\n    targets: [${targets}]\n    ${options}\n`;

const both = 'a, { kind: direct, target: b }';

/** To be asked later: no delivery has been made, and every file of these trees is the one it was. */
function stillness(live: LiveConfig, ...copies: readonly string[]): () => void {
  const before = copies.map((copy) => live.inodes(copy));
  const deliveries = live.deliveries.length;
  return () => {
    expect(live.deliveries.length).toBe(deliveries);
    expect(copies.map((copy) => live.inodes(copy))).toEqual(before);
  };
}

/** The last part of the names of targets that have had a first sync, in order of the alphabet. */
const firstSyncs = (live: LiveConfig): readonly string[] =>
  live
    .logged(/^first sync delivered/)
    .map(({ target = '' }) => target.replace(/.*\//, ''))
    .toSorted();

describe.concurrent('a reload', () => {
  test('applies options without touching a file, and does nothing where nothing changed', async () => {
    await using live = await LiveConfig.inSync(config(both), ['s'], content, 2);
    const expectStill = stillness(live, 'a', 'b');
    expect(await live.reload(config(both))).toEqual(['nothing changed']);
    expect(await live.reload(config(both, 'delay: 5'))).toEqual([
      'target a: delay 0.1 s → 5 s',
      'target b: delay 0.1 s → 5 s',
    ]);
    const changed = `{ kind: rsync, target: a, delay: 0.2, delete: no, maxDelete: 10%, timeout: 60, maxProcesses: 2,
      rsync: { compress: true }, hooks: { afterBatch: [sh, -c, 'cat >> ${live.directory.at('told')}'] } },
      { kind: direct, target: b, delay: 0.2 }`;
    expect(await live.reload(config(changed, 'maxNames: 5', 'maxTotalProcesses: 1\n'))).toEqual([
      'maxTotalProcesses none → 1',
      expect.stringMatching(
        /^target a: delay 5 s → 0.2 s, maxNames 2000 → 5, delete yes → no, maxDelete none → 10%, maxProcesses 1 → 2, timeout 600 s → 60 s, hooks.afterBatch none → .*, rsync none → --compress$/,
      ),
      'target b: delay 5 s → 0.2 s, maxNames 2000 → 5',
    ]);
    expectStill();
    live.change('s', 'rm g; echo new > new');
    await live.untilEqual('s', 'b');
    await live.until(
      () => existsSync(live.directory.at('a/new')) && existsSync(live.directory.at('told')),
      'the hook',
    );
    expect(existsSync(live.directory.at('a/g'))).toBe(true);
    expect(firstSyncs(live)).toEqual(['a', 'b']);
  });

  test('changes the level of the log from then on', async () => {
    await using live = await LiveConfig.inSync(config('a'), ['s'], content, 1);
    expect(live.logged(/^run$/)).toEqual([]);
    const told = await live.reload(config('a', 'delay: 0.1', 'log: { level: debug }\n'));
    expect(told).toEqual(['log.level info → debug']);
    live.change('s', 'echo new > new');
    await live.until(() => live.logged(/^run$/).length > 0, 'a line of the level debug');
  });

  test('starts and ends targets and sources, and leaves the others alone', async () => {
    await using live = await LiveConfig.inSync(config(both), ['s', 'z'], content, 2);
    const before = live.inodes('a');
    const told = await live.reload(`${config('a, c')}  - { source: z, targets: [y] }\n`);
    expect(told.toSorted()).toEqual([
      'target b: removed; it ends after its delivery under way',
      'target c: added',
      'target y: added',
    ]);
    await live.until(() => firstSyncs(live).length === 4, 'the first syncs');
    expect(firstSyncs(live)).toEqual(['a', 'b', 'c', 'y']);
    expect(live.inodes('a')).toEqual(before);
    live.change('s', 'echo late > late');
    live.change('z', 'mv d e');
    await live.untilEqual('s', 'a');
    await live.untilEqual('s', 'c');
    await live.untilEqual('z', 'y');
    expect(existsSync(live.directory.at('b/late'))).toBe(false);
    expect((await live.reload(config('a'))).toSorted()).toEqual([
      'target c: removed; it ends after its delivery under way',
      'target y: removed; it ends after its delivery under way',
    ]);
    expect((await live.end()).code).toBe(143);
    expect(live.process.family()).toEqual([]);
  });

  test('takes a target by another way for another target, and finds its files in place', async () => {
    await using live = await LiveConfig.inSync(config('a'), ['s'], content, 1);
    const before = live.inodes('a');
    const told = await live.reload(config('{ kind: direct, target: a }'));
    expect(told.toSorted()).toEqual([
      'target a: added',
      'target a: removed; it ends after its delivery under way',
    ]);
    await live.until(() => firstSyncs(live).length === 2, 'its first sync');
    expect(live.logged(/^first sync delivered: 0 updated, 0 deleted/)).toHaveLength(1);
    expect(live.inodes('a')).toEqual(before);
  });

  test('compares all of a target whose attributes changed, and of no other', async () => {
    const without = 'attributes: { perms: false }, delay: 0.1';
    const target = (name: string, options: string): string => `{ kind: direct, target: ${name}, ${options} }`;
    await using live = await LiveConfig.inSync(
      config(`${target('a', without)}, ${target('b', without)}`),
      ['s'],
      content,
      2,
    );
    live.change('s', 'chmod 777 d/e/f');
    const untouched = live.inodes('b');
    const mode = await live.reload(config(`${target('a', 'delay: 0.1')}, ${target('b', without)}`));
    expect(mode).toEqual(['target a: attributes.perms off → on; all of it is compared']);
    await live.untilEqual('s', 'a');
    expect(live.inodes('b')).toEqual(untouched);
    expect(firstSyncs(live)).toEqual(['a', 'b']);
  });
});

describe.concurrent('changed rules', () => {
  test('bring in what they show, and compare nothing else', async () => {
    const rules = (...patterns: string[]): string => `{ delay: 0.1, exclude: ${JSON.stringify(patterns)} }`;
    const own = (options: string): string => `defaults: ${options}\nsyncs: [{ source: s, targets: [a] }]\n`;
    await using live = await LiveConfig.inSync(own(rules('/cache/', '*.o')), ['s'], content, 1);
    expect(existsSync(live.directory.at('a/cache'))).toBe(false);
    // Whoever compared this would mend it.
    writeFileSync(live.directory.at('a/g'), 'theirs');
    utimesSync(live.directory.at('a/g'), 1, 1);
    const before = live.inodes('a');
    expect(await live.reload(own(rules('*.o')))).toEqual([
      'target a: rules: 0 added, 1 removed; cache is compared',
    ]);
    await live.until(() => existsSync(live.directory.at('a/cache/x/big')), 'what was hidden');
    live.change('s', 'echo more > cache/x/more');
    await live.until(() => existsSync(live.directory.at('a/cache/x/more')), 'a change of what was hidden');
    expect(live.inodes('a')).toMatchObject(before);
    await live.until(() => live.deliveries.length >= 3, 'the lines about them');
    const expectStill = stillness(live, 'a');
    expect(await live.reload(own(rules('*.o', '/cache/', '/d/')))).toEqual([
      'target a: rules: 2 added, 0 removed',
    ]);
    live.change('s', 'echo hidden > cache/x/hidden; rm -r d/e');
    expectStill();
    expect(await live.reload(own(rules('/cache/', '/d/')))).toEqual([
      'target a: rules: 0 added, 1 removed; all of it is compared',
    ]);
    await live.until(() => existsSync(live.directory.at('a/b.o')), 'what was hidden anywhere');
    await live.until(
      () => readFileSync(live.directory.at('a/g'), 'utf8') === '2\n',
      'what was theirs mended',
    );
    expect(existsSync(live.directory.at('a/d/e/f'))).toBe(true);
    expect(existsSync(live.directory.at('a/cache/x/hidden'))).toBe(false);
    expect(firstSyncs(live)).toEqual(['']);
  });

  test('in a file are read again, for one sync of two that share a watch', async () => {
    const text = `defaults: { delay: 0.1 }
syncs:
  - { source: s, filter: merge rules, targets: [a] }
  - { source: s/d, targets: [b] }
`;
    const live = new LiveConfig(text, ['s'], content, [], { rules: '- /cache\n- /d/*.o\n' });
    await using _ = live;
    await live.until(() => firstSyncs(live).length === 2, 'both first syncs');
    const before = live.inodes('b');
    live.write('- /cache\n', 'rules');
    expect(await live.reload(text)).toEqual(['target a: rules: 0 added, 1 removed; d is compared']);
    await live.until(() => existsSync(live.directory.at('a/d/a.o')), 'what was hidden');
    expect(live.inodes('b')).toEqual(before);
    live.change('s', 'mv d/e d/moved; echo more > d/b.o');
    await live.untilEqual('s/d', 'b');
    await live.untilEqual('s/d', 'a/d');
    expect(existsSync(live.directory.at('a/cache'))).toBe(false);
  });
});

describe.concurrent('what is pending', () => {
  test('waits for the time that it has by then, whatever else changes', async () => {
    const own = (options: string): string => config('a', `delay: ${options.replaceAll(', ', '\n    ')}`);
    await using live = await LiveConfig.inSync(own('600, maxDelay: 900'), ['s'], content, 1);
    live.change('s', 'echo pending > pending; mv d e; rm b.o');
    await live.reload(own('600, maxDelay: 901, timeout: 50'));
    await live.reload(own('600, maxDelay: 901, timeout: 50, exclude: "*.tmp"'));
    live.change('s', 'echo more > more');
    expect(live.deliveries).toHaveLength(1);
    expect(await live.reload(own('0.1, maxDelay: 901, timeout: 50, exclude: "*.tmp"'))).toEqual([
      'target a: delay 600 s → 0.1 s',
    ]);
    await live.untilEqual('s', 'a');
    await live.until(() => live.deliveries.length >= 2, 'the line about it');
    expect(live.logged(/names were not delivered/)).toEqual([]);
  });

  test('is tried again at once where deletions were held and a reload allows them', async () => {
    await using live = await LiveConfig.inSync(config('a', 'maxDelete: 1'), ['s'], content, 1);
    live.change('s', 'rm -r d cache');
    await live.until(() => live.logged(/^held: /).length > 0, 'the hold');
    expect(existsSync(live.directory.at('a/d/e/f'))).toBe(true);
    expect(await live.reload(config('a', 'maxDelete: 100'))).toEqual(['target a: maxDelete 1 → 100']);
    await live.untilEqual('s', 'a');
  });

  test('arrives once where a first sync is under way', async () => {
    const live = new LiveConfig(
      config('{ kind: rsync, target: a, rsync: { program: ./slow } }'),
      ['s'],
      content,
      [],
      {
        // Every run but the first questions waits for the file `go`.
        slow: '#!/bin/sh\ncase " $* " in *" --version "*) exec rsync "$@" ;; esac\ntouch begun\nuntil [ -e go ]; do sleep 0.05; done\nexec rsync "$@"\n',
      },
    );
    await using _ = live;
    await live.until(() => existsSync(live.directory.at('begun')), 'rsync');
    const now =
      '{ kind: rsync, target: a, delay: 0.2, timeout: 99, rsync: { program: ./slow } }, { kind: direct, target: b }';
    expect(await live.reload(config(now))).toEqual([
      'target a: delay 0.1 s → 0.2 s, timeout 600 s → 99 s',
      'target b: added',
    ]);
    await live.untilEqual('s', 'b');
    live.change('s', 'echo meanwhile > meanwhile');
    await live.untilEqual('s', 'b');
    expect(existsSync(live.directory.at('a/g'))).toBe(false);
    expect(await live.reload(config(`${now}, c`))).toEqual(['target c: added']);
    writeFileSync(live.directory.at('go'), '');
    await live.untilEqual('s', 'a');
    await live.untilEqual('s', 'c');
    await live.until(() => firstSyncs(live).length === 3, 'all first syncs');
    expect(firstSyncs(live)).toEqual(['a', 'b', 'c']);
  });
});

describe.concurrent('a configuration that is wrong', () => {
  test('is told of line by line, and changes nothing', async () => {
    await using live = await LiveConfig.inSync(config(both), ['s'], content, 2);
    const expectStill = stillness(live, 'a', 'b');
    expect(await live.refused('syncs:\n  - sorce: s\n    targets: [a]\n    delay: x\n', 3)).toEqual([
      'error configuration not reloaded: c.yaml:2:5: syncs[0].source: missing; allowed: the path of a directory',
      'error configuration not reloaded: c.yaml:2:5: syncs[0].sorce: unknown key; did you mean source?',
      'error configuration not reloaded: c.yaml:4:12: syncs[0].delay: found "x"; allowed: seconds: a number from 0 to 1000000',
    ]);
    for (const [wrong, said] of [
      ['syncs: [', /c\.yaml:1:/],
      [
        `${config('a', 'delay: 9')}  - { source: none, targets: [c] }\n`,
        /syncs\[1\]\.targets\[0\]: none: no such directory/,
      ],
      [config('a, no/where'), /c\.yaml:3:18: syncs\[0\]\.targets\[1\]: .*no\/where.*mkpath/],
      [config('a, a/in'), /lies inside target/],
      [config('a', 'excludeFrom: gone'), /syncs\[0\]\.excludeFrom: .*gone: ENOENT/],
      [config('a', 'rsync: { program: ./no-rsync }'), /no-rsync/],
      [config('a', 'rsync: { extra: [--delete] }'), /--delete/],
    ] as const)
      expect(await live.refused(wrong, 1)).toEqual([expect.stringMatching(said)]);
    expectStill();
    live.change('s', 'echo new > new');
    await live.untilEqual('s', 'a');
    await live.untilEqual('s', 'b');
    expect(await live.reload(config(both))).toEqual(['nothing changed']);
  });

  test('starts a target again that could not work, once it can', async () => {
    await using live = await LiveConfig.inSync(config('a, no/where'), ['s'], content, 1);
    await live.until(() => live.logged(/^stopped: /).length > 0, 'the end of the other one');
    expect(await live.reload(config('a, no/where', 'delay: 0.2'))).toEqual(['target a: delay 0.1 s → 0.2 s']);
    mkdirSync(live.directory.at('no'));
    expect(await live.reload(config('a, no/where', 'delay: 0.2'))).toEqual([
      'target no/where: started again',
    ]);
    await live.untilEqual('s', 'no/where');
  });
});

describe.concurrent('--watch-config', () => {
  test('follows the configuration and its files of rules, however they are written', async () => {
    const own = (delay: number): string => config('a', `delay: ${delay}\n    excludeFrom: rules`);
    const live = new LiveConfig(own(0.1), ['s'], content, ['--watch-config'], { rules: '*.o\n' });
    await using _ = live;
    await live.until(() => firstSyncs(live).length === 1, 'the first sync');
    for (const [delay, write] of [
      [
        0.2,
        (text: string) => {
          live.write(text);
        },
      ],
      [
        0.3,
        (text: string) => {
          writeFileSync(live.directory.at('c.yaml'), text);
        },
      ],
      [
        0.4,
        (text: string) => {
          live.write(text);
        },
      ],
    ] as const) {
      const before = live.told.length;
      write(own(delay));
      await live.until(() => live.told.length > before, 'the reload');
      expect(live.toldSince(before)).toEqual([expect.stringContaining(`→ ${delay} s`)]);
    }
    const beforeRules = live.told.length;
    live.write('/cache\n', 'rules');
    await live.until(() => existsSync(live.directory.at('a/b.o')), 'what was hidden');
    await live.until(() => live.told.length > beforeRules, 'the line about it');
    const before = live.told.length;
    live.write('broken', 'c.yaml');
    await live.until(() => live.told.length > before, 'the error');
    live.write(own(0.4));
    await live.until(() => live.told.length > before + 1, 'the end of the error');
    expect(live.toldSince(before)).toEqual([
      expect.stringMatching(/^configuration not reloaded: c\.yaml/),
      'nothing changed',
    ]);
  });
});

describe.concurrent('HUP', () => {
  test('beside TERM changes nothing about the end', async () => {
    await using live = await LiveConfig.inSync(config('a', 'delay: 600'), ['s'], content, 1);
    live.change('s', 'echo last > last');
    live.write(config('a, c', 'delay: 600'));
    const end = live.end('SIGTERM');
    live.hangUp();
    expect(await end).toEqual({ code: 143, signal: null });
    expect(live.differences('s', 'a')).toEqual([]);
    expect(live.process.family()).toEqual([]);
  });

  test('takes over the commands of an action with all that waits, and its functions with a new start', async () => {
    const told = (live: LiveConfig): string => readFileSync(live.directory.at('told'), 'utf8');
    const commands = (
      live: { directory: { at: (name: string) => string } },
      word: string,
      delay: number,
    ): string =>
      `syncs:\n  - source: s\n    targets: [{ kind: action, onCreate: 'echo ${word} "$1" >> ${live.directory.at('told')} # ^pathname' }]\n    delay: ${delay}\n`;
    const live = new LiveConfig(config('a'), ['s'], content);
    await using _ = live;
    await live.until(() => firstSyncs(live).length === 1, 'the first sync');
    await live.reload(commands(live, 'one', 600));
    await live.until(() => existsSync(live.directory.at('told')), 'the first sync of the action');
    await live.until(() => live.logged(/^first sync delivered/).length === 2, 'the end of the first sync');
    const first = told(live);
    expect(first).toMatch(/^one /m);
    live.change('s', 'echo new > new');
    expect(await live.reload(commands(live, 'two', 600))).toEqual([
      expect.stringMatching(/^target action: onCreate echo one .* → echo two /),
    ]);
    expect(told(live)).toBe(first);
    await live.reload(commands(live, 'two', 0));
    await live.until(() => told(live) !== first, 'what waited');
    expect(told(live).slice(first.length)).toBe('two new\n');
  });

  test('takes over the functions of a Lua configuration when a file of it has changed, with all that waits', async () => {
    const text = (delay: number): string =>
      `dofile("words.lua")\nsync{source = "s", delay = ${delay}, init = function(event) spawn(event, "sh", "-c", "echo " .. word .. " >> told") end,\n` +
      'action = function(inlet) local event = inlet.getEvent(); spawn(event, "sh", "-c", "echo $1 $2 $3 >> told", "sh", word, event.etype, event.pathname) end}\n';
    const files = { 'words.lua': 'word = "one"' };
    const live = new LiveConfig(
      text(600),
      ['s'],
      `${content}; echo 1 > old`,
      ['--watch-config'],
      files,
      'c.lua',
    );
    await using _ = live;
    const told = (): readonly string[] =>
      existsSync(live.directory.at('told'))
        ? readFileSync(live.directory.at('told'), 'utf8').trim().split('\n')
        : [];
    await live.until(() => told().length === 1, 'the start');
    await live.until(() => live.logged(/^first sync delivered/).length === 1, 'the end of the start');
    live.hangUp();
    await live.until(() => live.told.length === 1, 'a line about the reload');
    expect(live.toldSince(0)).toEqual(['nothing changed']);
    live.change('s', 'rm old; echo new > new');
    live.write('word = "two"', 'words.lua');
    await live.until(() => live.told.length === 2, 'a line about the new words');
    expect(live.toldSince(1)).toEqual([expect.stringMatching(/^target action: program \S+ → \S+$/)]);
    live.write(text(0), 'c.lua');
    await live.until(() => told().length >= 3, 'what waited');
    expect(told()).toEqual(['one', 'two Delete old', 'two Create new']);
  });

  test('takes over functions of a program with all that waits, and lets a call under way come to its end', async () => {
    const text = (word: string, delay: number): string =>
      `import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
const tell = (text) => appendFileSync('told', text + '\\n');
const config = { syncs: [{ source: 's', delay: ${delay}, targets: [{
  kind: 'action',
  start: () => tell('start ${word}'),
  onStartup: () => tell('startup ${word}'),
  onDelete: ({ pathname }) => tell('${word} delete ' + pathname),
  onCreate: async ({ name }) => {
    tell('${word} create ' + name);
    while (name === 'slow' && !existsSync('go')) await pause(10);
    tell('${word} end of ' + name);
  },
}] }] };
export { config as default };\n`;
    const live = new LiveConfig(text('one', 0), ['s'], 'echo 1 > old', [], {}, 'c.ts');
    await using _ = live;
    const told = (): readonly string[] =>
      existsSync(live.directory.at('told'))
        ? readFileSync(live.directory.at('told'), 'utf8').trim().split('\n')
        : [];
    await live.until(() => live.logged(/^first sync delivered/).length === 1, 'the start');
    live.change('s', 'echo 1 > slow');
    await live.until(() => told().includes('one create slow'), 'the call');
    live.change('s', 'rm old; echo 2 > new');
    expect(await live.reload(text('two', 0))).toEqual([
      expect.stringMatching(/^target action: program \S+ → \S+$/),
    ]);
    writeFileSync(live.directory.at('go'), '');
    await live.until(() => told().includes('two end of new'), 'what waited');
    expect(told()).toEqual([
      'start one',
      'startup one',
      'one create slow',
      'start two',
      'one end of slow',
      'two delete old',
      'two create new',
      'two end of new',
    ]);
    expect(
      await live.refused(text('three', 0).replace('start: () =>', 'start: () => nothing &&'), 1),
    ).toEqual([
      expect.stringMatching(
        /^error configuration not reloaded: c\.ts: syncs\[0\]\.targets\[0\]: action: start threw: nothing is not defined \(c\.ts:6:\d+\)/,
      ),
    ]);
    live.change('s', 'echo 3 > more');
    await live.until(() => told().at(-1) === 'two end of more', 'the functions before');
  });

  test('reads a program again, and tells what it throws', async () => {
    const text =
      'export const config = { syncs: [{ source: "s", targets: ["a"], delay: 0.1 }] };\nexport { config as default };\n';
    const live = new LiveConfig(text, ['s'], content, [], {}, 'c.ts');
    await using _ = live;
    await live.until(() => firstSyncs(live).length === 1, 'the first sync');
    expect(await live.reload(text.replace('0.1', '0.2'))).toEqual(['target a: delay 0.1 s → 0.2 s']);
    for (const [wrong, line] of [
      ['throw new Error("no disk");\n', 'c.ts:1: no disk'],
      ['process.exit(0);\n', 'c.ts: it has ended the program while it was loaded'],
      ['for (;;);\n', 'c.ts: its top level has not let go of its thread for 10 s'],
    ] as const) {
      const refused = live.refused(wrong, 1);
      live.change('s', `echo "${line}" > g`);
      await live.untilEqual('s', 'a');
      expect(await refused).toEqual([`error configuration not reloaded: ${line}`]);
    }
    const count = live.told.length;
    live.write('for (;;);\n');
    live.hangUp();
    expect(await live.end()).toEqual({ code: 143, signal: null });
    expect(live.told).toHaveLength(count);
  });
});

test('an ssh connection is shared by what a reload adds, and ends with its last target', async () => {
  await using sshd = await startSshd();
  const [knownHosts = ''] = sshd.sshArguments.filter((argument) => argument.includes('KnownHosts'));
  const far = (live: { at: (name: string) => string }, name: string): string =>
    `{ kind: rsyncssh, host: ${sshd.host}, directory: ${live.at(name)}, ssh: { port: ${sshd.port}, identity: ${sshd.identity},
      options: { UserKnownHostsFile: '${knownHosts.replace(/.*=/, '')}', IdentitiesOnly: yes }, extra: [-F/dev/null] } }`;
  await using live = await LiveConfig.inSync(config('a'), ['s'], content, 1);
  const { directory } = live;
  await live.reload(config(`a, ${far(directory, 'x')}`));
  await live.untilEqual('s', 'x');
  await live.reload(config(`a, ${far(directory, 'x')}, ${far(directory, 'y')}`));
  await live.untilEqual('s', 'y');
  expect(sshd.connections()).toBe(1);
  await live.reload(config(`a, ${far(directory, 'y')}`));
  live.change('s', 'mv d e');
  await live.untilEqual('s', 'y');
  expect(sshd.connections()).toBe(1);
  await live.reload(config('a'));
  await live.until(() => sshd.connections() === 0, 'the end of the connection');
  await live.untilEqual('s', 'a');
});

test.each([1_847, 90_210])(
  '20 reloads under random activity end with equal trees (seed %i)',
  async (seed) => {
    const random = new SeededRandom(seed);
    const outside = ['outside', 'decoy'];
    let count = 0;
    const variant = (): string => {
      const a = `{ kind: rsync, target: a, delay: ${random.pick([0, 0.05, 0.2])}, maxDelete: ${random.pick([5_000, 6_000])},
      exclude: ${random.pick(['[]', '[/aa*]', '["*b*"]', '[/a, /d]', '["?"]'])} }`;
      const b = `{ kind: direct, target: b, maxNames: ${random.pick([5, 2_000])}, mkpath: ${random.pick(['true', 'false'])} }`;
      // Never one from before: what has the size and the time of an older file is no difference for a first sync.
      return config(`${a}, ${b}${random.pick(['', '', `, c${++count}`])}`);
    };
    const last = config('a, { kind: direct, target: b }, c');
    await using live = await LiveConfig.inSync(
      config(both),
      ['s', ...outside],
      'mkdir -p d; echo 1 > d/f',
      2,
    );
    const at = (name: string) => pathFromText(live.directory.at(name));
    const activity = new Activity({ seed, source: at('s'), outside: at('outside'), decoy: at('decoy') });
    try {
      for (let round = 0; round < 20; round++) {
        live.write(variant());
        live.hangUp();
        await activity.run(30);
      }
    } finally {
      activity.close();
    }
    live.write(last);
    live.hangUp();
    // Only the last configuration has the target c.
    for (const copy of ['c', 'a', 'b']) await live.untilEqual('s', copy);
    expect(live.logged(/not reloaded/)).toEqual([]);
    expect((await live.end()).code).toBe(143);
    expect(live.process.family()).toEqual([]);
  },
);
