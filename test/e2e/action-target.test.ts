import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { DeletedName, Move } from '../../src/model/batch.ts';
import { HINT } from '../../src/model/event-batch.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { pathFromText } from '../../src/model/path-bytes.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';
import type { ActionHost, ActionScript, Inlet } from '../../src/target/action/action-script.ts';
import { eventText, makeActionMirror } from '../support/action-mirror.ts';
import type { ActionMirrorOptions } from '../support/action-mirror.ts';
import { processesNaming, until } from '../support/processes.ts';
import { makeTempDir } from '../support/temp-dir.ts';

vi.setConfig({ testTimeout: 60_000 });

const { created, modified, closed, attrib, deleted, isDirectory } = HINT;
const written = modified | closed;
const FIRST_SYNC = { reason: 'startup', subtrees: [''] } as const;

/** Words as a script gives them. */
function words(...texts: readonly string[]): PathBytes[] {
  return texts.map(pathFromText);
}

/** One child for each event, whose words `run` gives; without words the event is discarded. */
function eachEvent(
  run: (event: Parameters<typeof eventText>[0]) => readonly string[] | undefined,
  rest: Partial<ActionScript> = {},
): ActionScript & { readonly seen: string[] } {
  const parts: { host?: ActionHost } = {};
  const seen: string[] = [];
  return {
    seen,
    start: (host) => {
      parts.host = host;
    },
    action: (inlet) => {
      const event = inlet.getEvent();
      if (event === undefined) return;
      seen.push(eventText(event));
      const command = run(event);
      if (command === undefined) inlet.discardEvent(event);
      else parts.host?.spawn(event, words(...command));
    },
    ...rest,
  };
}

/** All waiting events for one child. */
function allAtOnce(
  command: readonly string[],
  rest: Partial<ActionScript> = {},
): ActionScript & { readonly lists: (readonly string[])[] } {
  const parts: { host?: ActionHost } = {};
  const lists: (readonly string[])[] = [];
  return {
    lists,
    start: (host) => {
      parts.host = host;
    },
    action: (inlet) => {
      const list = inlet.getEvents();
      if (list.events.length === 0) return;
      lists.push(list.events.map(eventText));
      parts.host?.spawn(
        list,
        words(...command),
        list.events.map((event) => `${eventText(event)}\n`).join('') as PathBytes,
      );
    },
    ...rest,
  };
}

function problems(outcome: Outcome): readonly string[] {
  if (outcome.kind === 'failed') return [`${outcome.scope}: ${outcome.message}`];
  return outcome.problems.map(({ path, message }) => `${path}: ${message}`);
}

async function withTree(script: ActionScript, names: readonly string[], options: ActionMirrorOptions = {}) {
  const mirror = await makeActionMirror(script, options);
  for (const name of names)
    if (name.endsWith('/')) mkdirSync(`${mirror.source}/${name}`, { recursive: true });
    else writeFileSync(`${mirror.source}/${name}`, name);
  return mirror;
}

