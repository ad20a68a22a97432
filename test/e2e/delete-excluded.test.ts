import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { delivered } from '../support/driven-target.ts';
import { LiveConfig } from '../support/live-config.ts';
import { LiveMirror } from '../support/live-mirror.ts';
import { LsyncdMirror } from '../support/lsyncd-mirror.ts';
import { makeRsyncMirror, type MirrorOptions, type RsyncMirror } from '../support/rsync-mirror.ts';
import { serveByDaemon, serveByRsyncssh, serveBySsh, serveNothing } from '../support/served-target.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { shell } from '../support/tree.ts';
import { isRoot, NOBODY, unprivileged } from '../support/unprivileged.ts';

/** Those of these names that the target has. */
function present(copy: string, names: readonly string[]): readonly string[] {
  return names.filter((name) => existsSync(`${copy}/${name}`));
}

/** A mirror that deletes `*.o`, and whose target has such names. */
async function startMirror(options: MirrorOptions = {}): Promise<RsyncMirror> {
  const mirror = makeRsyncMirror({ deletesExcluded: true, filterArguments: ['--filter=- *.o'], ...options });
  shell(mirror.source, 'mkdir -p d sub; echo 1 > d/a; echo 1 > sub/b; echo 1 > d/ours.o');
  shell(mirror.directory.path, 'mkdir -p copy/d copy/sub; echo x > copy/d/their.o; echo x > copy/extra');
  await mirror.prepare();
  return mirror;
}

describe('what the rules leave out is deleted by rsync', () => {
  test.each([
    { deletes: 'yes', afterFirst: [], afterBatch: ['d/new.o'], afterRescan: [] },
    {
      deletes: 'no',
      afterFirst: ['extra', 'd/their.o'],
      afterBatch: ['extra', 'd/their.o', 'd/new.o'],
      afterRescan: ['extra', 'd/their.o', 'd/new.o'],
    },
    { deletes: 'startup', afterFirst: [], afterBatch: ['d/new.o'], afterRescan: ['d/new.o'] },
    {
      deletes: 'running',
      afterFirst: ['extra', 'd/their.o'],
      afterBatch: ['extra', 'd/their.o', 'd/new.o'],
      afterRescan: ['extra'],
    },
  ] as const)(
    'in comparisons that delete, never by a batch ($deletes)',
    async ({ deletes, afterFirst, afterBatch, afterRescan }) => {
      await using mirror = await startMirror({ deletes });
      const names = ['extra', 'd/their.o', 'd/new.o', 'd/ours.o'];
      expect(delivered(await mirror.compareAll())).toEqual({ problems: [], recheck: [] });
      expect(present(mirror.copy, names)).toEqual(afterFirst);
      shell(mirror.source, 'echo 2 > d/a; rm sub/b');
      shell(mirror.copy, 'echo x > d/new.o');
      delivered(await mirror.deliver({ entries: ['d/a', 'sub/b'] }));
      expect(present(mirror.copy, names)).toEqual(afterBatch);
      delivered(await mirror.deliver({ subtrees: ['d'] }));
      expect(present(mirror.copy, names)).toEqual(afterRescan);
    },
  );

  test('not in a directory that goes with a batch, which stays with it', async () => {
    await using mirror = await startMirror();
    delivered(await mirror.compareAll());
    shell(mirror.source, 'rm -r d');
    shell(mirror.copy, 'echo x > d/new.o');
    delivered(await mirror.deliver({ entries: ['d'] }));
    expect(present(mirror.copy, ['d/a', 'd/new.o'])).toEqual(['d/new.o']);
    delivered(await mirror.compareAll());
    expect(present(mirror.copy, ['d'])).toEqual([]);
  });

  test('and counts: more than maxDelete are held, an empty source deletes none of them', async () => {
    await using mirror = await startMirror({ maxDelete: { unit: 'names', max: 1 } });
    expect(await mirror.compareAll()).toMatchObject({ held: { count: 2 } });
    expect(present(mirror.copy, ['extra', 'd/their.o', 'd/a'])).toEqual(['extra', 'd/their.o', 'd/a']);

    await using emptied = await startMirror({ allowEmptySource: false });
    shell(emptied.source, 'rm -r ./*');
    expect(await emptied.compareAll()).toMatchObject({ kind: 'delivered', held: {} });
    expect(present(emptied.copy, ['extra', 'd/their.o'])).toEqual(['extra', 'd/their.o']);
  });

  test('but what a rule protects, and parts of files that a run goes on from', async () => {
    const rules = ['P *.kept', '- *.kept', '-sr both', '- .part/', '- *.o'];
    await using mirror = await startMirror({
      filterArguments: rules.map((rule) => `--filter=${rule}`),
      extraArguments: ['--partial-dir=.part', '--delay-updates'],
    });
    shell(mirror.copy, 'touch d/x.kept d/both; mkdir d/.part d/.~tmp~; touch d/.part/c d/.~tmp~/c');
    delivered(await mirror.compareAll());
    const names = ['d/x.kept', 'd/both', 'd/.part/c', 'd/.~tmp~/c', 'd/their.o', 'extra'];
    expect(present(mirror.copy, names)).toEqual(names.slice(0, 4));
  });

  test('but not below a directory of the source that cannot be read', async () => {
    using directory = makeTempDir();
    for (const name of ['source', 'copy']) {
      mkdirSync(directory.at(name));
      shell(directory.at(name), 'mkdir -p secret/below open; touch secret/below/f open/g');
    }
    shell(directory.at('copy'), 'touch open/x.o open/stale');
    if (isRoot) {
      chownSync(directory.path, NOBODY, NOBODY);
      shell(directory.path, `chown -R ${NOBODY}:${NOBODY} source copy`);
    }
    chmodSync(directory.at('source', 'secret'), 0o000);
    const options = ['--delete-excluded', '--exclude', '*.o'];
    await using mirror = await LiveMirror.inSync({ directory, runWith: unprivileged, options });
    const names = ['secret/below/f', 'open/g', 'open/x.o', 'open/stale'];
    expect(present(mirror.copy, names)).toEqual(['secret/below/f', 'open/g']);
    chmodSync(directory.at('source', 'secret'), 0o755);
  });
});

