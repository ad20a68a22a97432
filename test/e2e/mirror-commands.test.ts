import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { COPY_LISTS, COPY_SCRIPT } from '../support/command-mirror.ts';
import { LiveMirror } from '../support/live-mirror.ts';
import { until } from '../support/processes.ts';
import { projectRoot } from '../support/project-root.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { describeTree, shell } from '../support/tree.ts';

const copying = ['--shell', '--on-event', COPY_SCRIPT];
const CHANGES = `
  mkdir -p "$(printf 'caf\\351')/deep"; echo 1 > "$(printf 'caf\\351')/deep/-rf"; echo > $'two\\nlines'; echo > '$(touch x)'
  mv moved other; mv plain renamed; rm -r gone; rm -r again; mkdir again; echo > again/new
  rm retyped; mkdir retyped; echo > retyped/x; echo more >> kept; chmod 600 kept; ln -s nowhere link; mkfifo fifo`;
const BEFORE = `
  mkdir -p moved/sub gone again kept-directory; echo 1 > moved/sub/x; echo > gone/x; echo > again/old
  echo > plain; echo > retyped; echo > kept; echo > ' lead'`;

describe.concurrent('a mirror by commands', () => {
  test.each([
    ['one run at a time', copying],
    ['four runs at a time', ['--max-processes', '4', ...copying]],
    ['told of moves', ['--events', 'create,modify,attrib,delete,move', '--max-processes', '2', ...copying]],
    ['one run for each batch', COPY_LISTS],
  ])('that copy and delete keeps the target equal, %s', async (_name, options) => {
    using directory = makeTempDir();
    const setUp = `mkdir '${directory.at('copy')}'; ${BEFORE}`;
    await using mirror = await LiveMirror.inSync({
      directory,
      before: setUp,
      options,
    });
    await mirror.untilEqual();
    mirror.change(CHANGES);
    await mirror.untilEqual();
    mirror.change('rm -r ./*; mkdir -p a/b/c; echo > a/b/c/d');
    await mirror.untilEqual();
    expect((await mirror.end()).code).toBe(143);
    expect(mirror.process.family()).toEqual([]);
    expect(mirror.logged(/quarantined/)).toEqual([]);
  });

  test.each([
    ['delete', ['copy/link/kept'], 0],
    ['delete', ['copy/link/in/kept'], 0],
    ['modify', ['copy/link/kept'], 1],
    ['move', ['copy/here', 'source/x', 'copy/link/kept'], 1],
  ])(
    'that copy and delete does not follow a symlink in the target: %s %j',
    (event, [to = '', ...old], code) => {
      using directory = makeTempDir();
      shell(
        directory.path,
        'mkdir -p source copy away/in; echo 1 | tee away/kept > away/in/kept; ln -s ../away copy/link',
      );
      const before = describeTree(directory.at('away'));
      const words = ['-c', COPY_SCRIPT, 'sh', event, 'source/link/kept', to, ...old];
      const environment = { ...process.env, SYNCLINE_TARGET: 'copy' };
      const { status } = spawnSync('sh', words, { cwd: directory.path, env: environment });
      expect(status).toBe(code);
      expect(describeTree(directory.at('away'))).toEqual(before);
    },
  );

  test('is the one that docs/commands.md shows', () => {
    expect(readFileSync(`${projectRoot}/docs/commands.md`, 'utf8')).toContain(COPY_SCRIPT.trim());
  });

  test('leaves no program behind when it is killed itself', async () => {
    await using mirror = new LiveMirror({
      before: 'echo > a',
      options: ['--on-event', '["sleep", "1000"]'],
    });
    await mirror.until(() => mirror.process.family().length > 1, 'the program');
    await mirror.end('SIGKILL');
    await until(() => mirror.process.family().length === 0, 'its end');
  });

  test('without moves is told a renamed directory as a deletion and new names, and of no other deletion', async () => {
    await using mirror = await LiveMirror.inSync({
      before: 'mkdir -p d/e; echo 1 > d/e/f',
      options: ['--on-event', '["sh", "-c", "echo $1 $2 >> $3", "sh", "{event}", "{pathname}", "{target}"]'],
    });
    const told = (): string[] => readFileSync(mirror.copy, 'utf8').trimEnd().split('\n');
    const before = told().length;
    mirror.change('mv d g');
    await mirror.until(() => told().includes('create g/e/f'), 'the last name');
    expect(told().slice(before)).toEqual(['delete d', 'create g', 'create g/e', 'create g/e/f']);
  });

  test('for batches gives rsync the list that it reads', async () => {
    using directory = makeTempDir();
    const script =
      'rsync -a --from0 --files-from=- --delete-missing-args --force "$SYNCLINE_SOURCE/" "$SYNCLINE_TARGET/"';
    await using mirror = await LiveMirror.inSync({
      directory,
      before: BEFORE,
      options: ['--shell', '--on-batch', script, '--on-startup', 'rsync -a --delete -- "$2/" "$3/"'],
    });
    await mirror.untilEqual();
    mirror.change('mkdir d; echo > d/x; rm -r gone; rm plain; echo more >> kept; echo > -- "-rf"');
    await mirror.until(() => mirror.differences().every((line) => line.includes('mtime')), 'equal trees');
    expect((await mirror.end()).code).toBe(143);
  });

  test('goes on when a command fails for one name, and clears it when it works', async () => {
    using directory = makeTempDir();
    const script = `[ "$2" != "$SYNCLINE_SOURCE/bad" ] || [ -e '${directory.at('mended')}' ] || exit 3; ${COPY_SCRIPT}`;
    await using mirror = await LiveMirror.inSync({
      directory,
      before: `mkdir '${directory.at('copy')}'`,
      options: ['--shell', '--on-event', script],
    });
    mirror.change('echo > bad; echo > good');
    await mirror.untilLogged(/^bad: .*exit 3 \(quarantined/);
    await mirror.until(() => existsSync(`${mirror.copy}/good`), 'the other one');
    mirror.change(`touch '${directory.at('mended')}'; echo >> bad`);
    await mirror.untilLogged(/^bad: out of quarantine/);
    await mirror.untilEqual();
  });

  test('stops with 1 on an exit code that means die, and tries again on one that means again', async () => {
    using directory = makeTempDir();
    const script = `n=$(cat '${directory.at('runs')}' 2>/dev/null || echo 0); echo $((n + 1)) > '${directory.at('runs')}'
      [ "$n" = 0 ] && exit 75; exit 66`;
    await using mirror = new LiveMirror({
      directory,
      before: 'echo > a',
      options: ['--exit-code', '75=again', '--exit-code', '66=die', '--shell', '--on-event', script],
    });
    const why = await mirror.untilLogged(/^stopped: .*exit 66$/);
    expect(why.remedy).toMatch(/start again/);
    expect(mirror.logged(/^batch 1 failed: .*exit 75; next attempt in/)).toHaveLength(1);
    expect((await mirror.end('SIGCONT')).code).toBe(1);
  });

  test('tells a program without a target its events, from a filtered tree', async () => {
    using directory = makeTempDir();
    const told = directory.at('told');
    const program = JSON.stringify(['bash', '-c', 'echo "$@" >> "$0"', told, '{event}', '{path}']);
    await using mirror = await LiveMirror.inSync({
      directory,
      before: 'mkdir -p keep secret; echo > keep/a.txt; echo > keep/a.tmp; echo > secret/b',
      options: ['--exclude', '*.tmp', '--exclude', '/secret', '--on-event', program],
      withoutTarget: true,
    });
    const lines = (): readonly string[] => readFileSync(told, 'utf8').split('\n').slice(0, -1);
    expect(lines()).toEqual(['create keep/', 'create keep/a.txt']);
    mirror.change('echo > keep/b.tmp; rm keep/a.txt; echo > keep/c');
    await mirror.until(() => lines().length === 4, 'the events');
    expect(lines().slice(2)).toEqual(['delete keep/a.txt', 'create keep/c']);
  });
});