describe('a batch becomes events', () => {
  test('of what is there and what is gone, deletions first, a directory before its content', async () => {
    const script = eachEvent(() => undefined);
    await using mirror = await withTree(script, ['d/', 'd/new', 'old', 'mode']);
    const outcome = await mirror.deliver({
      entries: [
        ['d', created | isDirectory],
        ['d/new', created | written],
        ['gone', deleted],
        ['mode', attrib],
        ['old', written],
      ],
    });
    expect(script.seen).toEqual(['Delete gone', 'Create d', 'Create d/new', 'Attrib mode', 'Modify old']);
    expect(outcome).toMatchObject({ kind: 'delivered', counts: { updated: 4, deleted: 1 } });
  });

  test('of every name found in a directory that is to be compared', async () => {
    const script = eachEvent(() => undefined);
    await using mirror = await withTree(script, ['a/', 'a/b/', 'a/b/c', 'd']);
    await mirror.deliver(FIRST_SYNC);
    expect(script.seen).toEqual(['Create a', 'Create a/b', 'Create a/b/c', 'Create d']);
  });

  test('Init for a script that has init, and Full for one that has full', async () => {
    const told: string[] = [];
    const note = (event: Parameters<typeof eventText>[0], inlet: Inlet): void => {
      told.push(eventText(event));
      inlet.discardEvent(event);
    };
    const script = eachEvent(() => undefined, { init: note, full: note });
    await using mirror = await withTree(script, ['a/', 'a/b']);
    expect(problems(await mirror.deliver(FIRST_SYNC))).toEqual([]);
    await mirror.deliver({ entries: [['a', isDirectory]], subtrees: ['a'] });
    await mirror.deliver({ subtrees: [''] });
    expect(told).toEqual(['Init ', 'Full a', 'Full ']);
    expect(script.seen).toEqual(['Create a']);
  });

  test('of each name that was deleted before its directory, if that is wanted, as long as it is gone', async () => {
    const script = eachEvent((event) => (eventText(event) === 'Delete d/a' ? ['false'] : ['true']));
    await using mirror = await withTree(script, ['again/', 'again/there'], { deletedNames: true });
    expect(mirror.target.capabilities.deletedNames).toBe(true);
    const name = (path: string, kind: 'file' | 'directory' = 'file'): DeletedName => ({
      path: path as PathBytes,
      isDirectory: kind === 'directory',
    });
    const outcome = await mirror.deliver({
      entries: [
        ['again', isDirectory | written],
        ['d', deleted | isDirectory],
      ],
      subtrees: ['again', 'd'],
      deletedNames: [
        name('again/there'),
        name('again/gone'),
        name('d/a'),
        name('d/b', 'directory'),
        name('d/b/c'),
      ],
    });
    expect(script.seen).toEqual([
      ...['Delete d/b/c', 'Delete d/b', 'Delete d/a', 'Delete d', 'Delete again/gone', 'Delete again'],
      ...['Create again', 'Create again/there'],
    ]);
    expect(problems(outcome)).toEqual(['d/a: Command false: exit 1']);
    // What failed comes back as a name by itself.
    await mirror.deliver({ entries: [['d/a', written]] });
    expect(script.seen.slice(8)).toEqual(['Delete d/a', 'Delete d']);
    // Or with its directory, which takes the place of what is to be tried again in it.
    for (const names of [[], ['Create d']]) {
      if (names.length > 0) mkdirSync(`${mirror.source}/d`);
      script.seen.length = 0;
      await mirror.deliver({ entries: [['d', written | isDirectory]], subtrees: ['d'] });
      expect(script.seen).toEqual(['Delete d/a', 'Delete d', ...names]);
    }
  });

  test('Move in its order, and its two names where it could not be made', async () => {
    const script = eachEvent((event) => (event.to === 'bad' ? ['false'] : ['true']));
    await using mirror = await withTree(script, ['good', 'bad']);
    const move = (from: string, to: string): Move => ({
      from: from as PathBytes,
      to: to as PathBytes,
      isDirectory: false,
    });
    const outcome = await mirror.deliver({
      moves: [move('a', 'good'), move('b', 'bad')],
      entries: [['good', 0]],
    });
    expect(script.seen.slice(0, 3)).toEqual(['Move a to good', 'Move b to bad', 'Delete b']);
    expect(script.seen).toContain('Modify bad');
    expect(outcome).toMatchObject({ counts: { moved: 1 } });
  });
});