describe.concurrent('--delete-excluded', () => {
  test.each([
    ['a directory', serveNothing],
    ['an rsync daemon', serveByDaemon],
    ['ssh', serveBySsh],
    ['rsyncssh', serveByRsyncssh],
  ])('reaches %s', async (_name, serve) => {
    using directory = makeTempDir();
    mkdirSync(directory.at('copy', 'd'), { recursive: true });
    shell(directory.at('copy'), 'echo x > d/their.o; mkdir cache; echo x > cache/y; echo x > extra');
    await using served = await serve(directory);
    await using mirror = await LiveMirror.inSync({
      ...served.way,
      before: 'mkdir d; echo 1 > d/a; mkdir cache; echo 1 > cache/z; echo 1 > d/ours.o',
      options: [...served.way.options, '--delete-excluded', '--exclude', '*.o', '--exclude', '/cache/'],
    });
    expect(present(mirror.copy, ['d/their.o', 'd/ours.o', 'cache', 'extra', 'd/a'])).toEqual(['d/a']);
    shell(mirror.copy, 'echo x > d/new.o');
    mirror.change('echo 2 > d/b; rm d/a');
    await mirror.until(() => present(mirror.copy, ['d/a', 'd/b']).join() === 'd/b', 'the batch');
    expect(present(mirror.copy, ['d/new.o'])).toEqual(['d/new.o']);
  });
});

describe.concurrent('rsync.deleteExcluded', () => {
  test('counts when it comes, and for rules that come later', async () => {
    const config = (rules: string, rsync: string): string =>
      `defaults: { delay: 0.1 }\nsyncs: [{ source: src, targets: [copy], exclude: [${rules}]${rsync} }]`;
    const on = ', rsync: { deleteExcluded: true }';
    await using live = await LiveConfig.inSync(
      config('"*.o"', ''),
      ['src'],
      'mkdir -p a/b a/c; touch a/b/f a/c/f g',
      1,
    );
    const copy = live.directory.at('copy');
    writeFileSync(`${copy}/their.o`, '');
    await live.reload(config('"*.o"', on));
    await live.until(() => present(copy, ['their.o']).length === 0, 'the comparison');
    await live.until(() => live.deliveries.length > 1, 'its end');
    writeFileSync(`${copy}/late.o`, '');
    expect(await live.reload(config('"*.o", /a/b/', on))).toEqual([
      'target copy: rules: 1 added, 0 removed; a is compared',
    ]);
    await live.until(() => present(copy, ['a/b']).length === 0, 'the end of what is left out now');
    expect(present(copy, ['a/b', 'a/c/f', 'g', 'late.o'])).toEqual(['a/c/f', 'g', 'late.o']);
    await live.reload(config('"*.o", /a/b/, /g', ''));
    live.change('src', 'touch mark');
    await live.until(() => existsSync(`${copy}/mark`), 'a later delivery');
    expect(present(copy, ['g', 'late.o'])).toEqual(['g', 'late.o']);
  });

  test('is rsync.delete_excluded of a Lua configuration', async () => {
    await using mirror = new LsyncdMirror(({ directory, source, copy }) => {
      mkdirSync(copy);
      shell(copy, 'touch their.o extra');
      writeFileSync(
        directory.at('c.lua'),
        `sync{ default.rsync, source = '${source}', target = '${copy}', delay = 1, exclude = { '*.o' },
          rsync = { delete_excluded = true } }`,
      );
      return ['-log', 'Exec', directory.at('c.lua')];
    }, 'echo 1 > f');
    await mirror.until(() => mirror.copied('f') !== undefined, 'the first sync');
    await mirror.until(() => present(mirror.copy, ['their.o', 'extra']).length === 0, 'the deletions');
    expect(mirror.output).toMatch(/\[--delete-excluded\]/);
    expect(mirror.output).not.toContain('no effect');
  });
});
