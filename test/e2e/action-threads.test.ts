import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LogLine } from '../support/live-process.ts';
import { LiveConfig } from '../support/live-config.ts';
import { shell } from '../support/tree.ts';

/** So that a thread has used up its memory soon. */
const before = process.env.NODE_OPTIONS;
beforeAll(() => {
  process.env.NODE_OPTIONS = '--max-old-space-size=256';
});
afterAll(() => {
  if (before === undefined) delete process.env.NODE_OPTIONS;
  else process.env.NODE_OPTIONS = before;
});

/** A mirror of `s` to `t` beside one that an action with these keys makes of it. */
function configOf(keys: string, above = ''): string {
  return `import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
// It is run in a trial, in the program, and in the thread of its target.
appendFileSync('runs', 'x');
const runs = readFileSync('runs', 'utf8').length;
${above}
void [spawn, existsSync, pause];
const config = {
  log: { format: 'json' },
  statusFile: 'status',
  statusInterval: 0.2,
  syncs: [
    { source: 's', delay: 0.1, targets: ['t'] },
    { source: 's', delay: 0.1, initial: false, targets: [{ kind: 'action', maxProcesses: 2, ${keys} }] },
  ],
};
export { config as default };
`;
}

async function started(keys: string, above = ''): Promise<LiveConfig> {
  const live = new LiveConfig(configOf(keys, above), ['s'], 'echo 1 > a', [], {}, 'c.ts');
  await live.until(() => live.logged(/^first sync delivered/).length === 1, 'the first sync of the mirror');
  return live;
}