describe('events of one path', () => {
  test('wait for one another, above and below too; others go on side by side up to maxProcesses', async () => {
    const directory = makeTempDir();
    const log = directory.at('log');
    const script = eachEvent(({ path }) => [
      'sh',
      '-c',
      'echo "begin $1" >> "$2"; sleep 0.2; echo "end $1" >> "$2"',
      'sh',
      path,
      log,
    ]);
    await using mirror = await withTree(script, ['a/', 'a/b/', 'a/b/c', 'x', 'y', 'z'], {
      directory,
      maxProcesses: 2,
    });
    expect(problems(await mirror.deliver(FIRST_SYNC))).toEqual([]);
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    let running = 0;
    const most = Math.max(...lines.map((line) => (running += line.startsWith('begin') ? 1 : -1)));
    expect(most).toBe(2);
    for (const [first, then] of [
      ['a', 'a/b'],
      ['a/b', 'a/b/c'],
    ])
      expect(lines.indexOf(`end ${first}`)).toBeLessThan(lines.indexOf(`begin ${then}`));
  });

  test('may be done by one child as a list, chains of them too', async () => {
    const script = allAtOnce(['sh', '-c', 'cat > "$0"', '/dev/null']);
    await using mirror = await withTree(script, ['a/', 'a/b/', 'a/b/c', 'd']);
    expect(problems(await mirror.deliver(FIRST_SYNC))).toEqual([]);
    expect(script.lists).toEqual([['Create a', 'Create a/b', 'Create a/b/c', 'Create d']]);
  });

  test('getEvents leaves out what its test refuses, with all that waits for it, and ends at break', async () => {
    const asked: string[][] = [];
    const script: ActionScript = {
      action: (inlet) => {
        const chosen = inlet.getEvents((event) => (event.path === 'e' ? 'break' : event.path !== 'a'));
        asked.push(chosen.events.map(eventText));
        for (const event of chosen.events) inlet.discardEvent(event);
        const first = inlet.getEvent();
        if (first !== undefined) inlet.discardEvent(first);
      },
    };
    await using mirror = await withTree(script, ['a/', 'a/b', 'd', 'e', 'f']);
    await mirror.deliver(FIRST_SYNC);
    expect(asked[0]).toEqual(['Create d']);
  });

  test('more than a script may know at a time follow as these are done', async () => {
    const script = allAtOnce(['cat']);
    const names = Array.from({ length: 25 }, (_, index) => `n${String(index).padStart(2, '0')}`);
    await using mirror = await withTree(script, names, { maxEvents: 10 });
    expect(problems(await mirror.deliver(FIRST_SYNC))).toEqual([]);
    expect(script.lists.map(({ length }) => length)).toEqual([10, 10, 5]);
  });
});

describe('the end of a child', () => {
  test('with 0 is ok; with another code its name alone is a problem, and the others are done', async () => {
    const script = eachEvent(({ path }) => [
      'sh',
      '-c',
      'echo "no $1" >&2; [ "$1" != b ] || exit 7',
      'sh',
      path,
    ]);
    await using mirror = await withTree(script, ['a', 'b', 'c']);
    const outcome = await mirror.deliver(FIRST_SYNC);
    expect(problems(outcome)).toEqual(['b: Command sh: exit 7: no b']);
    expect(outcome).toMatchObject({ counts: { updated: 2 } });
  });

  test('of a list with another code fails the delivery', async () => {
    await using mirror = await withTree(allAtOnce(['false']), ['a', 'b']);
    expect(problems(await mirror.deliver(FIRST_SYNC))).toEqual(['batch: Command false: exit 1']);
  });

  test.each([
    ['again', 0, ['a: Command sh: exit 0, to be done again']],
    ['ok', 9, []],
    ['die', 9, ['configuration: Command sh: exit 9: it is not to be tried again.']],
    [undefined, 9, ['a: Command sh: exit 9']],
  ] as const)('is judged by collect: %s for %i', async (verdict, code, expected) => {
    const told: unknown[] = [];
    const script = eachEvent(() => ['sh', '-c', `exit ${code}`], {
      collect: (agent, exitCode, signal) => {
        told.push([agent.isList ? '' : eventText(agent), exitCode, signal]);
        return verdict;
      },
    });
    await using mirror = await withTree(script, ['a']);
    expect(problems(await mirror.deliver(FIRST_SYNC))).toEqual(expected);
    expect(told).toEqual([['Create a', code, undefined]]);
  });

  test('by a signal is told as 128 + its number, and is no success', async () => {
    const ends: unknown[] = [];
    const script = eachEvent(() => ['sh', '-c', 'kill -KILL $$'], {
      collect: (_agent, exitCode, signal) => void ends.push([exitCode, signal]),
    });
    await using mirror = await withTree(script, ['a']);
    expect(problems(await mirror.deliver(FIRST_SYNC))).toEqual(['a: Command sh: killed by SIGKILL']);
    expect(ends).toEqual([[137, 'SIGKILL']]);
  });

  test('of a program that is not there is told as 127', async () => {
    const ends: unknown[] = [];
    const script = eachEvent(() => ['/no/such/program'], {
      collect: (_agent, exitCode) => void ends.push(exitCode),
    });
    await using mirror = await withTree(script, ['a']);
    expect(problems(await mirror.deliver(FIRST_SYNC))).toEqual([
      expect.stringMatching(/^a: Command \/no\/such\/program/),
    ]);
    expect(ends).toEqual([127]);
  });

  test('is judged by the exit codes of the configuration', async () => {
    const exitCodes = { ok: [0, 3], again: [4], die: [5], others: 'problem' } as const;
    const script = eachEvent(({ path }) => ['sh', '-c', `exit ${path}`]);
    await using mirror = await withTree(script, ['3', '4'], { exitCodes });
    expect(problems(await mirror.deliver(FIRST_SYNC))).toEqual(['4: Command sh: exit 4']);
    writeFileSync(`${mirror.source}/5`, '');
    expect(problems(await mirror.deliver({ entries: [['5', written]] }))).toEqual([
      'configuration: Command sh: exit 5',
    ]);
  });
});

