import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { HINT } from '../../src/model/event-batch.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';
import { pathFromText, pathToBuffer } from '../../src/model/path-bytes.ts';
import { COMMAND_EXIT_CODES } from '../../src/target/command/command-options.ts';
import type { CommandExitCodes, CommandMode } from '../../src/target/command/command-options.ts';
import {
  COPY_MOVE,
  FIRST_SYNC,
  makeCommandMirror,
  onEvent,
  program,
  recorder,
  USUAL,
} from '../support/command-mirror.ts';
import { compareTrees } from '../support/compare-trees.ts';
import { processesNaming, until } from '../support/processes.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { shell } from '../support/tree.ts';
import { takenNames, takesAnyBytes } from '../support/this-system.ts';

vi.setConfig({ testTimeout: 60_000 });

const { created, modified, closed, attrib, deleted, isDirectory, listed } = HINT;
const written = modified | closed;
const hostile = takenNames([
  '-rf',
  '--',
  ' ',
  'two\nlines\n',
  '"\'`',
  '$(touch x)',
  '${HOME};&|>*?[a]',
  '\\0101\\n',
  '%s',
  '{path}',
  '\x01\x7f',
  'caf\xc3\xa9',
  'caf\xe9',
  '\xff\xfe\n',
] as PathBytes[]);

function makeHostile(source: string): void {
  for (const name of hostile)
    writeFileSync(Buffer.concat([Buffer.from(`${source}/`), pathToBuffer(name)]), 'x');
}

function kindOf(outcome: Outcome): string {
  return outcome.kind === 'delivered' ? 'delivered' : outcome.scope;
}