function text(live: LiveConfig, file: string): string {
  const path = live.directory.at(file);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

const stops = (live: LiveConfig): readonly LogLine[] => live.logged(/^stopped: /);

/** The action has stopped, alone, as the log and the status say in these words; of its processes these are left. */
async function expectStopped(live: LiveConfig, message: string, left: readonly number[] = []): Promise<void> {
  await live.until(() => stops(live).length > 0, 'the end of the action');
  const remedy = 'Mend the function and reload, or restart.';
  expect(stops(live)).toEqual([
    expect.objectContaining({ msg: `stopped: ${message}`, target: 'action', level: 'error', remedy }),
  ]);
  await live.until(() => text(live, 'status').includes('"stopped"'), 'the status');
  const status = JSON.parse(text(live, 'status')) as { targets: readonly { state: string }[] };
  expect(status.targets.find(({ state }) => state === 'stopped')).toMatchObject({
    target: 'action',
    message,
    remedy,
  });
  live.change('s', 'echo 3 > after');
  await live.untilEqual('s', 't');
  expect(await live.end()).toEqual({ code: 143, signal: null });
  expect(live.process.family()).toEqual(left);
}

// One at a time: a thread that loops takes a whole core.
describe('a function stops its target alone', () => {
  test('that loops behind an await: its children are ended, and others are mirrored meanwhile', async () => {
    await using live = await started(`onCreate: async (event) => {
      if (event.name === 'child') return event.spawnShell('echo $$ > pid; exec sleep 1000');
      if (event.name !== 'loop') return;
      while (!existsSync('pid')) await pause(5);
      for (;;);
    }`);
    live.change('s', 'echo 2 > child; echo 2 > loop');
    await live.until(() => text(live, 'pid') !== '', 'the child');
    live.change('s', 'echo 2 > meanwhile');
    await live.untilEqual('s', 't');
    const pid = text(live, 'pid').trim();
    const isThere = (): boolean => existsSync(`/proc/${pid}`);
    expect([isThere(), stops(live)]).toEqual([true, []]);
    await live.until(() => stops(live).length > 0, 'the end of the action');
    expect(isThere()).toBe(false);
    await expectStopped(live, 'onCreate has not let go of its thread for 10 s');
  });

  test('that loops in a timer', async () => {
    await using live = await started(
      `onCreate: ({ name }) => { if (name === 'loop') setTimeout(() => { appendFileSync('told', 'x'); for (;;); }, 50); }`,
    );
    live.change('s', 'echo 2 > loop');
    await live.until(() => text(live, 'told') !== '', 'the loop');
    live.change('s', 'echo 2 > then');
    await live.untilEqual('s', 't');
    expect(stops(live)).toEqual([]);
    await expectStopped(live, 'a timer or a callback has not let go of its thread for 10 s');
  });

  test('that ends the process', async () => {
    await using live = await started(`onCreate: () => process.exit(3)`);
    live.change('s', 'echo 2 > new');
    await expectStopped(live, 'onCreate has ended its thread with exit 3');
  });

  test('that fills the memory', async () => {
    await using live = await started(`onCreate: async () => {
      await pause(1);
      for (const all = [];;) all.push(new Array(1000).fill(0.5));
    }`);
    live.change('s', 'echo 2 > new');
    await expectStopped(live, 'onCreate has used up the memory of its thread');
  });

  test('that hangs in a call of the system, and the program ends all the same', async () => {
    await using live = await started(
      `onCreate: () => execSync('echo $$ > pid; exec sleep 1000', { stdio: 'ignore' })`,
      `import { execSync } from 'node:child_process';`,
    );
    live.change('s', 'echo 2 > new');
    await live.until(() => text(live, 'pid').endsWith('\n'), 'the call');
    const pid = Number(text(live, 'pid'));
    try {
      await expectStopped(live, 'onCreate has not let go of its thread for 10 s', [pid]);
    } finally {
      process.kill(pid);
    }
  });

  test('that leaves an error of the system to nobody', async () => {
    await using live = await started(`onCreate: () => new Promise(() => { spawn('/no/such/program'); })`);
    live.change('s', 'echo 2 > new');
    await expectStopped(
      live,
      'an exception that nobody has caught ends its thread: spawn /no/such/program ENOENT',
    );
  });

  test.each([
    ['start: () => { for (;;); }', '', /^stopped: action: start has not let go of its thread for 10 s/],
    [
      'onCreate: () => 1',
      'if (runs > 2) for (;;);',
      /^stopped: action: the top level of the configuration has not let go of its thread for 10 s/,
    ],
    [
      'onCreate: () => 1',
      "if (runs > 2) throw new Error('not here');",
      /^stopped: action: .*c\.ts:7: not here/,
    ],
    [
      'onCreate: runs > 2 ? () => 2 : () => 1',
      '',
      /^stopped: action: .*c\.ts does not give the same functions again; it is run once for all and once for each/,
    ],
  ])('that cannot begin: %s %s', async (keys, above, message) => {
    await using live = await started(`onDelete: () => 1, ${keys}`, above);
    await live.until(() => stops(live).length > 0, 'the end of the action');
    expect(stops(live)).toEqual([expect.objectContaining({ msg: expect.stringMatching(message) as string })]);
    live.change('s', 'echo 3 > after');
    await live.untilEqual('s', 't');
    expect(await live.end()).toEqual({ code: 143, signal: null });
  });
});

describe('functions in a thread of their own', () => {
  test('give names byte by byte, take very many events, and hide names', async () => {
    const live = new LiveConfig(
      `import { appendFileSync } from 'node:fs';
let count = 0;
const config = {
  log: { format: 'json' },
  syncs: [
    { source: 's', delay: 0.1, targets: [{
      kind: 'action',
      target: 't',
      start: (inlet) => inlet.addExclude('*.tmp'),
      onCreate: (event) => {
        count++;
        if (event.pathdir !== 'many/') event.spawn('cp', '-a', '-T', event.sourcePathname, event.targetPathname);
        if (event.name.endsWith('.tmp')) event.spawn('false');
        if (count % 5000 === 0) event.log('Normal', \`count \${count}\`);
      },
    }] },
  ],
};
export { config as default };
`,
      ['s', 't'],
      '',
      ['--no-initial'],
      {},
      'c.ts',
    );
    await using _ = live;
    await live.until(() => live.logged(/^watching/).length === 1, 'the watch');
    shell(live.directory.at('s'), `echo 1 > $'\\xff\\xfe \\n$(touch x)'; echo 1 > ü; echo 1 > hidden.tmp`);
    await live.until(() => live.logged(/^batch \d+ delivered/).length > 0, 'the names');
    shell(live.directory.at('s'), 'rm hidden.tmp');
    await live.untilEqual('s', 't');
    shell(live.directory.at('s'), 'mkdir many; seq -f many/%05g 1 25000 | xargs touch');
    await live.until(() => live.logged(/^count 25000$/).length === 1, 'all events');
    expect(live.logged(/quarantined|failed/)).toEqual([]);
    expect(await live.end()).toEqual({ code: 143, signal: null });
  });
});