describe('what a script makes itself', () => {
  test('a Blanket event waits for all before it, and all behind it wait', async () => {
    const order: string[] = [];
    const parts: { host?: ActionHost } = {};
    const script: ActionScript = {
      start: (host) => {
        parts.host = host;
      },
      action: (inlet) => {
        const event = inlet.getEvent();
        if (event === undefined) return;
        order.push(eventText(event));
        if (event.path === 'a') inlet.createBlanketEvent();
        parts.host?.spawn(event, words('true'));
      },
    };
    await using mirror = await withTree(script, ['a', 'b'], { maxProcesses: 4, maxEvents: 1 });
    expect(problems(await mirror.deliver(FIRST_SYNC))).toEqual([]);
    expect(order).toEqual(['Create a', 'Blanket ', 'Create b']);
  });

  test('a script that makes events and never does them fails the delivery, which takes what it made with it', async () => {
    let made = 0;
    const script: ActionScript = {
      action: (inlet) => {
        inlet.createBlanketEvent();
        made++;
      },
    };
    await using mirror = await withTree(script, ['a']);
    for (const time of [1, 2]) {
      expect(await mirror.deliver(FIRST_SYNC)).toMatchObject({
        kind: 'failed',
        scope: 'batch',
        message: expect.stringContaining(
          '1000 events that the action has made are undone; 1000 are dropped',
        ) as string,
      });
      expect(made).toBe(1_000 * time);
    }
  });

  test('a Blanket event may be made and worked at between deliveries', async () => {
    const directory = makeTempDir();
    const parts: { inlet?: Inlet; host?: ActionHost } = {};
    const script: ActionScript = {
      start: (host, inlet) => {
        Object.assign(parts, { host, inlet });
      },
      action: (inlet) => {
        const event = inlet.getEvent();
        if (event?.etype === 'Blanket') parts.host?.spawn(event, words('touch', directory.at('made')));
      },
    };
    await using mirror = await makeActionMirror(script, { directory });
    const blanket = parts.inlet?.createBlanketEvent();
    await until(() => blanket?.status === 'done', 'the event is done');
    expect(existsSync(directory.at('made'))).toBe(true);
    expect(mirror.target.name).toBe('action');
  });

  test('a Full event asks full to bring a directory up to date', async () => {
    const told: string[] = [];
    const parts: { inlet?: Inlet } = {};
    const script: ActionScript = {
      start: (_host, inlet) => {
        parts.inlet = inlet;
      },
      action: () => undefined,
      full: (event, inlet) => {
        told.push(eventText(event));
        inlet.discardEvent(event);
      },
    };
    await using mirror = await makeActionMirror(script);
    const full = parts.inlet?.createFullEvent('a/b' as PathBytes);
    await until(() => full?.status === 'done', 'the event is done');
    expect(told).toEqual(['Full a/b']);
    expect(mirror.reported).toEqual([]);
  });

  test('excluded names are told no more, until the delivery after the pattern was taken back', async () => {
    const parts: { inlet?: Inlet } = {};
    const script = eachEvent(() => undefined, {
      start: (_host, inlet) => {
        parts.inlet = inlet;
      },
    });
    await using mirror = await withTree(script, ['a', 'b']);
    const entries = [
      ['a', written],
      ['b', written],
    ] as const;
    parts.inlet?.addExclude('a' as PathBytes);
    expect(parts.inlet?.getExcludes()).toEqual(['a']);
    await mirror.deliver({ entries });
    parts.inlet?.rmExclude('a' as PathBytes);
    await mirror.deliver({ entries });
    await mirror.deliver({ entries });
    expect(script.seen).toEqual(['Modify b', 'Modify b', 'Modify a', 'Modify b']);
  });
});

