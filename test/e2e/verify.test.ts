import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SynclineProgram } from '../support/syncline-program.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import type { TempDir } from '../support/temp-dir.ts';
import { describeTree, shell } from '../support/tree.ts';
import { unprivileged } from '../support/unprivileged.ts';
import { takesAnyBytes } from '../support/this-system.ts';

/** A tree and a copy that differs from it in every way. */
function makeDrifted(): TempDir {
  const directory = makeTempDir();
  mkdirSync(directory.at('tree'));
  shell(
    directory.at('tree'),
    String.raw`mkdir d; echo 1 > same; echo 2 > d/content; echo 3 > mode; echo 4 > $'new\nline'; ln -s a link; touch -h -d @100 link; touch -d @100 d/content mode d same .`,
  );
  shell(directory.at('.'), 'cp -a tree copy');
  shell(
    directory.at('copy'),
    String.raw`echo 22 > d/content; chmod 600 mode; rm $'new\nline'; echo x > $'\xff' || echo x > extra; ln -snf b link; touch -d @200 d .`,
  );
  return directory;
}

async function verify(
  directory: TempDir,
  options: readonly string[],
  runWith: readonly string[] = [],
): Promise<{ status: number | string; lines: string[]; stderr: string }> {
  const args = ['verify', ...options, directory.at('tree'), directory.at('copy')];
  const program = new SynclineProgram(args, {}, runWith);
  const status = await program.end();
  return { status, lines: program.stdout.trimEnd().split('\n').toSorted(), stderr: program.stderr };
}

test.concurrent(
  'with --delete-excluded what the rules leave out is extra, and goes with --repair',
  async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('tree'));
    shell(directory.at('tree'), 'echo 1 > same; echo 2 > ours.o');
    shell(
      directory.at('.'),
      'cp -a tree copy; rm copy/ours.o; echo 3 > copy/theirs.o; touch -d @100 tree copy',
    );
    const exclude = ['--exclude', '*.o'];
    expect((await verify(directory, exclude)).lines).toEqual(['equal']);
    const { status, lines } = await verify(directory, [...exclude, '--delete-excluded']);
    expect(lines).toEqual(['1 difference', 'extra   theirs.o']);
    expect(status).toBe(1);
    expect((await verify(directory, [...exclude, '--delete-excluded', '--repair'])).status).toBe(0);
    expect(existsSync(directory.at('copy/theirs.o'))).toBe(false);
    const refused = await verify(directory, ['--delete-excluded', '--direct']);
    expect(refused.stderr).toMatch(/--delete-excluded works only with rsync/);
    expect(refused.status).toBe(2);
  },
);

describe.concurrent.each([
  ['by rsync', []],
  ['by the file engine', ['--direct']],
])('%s', (_name, how) => {
  test.runIf(takesAnyBytes)('every difference is listed once, and nothing is changed', async () => {
    using directory = makeDrifted();
    const before = describeTree(directory.at('.'));
    const { status, lines, stderr } = await verify(directory, how);
    expect(stderr).toBe('');
    expect(lines).toEqual([
      '7 differences',
      'differs . [time]',
      'differs d [time]',
      'differs d/content [size, time]',
      'differs link [link target, time]',
      'differs mode [permissions]',
      String.raw`extra   \xff`,
      String.raw`missing new\nline`,
    ]);
    expect(status).toBe(1);
    expect(describeTree(directory.at('.'))).toEqual(before);
  });

  test.runIf(takesAnyBytes)('with --json names come back exactly', async () => {
    using directory = makeDrifted();
    const { status, lines } = await verify(directory, [...how, '--json']);
    const found = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(found).toContainEqual({ kind: 'missing', path: 'new\nline', what: [] });
    expect(found).toContainEqual({
      kind: 'extra',
      path: String.raw`\xff`,
      pathBase64: Buffer.from([0xff]).toString('base64'),
      what: [],
    });
    expect(status).toBe(1);
  });

  test('--repair delivers what differs; then both are equal', async () => {
    using directory = makeDrifted();
    const repaired = await verify(directory, [...how, '--repair']);
    expect(repaired.status).toBe(0);
    expect(repaired.lines).toContain('equal');
    expect(describeTree(directory.at('copy'))).toEqual(describeTree(directory.at('tree')));
    expect(await verify(directory, how)).toEqual({ status: 0, lines: ['equal'], stderr: '' });
  });

  test('content that differs below equal size and time takes --checksum', async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('tree'));
    writeFileSync(directory.at('tree/file'), 'one');
    shell(
      directory.at('.'),
      'touch -d @100 tree/file; cp -a tree copy; printf two > copy/file; touch -d @100 copy/file',
    );
    expect((await verify(directory, how)).lines).toEqual(['equal']);
    const { status, lines } = await verify(directory, [...how, '--checksum']);
    expect(lines).toEqual(['1 difference', 'differs file [content]']);
    expect(status).toBe(1);
  });

  test('what the filter leaves out is no difference', async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('tree'));
    shell(
      directory.at('.'),
      'echo 1 > tree/a.o; cp -a tree copy; rm tree/a.o; touch -d @100 tree copy; echo 1 > copy/b.o; touch -d @100 copy',
    );
    expect((await verify(directory, [...how, '--exclude', '*.o'])).lines).toEqual(['equal']);
  });

  test('what cannot be read is unknown, not equal', async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('tree'));
    shell(
      directory.at('.'),
      'mkdir tree/closed; echo 1 > tree/closed/a; cp -a tree copy; chmod 755 . tree copy',
    );
    shell(directory.at('tree'), 'chmod 000 closed');
    const { status, lines } = await verify(directory, how, unprivileged);
    expect(lines).toContainEqual(expect.stringMatching(/^unknown closed \[.*denied/));
    expect(status).toBe(1);
  });

  test('an empty source is listed as it is, but does not empty the target by --repair', async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('tree'));
    shell(directory.at('.'), 'mkdir copy; echo 1 > copy/a; touch -d @100 tree copy');
    const { status, lines, stderr } = await verify(directory, [...how, '--repair']);
    expect(lines).toContain('extra   a');
    expect(stderr).toMatch(/source is empty/);
    expect(status).toBe(1);
    expect(existsSync(directory.at('copy/a'))).toBe(true);
  });
});

test.concurrent('where rsync is missing, directories are compared and repaired all the same', async () => {
  using directory = makeDrifted();
  const without = ['--rsync-program', directory.at('no-rsync')];
  expect((await verify(directory, without)).lines).toContain('7 differences');
  expect((await verify(directory, [...without, '--repair'])).lines).toContain('equal');
  expect(describeTree(directory.at('copy'))).toEqual(describeTree(directory.at('tree')));
});

test.concurrent('a target that is not there fails in one line', async () => {
  using directory = makeTempDir();
  mkdirSync(directory.at('tree'));
  const program = new SynclineProgram(['verify', directory.at('tree'), directory.at('no/such')]);
  expect(await program.end()).toBe(1);
  expect(program.stderr).toMatch(/^syncline: .*no/);
});