describe('names reach a command byte by byte', () => {
  test('as arguments of a program, relative and below both roots', async () => {
    const directory = makeTempDir();
    const words = ['{event}', '{pathname}', 'source={sourcePathname}', '{targetPathname}'];
    await using mirror = await makeCommandMirror({
      directory,
      mode: onEvent(recorder(directory, ...words), ...USUAL),
    });
    makeHostile(mirror.source);
    expect(kindOf(await mirror.deliver(FIRST_SYNC))).toBe('delivered');
    const [source, copy] = [mirror.source, mirror.copy].map(pathFromText);
    expect(mirror.told()).toEqual(
      [...hostile].sort().map((name) => ['create', name, `source=${source}/${name}`, `${copy}/${name}`]),
    );
  });

  test('as $1 and $2 of a text for sh, where none becomes a part of the text', async () => {
    const directory = makeTempDir();
    const text = `printf '%s\\0' "$#" "$@" >> "$SYNCLINE_TARGET/../told"`;
    const parameters = [[{ variable: 'event' }], [{ variable: 'path' }]] as const;
    await using mirror = await makeCommandMirror({
      directory,
      mode: onEvent({ kind: 'shell', text, parameters }, ...USUAL),
    });
    makeHostile(mirror.source);
    await mirror.deliver(FIRST_SYNC);
    expect(mirror.told()).toEqual([...hostile].sort().map((name) => ['create', name]));
  });

  test.runIf(takesAnyBytes)('in a list, from a source whose own name is not UTF-8', async () => {
    const directory = makeTempDir();
    const sourceName = Buffer.from('so\xff\n', 'latin1');
    const sourcePath = Buffer.concat([Buffer.from(`${directory.path}/`), sourceName]);
    mkdirSync(sourcePath);
    const line = program(
      'bash',
      '-c',
      'cat > "$1/list"; printf %s "$SYNCLINE_SOURCE" > "$1/source"',
      '-',
      '{target}',
    );
    await using mirror = await makeCommandMirror({
      directory,
      sourceName,
      mode: { kind: 'batch', command: line, list: 'paths', tells: ['create'] },
    });
    for (const name of hostile)
      writeFileSync(Buffer.concat([sourcePath, Buffer.from('/'), pathToBuffer(name)]), 'x');
    await mirror.deliver(FIRST_SYNC);
    expect(readFileSync(`${mirror.copy}/list`, 'latin1')).toBe(
      [...hostile]
        .sort()
        .map((name) => `${name}\0`)
        .join(''),
    );
    expect(readFileSync(`${mirror.copy}/source`)).toEqual(sourcePath);
  });

  test('with the batch, its reason and the event in the environment, and the locale of the user', async () => {
    const directory = makeTempDir();
    const line = program('bash', '-c', 'env > "$0"', directory.at('variables'));
    await using mirror = await makeCommandMirror({
      directory,
      mode: onEvent(line, ...USUAL),
      environment: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
    writeFileSync(`${mirror.source}/a`, '');
    await mirror.deliver({ entries: [['a', created]] });
    const variables = readFileSync(directory.at('variables'), 'utf8').split('\n');
    expect(variables).toEqual(
      expect.arrayContaining([
        'LC_ALL=C.UTF-8',
        `SYNCLINE_SOURCE=${mirror.source}`,
        `SYNCLINE_TARGET=${mirror.copy}`,
        'SYNCLINE_BATCH=1',
        'SYNCLINE_REASON=live',
        'SYNCLINE_EVENT=create',
      ]),
    );
  });
});

describe('what is told', () => {
  // What is there by then, what was seen of it, and what is told.
  test.each<[string, string, number, readonly string[]]>([
    ['a new file', 'echo > a', created | written, ['create']],
    ['a file of a new directory', 'echo > a', listed, ['create']],
    ['a written file', 'echo > a', written, ['modify']],
    ['a file whose mode alone changed', 'echo > a', attrib, ['attrib']],
    ['a file to be looked at again', 'echo > a', 0, ['modify']],
    ['a file seen as deleted that is there again', 'echo > a', deleted, ['delete', 'create']],
    ['a new file that is gone again', 'true', created | written, ['delete']],
    ['a deleted directory', 'true', deleted | isDirectory, ['delete']],
    ['a new directory', 'mkdir a', created | isDirectory, ['create']],
    ['a directory whose mode alone changed', 'mkdir a', attrib | isDirectory, ['attrib']],
    ['a symlink to a directory', 'mkdir ../d; ln -s ../d a', created, ['create']],
  ])('of %s', async (_name, script, hints, kinds) => {
    await using mirror = await makeCommandMirror({ allowEmptySource: true });
    shell(mirror.source, script);
    await mirror.deliver({ entries: [['a', hints]] });
    expect(mirror.told()).toEqual(kinds.map((kind) => [kind, 'a']));
  });

  test('is nothing of a kind without a command', async () => {
    const directory = makeTempDir();
    await using mirror = await makeCommandMirror({
      directory,
      mode: onEvent(recorder(directory, '{event}', '{path}'), 'modify'),
    });
    shell(mirror.source, 'mkdir d; echo > a; echo > new');
    const entries = [
      ['a', attrib],
      ['d', created | isDirectory],
      ['gone', deleted],
      ['new', created | written],
    ] as const;
    expect(await mirror.deliver({ entries })).toMatchObject({ kind: 'delivered', counts: { updated: 2 } });
    expect(mirror.told()).toEqual([
      ['modify', 'd/'],
      ['modify', 'new'],
    ]);
  });

  test('of a name below what is no directory any more is that name', async () => {
    await using mirror = await makeCommandMirror();
    mkdirSync(`${mirror.source}/real`);
    writeFileSync(`${mirror.source}/real/x`, '');
    symlinkSync('real', `${mirror.source}/link`);
    await mirror.deliver({
      entries: [
        ['gone/x', written],
        ['gone/y', written],
        ['link/x', written],
      ],
    });
    expect(mirror.told()).toEqual([
      ['delete', 'link'],
      ['delete', 'gone'],
      ['create', 'link'],
    ]);
  });

  test('of a directory to compare is every name in it, behind a delete if another had its place', async () => {
    await using mirror = await makeCommandMirror();
    shell(mirror.source, 'mkdir -p moved/d compared; echo > moved/d/x; echo > compared/y');
    await mirror.deliver({
      entries: [
        ['compared', 0],
        ['compared/y', attrib],
        ['moved', isDirectory],
      ],
      subtrees: ['compared', 'moved'],
    });
    expect(mirror.told()).toEqual([
      ['delete', 'moved'],
      ['create', 'compared'],
      ['create', 'moved'],
      ['attrib', 'compared/y'],
      ['create', 'moved/d'],
      ['create', 'moved/d/x'],
    ]);
  });

  test('below a directory to compare come behind those of the directories that hold them', async () => {
    await using mirror = await makeCommandMirror();
    shell(mirror.source, 'mkdir -p d/e/f g; echo > d/e/x; echo > d/e/f/y; echo > g/z');
    await mirror.deliver({
      entries: [
        ['d', deleted | isDirectory],
        ['d/e/f/y', written],
        ['d/e/x', written],
        ['g/z', written],
      ],
      subtrees: ['d'],
    });
    const told = mirror.told().map((words) => words.join(' '));
    expect(told.toSorted()).toEqual(
      [
        'create d',
        'create d/e',
        'create d/e/f',
        'delete d',
        'create d/e/f/y',
        'create d/e/x',
        'modify g/z',
      ].toSorted(),
    );
    const at = (event: string): number => told.indexOf(event);
    const inOrder = ['delete d', 'create d', 'create d/e', 'create d/e/f', 'create d/e/f/y'];
    expect(inOrder.map(at)).toEqual(inOrder.map(at).toSorted((a, b) => a - b));
    expect(at('create d/e/x')).toBeGreaterThan(at('create d/e'));
  });

  test('of a directory to compare is that directory alone, if there is a command for it', async () => {
    const directory = makeTempDir();
    await using mirror = await makeCommandMirror({
      directory,
      mode: onEvent(recorder(directory, '{event}', '{path}', '{sourcePathname}'), ...USUAL, 'rescan'),
    });
    shell(mirror.source, 'mkdir d; echo > d/x');
    await mirror.deliver({ entries: [['d', isDirectory]], subtrees: ['d'] });
    await mirror.deliver({ subtrees: [''] });
    expect(mirror.told()).toEqual([
      ['create', 'd/', `${mirror.source}/d`],
      ['rescan', 'd/', `${mirror.source}/d`],
      ['rescan', '', mirror.source],
    ]);
  });

  test('of the first sync is one event, if there is a command for it, which is run until it works', async () => {
    const directory = makeTempDir();
    const line = program('bash', '-c', '[ -e "$0" ] || { touch "$0"; exit 3; }', directory.at('tried'));
    await using mirror = await makeCommandMirror({
      directory,
      mode: { kind: 'event', commands: { startup: line, modify: recorder(directory, '{path}') } },
    });
    writeFileSync(`${mirror.source}/a`, '');
    expect(await mirror.deliver(FIRST_SYNC)).toMatchObject({ kind: 'failed', scope: 'batch' });
    expect(await mirror.deliver(FIRST_SYNC)).toMatchObject({ kind: 'delivered' });
    expect(mirror.told()).toEqual([]);
    // What it did goes by size and time maybe.
    const written = { ...FIRST_SYNC, entries: [['a', modified | closed]] } as const;
    expect(await mirror.deliver(written)).toMatchObject({ kind: 'delivered', counts: { updated: 2 } });
    expect(mirror.told()).toEqual([['a']]);
  });

  test('leaves out what the filter hides', async () => {
    await using mirror = await makeCommandMirror({ isHidden: (path) => path === 'secret' });
    shell(mirror.source, 'mkdir secret; echo > secret/x; echo > a');
    await mirror.deliver(FIRST_SYNC);
    expect(mirror.told()).toEqual([['create', 'a']]);
  });

  test('is said and not run in a dry run', async () => {
    await using mirror = await makeCommandMirror({ dryRun: true });
    writeFileSync(`${mirror.source}/a`, '');
    expect(await mirror.deliver(FIRST_SYNC)).toMatchObject({ counts: { updated: 1 } });
    expect(mirror.told()).toEqual([]);
    expect(mirror.events).toContainEqual({ kind: 'updated', path: 'a', bytes: 0 });
  });
});

describe('a list', () => {
  const list = (directory: { at: (name: string) => string }, form: 'paths' | 'events'): CommandMode => ({
    kind: 'batch',
    command: program('bash', '-c', 'cat >> "$0"', directory.at('list')),
    list: form,
    tells: ['create', 'modify', 'attrib', 'delete', 'move', 'rescan'],
  });
  const delivery = {
    moves: [{ from: 'old' as PathBytes, to: 'new' as PathBytes, isDirectory: false }],
    entries: [
      ['a', created],
      ['d', isDirectory],
      ['gone', deleted],
    ] as const,
    subtrees: ['d'],
  };

  test.each([
    ['paths', 'old\0new\0gone\0a\0d\0d/\0'],
    ['events', 'move\0old\0new\0delete\0gone\0create\0a\0create\0d\0rescan\0d/\0'],
  ] as const)('of %s is what docs/commands.md says', async (form, expected) => {
    const directory = makeTempDir();
    await using mirror = await makeCommandMirror({ directory, mode: list(directory, form) });
    shell(mirror.source, 'mkdir d; echo > a; echo > new');
    expect(mirror.target.capabilities.moves).toBe(true);
    expect(await mirror.deliver(delivery)).toMatchObject({ counts: { moved: 1, deleted: 1, updated: 3 } });
    expect(readFileSync(directory.at('list'), 'latin1')).toBe(expected);
  });

  test('of nothing runs nothing', async () => {
    const directory = makeTempDir();
    await using mirror = await makeCommandMirror({ directory, mode: list(directory, 'paths') });
    expect(await mirror.deliver({})).toMatchObject({ kind: 'delivered' });
    expect(mirror.events).toEqual([]);
  });

  test('of ten thousand names may be left unread by a program that ends well', async () => {
    await using mirror = await makeCommandMirror({
      mode: { kind: 'batch', command: program('true'), list: 'paths', tells: ['create'] },
    });
    shell(mirror.source, 'for n in {1..10000}; do : > $n-a-long-name-that-fills-the-pipe; done');
    expect(await mirror.deliver(FIRST_SYNC)).toMatchObject({ kind: 'delivered' });
  });

  test('whose program fails fails as a whole, and what was new is new still', async () => {
    const directory = makeTempDir();
    const script = 'cat >> "$0"; [ -e "$0.ok" ] || { touch "$0.ok"; echo no >&2; exit 1; }';
    await using mirror = await makeCommandMirror({
      directory,
      mode: {
        kind: 'batch',
        command: program('bash', '-c', script, directory.at('list')),
        list: 'events',
        tells: ['create', 'modify', 'delete'],
      },
    });
    writeFileSync(`${mirror.source}/a`, '');
    expect(await mirror.deliver({ entries: [['a', created]] })).toEqual({
      kind: 'failed',
      scope: 'batch',
      message: 'Command bash: exit 1: no',
    });
    await mirror.deliver({ entries: [['a', written]] });
    expect(readFileSync(directory.at('list'), 'latin1')).toBe('create\0a\0create\0a\0');
  });

  test('whose program failed behind the deletion of a directory is told all that is in the directory that has its name', async () => {
    const directory = makeTempDir();
    const script = 'cat > "$0"; [ -e "$0.ok" ] || { touch "$0.ok"; exit 1; }';
    await using mirror = await makeCommandMirror({
      directory,
      mode: {
        kind: 'batch',
        command: program('bash', '-c', script, directory.at('list')),
        list: 'events',
        tells: ['create', 'modify', 'attrib', 'delete'],
      },
    });
    shell(mirror.source, 'touch other');
    expect(await mirror.deliver({ entries: [['d', deleted | isDirectory]] })).toMatchObject({
      kind: 'failed',
    });
    // Nobody says any more that all of it is new.
    shell(mirror.source, 'mkdir -p d/e; touch d/e/f');
    await mirror.deliver({ entries: [['d', attrib | isDirectory]] });
    expect(readFileSync(directory.at('list'), 'latin1')).toBe(
      ['delete', 'd', 'create', 'd', 'create', 'd/e', 'create', 'd/e/f', ''].join('\0'),
    );
  });
});

describe('runs', () => {
  test('go on side by side up to the limit, but for names above or below one another', async () => {
    const directory = makeTempDir();
    const line = program(
      'bash',
      '-c',
      'echo "+$1" >> "$0"; sleep 0.2; echo "-$1" >> "$0"',
      directory.at('log'),
      '{path}',
    );
    await using mirror = await makeCommandMirror({
      directory,
      mode: onEvent(line, ...USUAL),
      maxProcesses: 3,
    });
    shell(mirror.source, 'mkdir -p {a,b}/{1,2}/x; touch {a,b}/{1,2}/x/f {1..9}');
    await mirror.deliver(FIRST_SYNC);
    await mirror.deliver({
      entries: ['b', 'b/1', 'b/1/x'].map((path) => [`${path}-gone`, deleted] as const),
    });
    const running = new Set<string>();
    let most = 0;
    for (const line of readFileSync(directory.at('log'), 'utf8').trim().split('\n')) {
      const path = line.slice(1).replace(/\/$/, '');
      if (line.startsWith('-')) running.delete(path);
      else {
        for (const other of running) {
          expect(path.startsWith(`${other}/`), `${path} beside ${other}`).toBe(false);
          expect(other.startsWith(`${path}/`), `${path} beside ${other}`).toBe(false);
        }
        running.add(path);
        most = Math.max(most, running.size);
      }
    }
    expect(most).toBe(3);
  });

  const codes = (given: Partial<CommandExitCodes>): CommandExitCodes => ({ ...COMMAND_EXIT_CODES, ...given });
  test.each<[string, Partial<CommandExitCodes>, string, string | RegExp]>([
    ['exit 0', {}, 'delivered', ''],
    ['echo why >&2; exit 3', {}, 'problem', /^Command bash: exit 3: why$/],
    ['exit 3', { ok: [0, 3] }, 'delivered', ''],
    ['exit 0', { ok: [3] }, 'problem', /exit 0$/],
    ['exit 75', { again: [75] }, 'batch', /exit 75$/],
    ['exit 2', { die: [2] }, 'configuration', /exit 2$/],
    ['exit 9', { others: 'again' }, 'batch', /exit 9$/],
    ['exit 9', { others: 'die' }, 'configuration', /exit 9$/],
    ['kill -9 $$', {}, 'problem', /killed by SIGKILL$/],
    ['kill -9 $$', { others: 'die' }, 'batch', /killed by SIGKILL$/],
    ['exec sleep 1000', {}, 'problem', /ended after [\d.]+ s without a sign of life$/],
  ])('that end with `%s` and the codes %j mean: %s', async (script, given, expected, message) => {
    await using mirror = await makeCommandMirror({
      mode: onEvent(program('bash', '-c', script), ...USUAL),
      exitCodes: codes(given),
      timeoutSeconds: script.includes('sleep') ? 1 : 60,
    });
    writeFileSync(`${mirror.source}/a`, '');
    const outcome = await mirror.deliver({ entries: [['a', created]] });
    if (outcome.kind === 'failed') {
      expect([outcome.scope, outcome.message]).toEqual([expected, expect.stringMatching(message)]);
    } else {
      const [problem] = outcome.problems;
      expect(problem === undefined ? 'delivered' : 'problem').toBe(expected);
      expect(problem?.message ?? '').toMatch(message);
    }
  });

  test('that fail for one name leave the others, and a create is told as one again', async () => {
    const directory = makeTempDir();
    const line = recorder(directory, '{event}', '{path}');
    await using mirror = await makeCommandMirror({
      directory,
      mode: {
        kind: 'event',
        commands: { create: program('bash', '-c', '[ "$0" != a ]', '{path}'), modify: line },
      },
    });
    shell(mirror.source, 'touch a b');
    const outcome = await mirror.deliver({
      entries: [
        ['a', created],
        ['b', created],
      ],
    });
    expect(outcome).toMatchObject({ counts: { updated: 1 }, problems: [{ path: 'a' }], recheck: [] });
    expect(await mirror.deliver({ entries: [['a', written]] })).toMatchObject({ problems: [{ path: 'a' }] });
    await mirror.deliver({ entries: [['b', written]] });
    expect(mirror.told()).toEqual([['modify', 'b']]);
  });

  test.each([
    ['met in a new directory', FIRST_SYNC, 'create'],
    ['that had an event', { subtrees: [''], entries: [['a', listed]] as const }, 'modify'],
  ])(
    'that were made in vain for a name %s and has gone since are followed by its deletion',
    async (_how, delivery, kind) => {
      const directory = makeTempDir();
      const script = `printf '%s\\0' 2 "$@" >> "$0"; [ "$2" != b ] || [ -e "$0.ok" ] || { touch "$0.ok"; exit 75; }`;
      await using mirror = await makeCommandMirror({
        directory,
        mode: onEvent(program('bash', '-c', script, directory.at('told'), '{event}', '{path}'), ...USUAL),
        exitCodes: codes({ again: [75] }),
      });
      shell(mirror.source, 'touch a b');
      expect(await mirror.deliver(delivery)).toMatchObject({ kind: 'failed', scope: 'batch' });
      shell(mirror.source, 'rm a');
      await mirror.deliver({ ...delivery, entries: [] });
      await mirror.deliver({ ...delivery, entries: [] });
      const told = mirror.told().map((words) => words.join(' '));
      expect(told).toEqual(['create a', `${kind} b`, 'delete a', `${kind} b`, `${kind} b`]);
    },
  );

  test('that fail because the name has gone are looked at again', async () => {
    await using mirror = await makeCommandMirror({
      mode: onEvent(program('bash', '-c', 'rm "$0"; exit 1', '{sourcePathname}'), ...USUAL),
    });
    shell(mirror.source, 'touch a b');
    expect(await mirror.deliver({ entries: [['a', created]] })).toMatchObject({
      problems: [],
      recheck: ['a'],
    });
  });

  test('are ended by close with all they have started, deaf to TERM or not', async () => {
    const directory = makeTempDir();
    const script = `trap '' TERM; sleep 1000 & echo > "$0"; wait; sleep 1000; # ${directory.path}`;
    await using mirror = await makeCommandMirror({
      directory,
      mode: onEvent(program('bash', '-c', script, directory.at('started')), ...USUAL),
    });
    writeFileSync(`${mirror.source}/a`, '');
    const delivering = mirror.deliver({ entries: [['a', created]] });
    await until(() => processesNaming(directory.at('started')).length > 0, 'the command');
    await mirror.target.close();
    expect(await delivering).toMatchObject({ kind: 'failed', scope: 'batch' });
    expect(processesNaming(directory.path)).toEqual([]);
  });

  test('print into the log', async () => {
    await using mirror = await makeCommandMirror({
      mode: onEvent(program('bash', '-c', 'echo "one $0"; echo two >&2', '{path}'), ...USUAL),
    });
    writeFileSync(`${mirror.source}/a`, '');
    await mirror.deliver({ entries: [['a', created]] });
    expect(mirror.events.filter(({ kind }) => kind === 'output')).toEqual([
      { kind: 'output', program: 'bash', line: 'one a' },
      { kind: 'output', program: 'bash', line: 'two' },
    ]);
  });

  test('print so much into the log and no more', async () => {
    await using mirror = await makeCommandMirror({ mode: onEvent(program('seq', '5000'), ...USUAL) });
    writeFileSync(`${mirror.source}/a`, '');
    await mirror.deliver({ entries: [['a', created]] });
    const lines = mirror.events.flatMap((event) => (event.kind === 'output' ? [event.line] : []));
    expect([lines.length, ...lines.slice(-2)]).toEqual([1001, '1000', '... and 4000 more lines']);
  });
});

describe('moves', () => {
  const all = onEvent(COPY_MOVE, ...USUAL, 'move');
  const move = (
    from: string,
    to: string,
    ofDirectory = true,
  ): { from: PathBytes; to: PathBytes; isDirectory: boolean } => ({
    from: from as PathBytes,
    to: to as PathBytes,
    isDirectory: ofDirectory,
  });

  test('are told in their order, and nothing is copied for them', async () => {
    await using mirror = await makeCommandMirror({ mode: all });
    shell(mirror.source, 'mkdir a; echo 1 > a/x');
    await mirror.deliver(FIRST_SYNC);
    shell(mirror.source, 'mv a b; mkdir d; mv b d/c');
    const outcome = await mirror.deliver({
      moves: [move('a', 'b'), move('b', 'd/c')],
      entries: [
        ['d', created | isDirectory],
        ['d/c', isDirectory],
      ],
    });
    expect(outcome).toMatchObject({ counts: { moved: 2, updated: 1, deleted: 0 }, problems: [] });
    expect(compareTrees(pathFromText(mirror.source), pathFromText(mirror.copy))).toEqual([]);
  });

  test('that a command refuses become a deletion and new names', async () => {
    await using mirror = await makeCommandMirror({ mode: all });
    shell(mirror.source, 'mkdir a; echo 1 > a/x');
    await mirror.deliver(FIRST_SYNC);
    shell(mirror.source, 'mv a b');
    shell(mirror.copy, 'mkdir b; echo > b/in-the-way');
    const outcome = await mirror.deliver({ moves: [move('a', 'b')], entries: [['b', isDirectory]] });
    expect(outcome).toMatchObject({ counts: { moved: 0 }, problems: [] });
    expect(mirror.events).toContainEqual({
      kind: 'notice',
      message: expect.stringMatching(/^move of a to b not made, .*exit 1: mv:/) as string,
    });
    expect(compareTrees(pathFromText(mirror.source), pathFromText(mirror.copy))).toEqual([]);
  });

  test.each([
    ['yes', true],
    ['running', true],
    ['startup', false],
    ['no', false],
  ] as const)('with --delete %s are asked for: %s', async (deletes, moves) => {
    await using mirror = await makeCommandMirror({ mode: all, deletes });
    expect(mirror.target.capabilities).toEqual({ moves });
  });
});

describe('deletions', () => {
  const gone = (count: number): (readonly [string, number])[] =>
    Array.from({ length: count }, (_, index) => [`gone-${index}`, deleted] as const);

  test('are not told with --delete no', async () => {
    await using mirror = await makeCommandMirror({ deletes: 'no' });
    expect(await mirror.deliver({ entries: gone(2) })).toMatchObject({ counts: { deleted: 0 } });
    expect(mirror.told()).toEqual([]);
  });

  test('of an empty source are held, and told once something has come back', async () => {
    await using mirror = await makeCommandMirror();
    const outcome = await mirror.deliver({ entries: gone(2) });
    expect(outcome).toMatchObject({ held: { count: 2, isBrief: true, paths: ['gone-1', 'gone-0'] } });
    expect(mirror.told()).toEqual([]);
    writeFileSync(`${mirror.source}/back`, '');
    await mirror.deliver({ entries: [['gone-0', written]] });
    expect(mirror.told()).toEqual([['delete', 'gone-0']]);
  });

  test('above --max-delete are held while the rest goes on, and a held one is told before what took its place', async () => {
    await using mirror = await makeCommandMirror({ maxDelete: { unit: 'percent', max: 50 } });
    shell(mirror.source, 'mkdir d; touch a');
    const entries = [...gone(3), ['a', written] as const, ['d', isDirectory] as const];
    expect(await mirror.deliver({ entries, subtrees: ['d'] })).toMatchObject({ held: { count: 4 } });
    expect(mirror.told()).toEqual([
      ['modify', 'a'],
      ['create', 'd'],
    ]);
    expect(await mirror.deliver({ entries: [['d', 0]], subtrees: ['d'] })).not.toHaveProperty('held');
    expect(mirror.told().slice(2)).toEqual([
      ['delete', 'd'],
      ['create', 'd'],
    ]);
  });

  test('are not told when the source is another directory than at start, also in the middle of a batch', async () => {
    const directory = makeTempDir();
    const swap = 'mv "$SYNCLINE_SOURCE" "$SYNCLINE_SOURCE.was"; mkdir "$SYNCLINE_SOURCE"';
    await using mirror = await makeCommandMirror({
      directory,
      mode: onEvent(
        program('bash', '-c', `${swap}; printf '1\\0{path}\\0' >> "$0"`, directory.at('told'), '{path}'),
        ...USUAL,
      ),
    });
    writeFileSync(`${mirror.source}/a`, '');
    expect(await mirror.deliver({ entries: gone(2) })).toMatchObject({ kind: 'failed', scope: 'source' });
    expect(mirror.told()).toHaveLength(1);
    expect(await mirror.deliver({ entries: gone(1) })).toMatchObject({ kind: 'failed', scope: 'source' });
    expect(mirror.told()).toHaveLength(1);
    rmSync(mirror.source, { recursive: true });
    renameSync(`${mirror.source}.was`, mirror.source);
  });
});

test.each([
  ['no-such-program-at-all', /^The command no-such-program-at-all is not in PATH\.$/],
  ['/nowhere/program', /^The command \/nowhere\/program cannot be run: ENOENT\.$/],
  ['/etc/passwd', /^The command \/etc\/passwd cannot be run: EACCES\.$/],
])('the program %s is refused at the start', async (name, message) => {
  await expect(makeCommandMirror({ mode: onEvent(program(name), 'create') })).rejects.toThrow(message);
});

test('a program whose path has spaces and a dash is run as it is', async () => {
  const directory = makeTempDir();
  mkdirSync(directory.at('-a place; touch x'));
  const path = directory.at('-a place; touch x', 'my "program"');
  writeFileSync(path, '#!/bin/sh\nprintf "%s\\0" 1 "$1" > "$SYNCLINE_TARGET/../told"\n');
  chmodSync(path, 0o755);
  await using mirror = await makeCommandMirror({
    directory,
    mode: onEvent({ kind: 'program', words: [[path], [{ variable: 'pathname' }]] }, 'create'),
  });
  writeFileSync(`${mirror.source}/a`, '');
  await mirror.deliver(FIRST_SYNC);
  expect(mirror.told()).toEqual([['a']]);
});