describe('what a script does wrong', () => {
  test('a throw names the function and its event; the others are done', async () => {
    const script = eachEvent(({ path }) => {
      if (path === 'b') throw new Error('no\n luck');
      return undefined;
    });
    await using mirror = await withTree(script, ['a', 'b', 'c']);
    expect(problems(await mirror.deliver(FIRST_SYNC))).toEqual([
      expect.stringMatching(/^b: action threw: no luck \(\/.*action-target\.test\.ts:\d+:\d+\)$/),
    ]);
    expect(script.seen).toEqual(['Create a', 'Create b', 'Create c']);
  });

  test('a promise that is never settled is given up after the time limit; the others are done', async () => {
    const script: ActionScript = {
      action: (inlet) => {
        const event = inlet.getEvent();
        if (event?.path === 'b') return new Promise<void>(() => undefined);
        if (event !== undefined) inlet.discardEvent(event);
        return undefined;
      },
    };
    await using mirror = await withTree(script, ['a', 'b', 'c'], { timeoutSeconds: 0.3 });
    const outcome = await mirror.deliver(FIRST_SYNC);
    expect(problems(outcome)).toEqual(['b: action was not done after 0.3 s and is waited for no longer']);
    expect(outcome).toMatchObject({ counts: { updated: 2 } });
  });

  test('a rejected promise, and a throw in init and in collect, are told in the same way', async () => {
    const rejecting: ActionScript = {
      action: async (inlet) => {
        inlet.getEvent();
        await pause(1);
        throw new Error('late');
      },
    };
    await using first = await withTree(rejecting, ['a']);
    expect(problems(await first.deliver(FIRST_SYNC))).toEqual([
      expect.stringMatching(/^a: action failed: late/),
    ]);
    const broken = (): never => {
      throw new Error('broken');
    };
    await using second = await withTree({ action: () => undefined, init: broken }, ['a']);
    expect(problems(await second.deliver(FIRST_SYNC))).toEqual([
      expect.stringMatching(/^batch: init threw: broken/),
    ]);
    await using third = await withTree(
      eachEvent(() => ['true'], { collect: broken }),
      ['a'],
    );
    expect(problems(await third.deliver(FIRST_SYNC))).toEqual([
      expect.stringMatching(/^a: collect threw: broken/),
    ]);
  });

  test('events that the action leaves alone fail the delivery, so that they come again', async () => {
    await using mirror = await withTree({ action: () => undefined }, ['a', 'b']);
    expect(problems(await mirror.deliver(FIRST_SYNC))).toEqual([
      'batch: The action has left Create a and 1 more undone.',
    ]);
  });

  test('work at an event that is not waiting is refused', async () => {
    const refused: string[] = [];
    const parts: { host?: ActionHost } = {};
    const script: ActionScript = {
      start: (host) => {
        parts.host = host;
      },
      action: (inlet) => {
        const event = inlet.getEvent();
        if (event === undefined) return;
        parts.host?.spawn(event, words('true'));
        for (const wrong of [
          () => parts.host?.spawn(event, words('true')),
          () => {
            inlet.discardEvent(event);
          },
          () => parts.host?.spawn({ isList: true, events: [] }, words('true')),
          () => inlet.createFullEvent('' as PathBytes),
        ])
          try {
            wrong();
          } catch (error) {
            refused.push((error as Error).message);
          }
      },
    };
    await using mirror = await withTree(script, ['a']);
    expect(problems(await mirror.deliver(FIRST_SYNC))).toEqual([]);
    expect(refused).toEqual([
      'spawn: Create a is active',
      'discardEvent: Create a is active',
      'spawn: the list of events is empty',
      'createFullEvent: there is no full',
    ]);
  });
});

describe('guards and the end', () => {
  test('an empty source is not compared: that could do nothing but delete', async () => {
    const seen: string[] = [];
    const script = eachEvent(() => undefined, {
      full: (event, inlet) => {
        seen.push(event.etype);
        inlet.discardEvent(event);
      },
    });
    await using mirror = await withTree(script, ['d/']);
    rmSync(`${mirror.source}/d`, { recursive: true });
    expect(await mirror.deliver({ subtrees: [''] })).toMatchObject({ held: { count: 1, paths: [''] } });
    expect(seen).toEqual([]);
    writeFileSync(`${mirror.source}/new`, '');
    expect(await mirror.deliver({ subtrees: [''] })).not.toHaveProperty('held');
    expect(seen).toEqual(['Full']);
  });

  test('an empty source holds its deletions', async () => {
    const script = eachEvent(() => undefined);
    await using mirror = await withTree(script, []);
    const outcome = await mirror.deliver({ entries: [['a', deleted]] });
    expect(outcome).toMatchObject({ kind: 'delivered', held: { count: 1, paths: ['a'] } });
    expect(script.seen).toEqual([]);
  });

  test('another directory in the place of the source ends the delivery before anything is told', async () => {
    const script = eachEvent(() => undefined);
    await using mirror = await withTree(script, ['a']);
    renameSync(mirror.source, mirror.directory.at('away'));
    mkdirSync(mirror.source);
    expect(await mirror.deliver({ entries: [['a', deleted]] })).toMatchObject({
      kind: 'failed',
      scope: 'source',
    });
    expect(script.seen).toEqual([]);
  });

  test('an aborted delivery ends its children, and close leaves none', async () => {
    const directory = makeTempDir();
    const mark = directory.at('mark');
    const script = eachEvent(() => ['sh', '-c', 'sleep 1000 & wait', mark]);
    await using mirror = await withTree(script, ['a', 'b'], { directory });
    const controller = new AbortController();
    const delivery = mirror.deliver({ ...FIRST_SYNC, signal: controller.signal });
    await until(() => processesNaming(mark).length > 0, 'the child is there');
    controller.abort();
    expect(problems(await delivery)).toEqual(['batch: It was ended before it was done.']);
    expect(processesNaming(mark)).toEqual([]);
    const again = mirror.deliver(FIRST_SYNC);
    await until(() => processesNaming(mark).length > 0, 'the child is there');
    await mirror.target.close();
    expect(processesNaming(mark)).toEqual([]);
    expect((await again).kind).toBe('failed');
  });

  test('a name that is gone while it is worked at is looked at again', async () => {
    const directory = makeTempDir();
    const script = eachEvent(() => ['sh', '-c', 'rm "$0"; exit 1', directory.at('source/a')]);
    await using mirror = await withTree(script, ['a'], { directory });
    const outcome = await mirror.deliver({ entries: [['a', written]] });
    expect(outcome).toMatchObject({ kind: 'delivered', problems: [], recheck: ['a'] });
  });
});
