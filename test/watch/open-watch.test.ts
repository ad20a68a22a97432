import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { promisify } from 'node:util';
import { firstValueFrom, map, mergeMap, filter as only } from 'rxjs';
import { afterEach, expect, test } from 'vitest';
import type { NativeAddon } from '../../src/addon/addon.ts';
import { loadAddon } from '../../src/addon/load-addon.ts';
import type { EventBatch, WatchEvent } from '../../src/model/event-batch.ts';
import { openWatch, watch$, type Watch } from '../../src/watch/open-watch.ts';
import { makeTempDir } from '../support/temp-dir.ts';

const run = promisify(execFile);

let watch: Watch | undefined;
afterEach(() => watch?.close());

function collect(root: string): { watch: Watch; events: WatchEvent[] } {
  const opened = openWatch(loadAddon(), { root: Buffer.from(root) });
  const events: WatchEvent[] = [];
  opened.batches$.subscribe((batch: EventBatch) => events.push(...batch.events()));
  watch = opened;
  return { watch: opened, events };
}

test.each([
  ['a missing root', '/nonexistent/syncline', 'ENOENT'],
  ['a file as root', '/etc/passwd', 'ENOTDIR'],
])('%s is a SOURCE error that names it and the reason', (_what, path, reason) => {
  expect(() => openWatch(loadAddon(), { root: Buffer.from(path) })).toThrow(
    expect.objectContaining({ code: 'SOURCE', message: `${path} cannot be opened: ${reason}` }) as Error,
  );
});

// The limits are the user's, and shared with all else on the machine: what the addon throws then is thrown here.
test.each([
  [
    'no watch is left',
    'inotify_add_watch',
    constants.errno.ENOSPC,
    'WATCH_LIMIT',
    'fs.inotify.max_user_watches=',
  ],
  ['no instance is left', 'inotify_init1', constants.errno.EMFILE, 'WATCH', 'fs.inotify.max_user_instances='],
])('%s: the error says what to type', (_what, syscall, errno, expected, remedy) => {
  const addon = {
    ...loadAddon(),
    Watch: function () {
      throw Object.assign(new Error('cannot watch'), { errno, syscall });
    },
  } as unknown as NativeAddon;
  expect(() => openWatch(addon, { root: Buffer.from('/tree') })).toThrow(
    expect.objectContaining({
      code: expected,
      remedy: expect.stringContaining(remedy) as string,
    }) as Error,
  );
});

test('a barrier resolves when all that happened before it was emitted, the first scan included', async () => {
  using root = makeTempDir();
  mkdirSync(root.at('before'));
  const { watch: opened, events } = collect(root.path);
  await opened.barrier();
  expect(opened.stats().directories).toBe(2);
  expect(opened.stats().scanning).toBe(false);
  writeFileSync(root.at('before', 'file'), 'x');
  await opened.barrier();
  expect(events).toContainEqual(
    expect.objectContaining({ kind: 'changed', directory: 'before', name: 'file' }),
  );
});

const isLinux = process.platform === 'linux';

test.runIf(isLinux)('where no history is kept, a watch begins at its start and says why', async () => {
  using root = makeTempDir();
  const opened = openWatch(loadAddon(), { root: Buffer.from(root.path), since: 'fsevents1:anything' });
  watch = opened;
  opened.batches$.subscribe();
  await opened.barrier();
  expect(opened.history()).toEqual({ resumed: false, position: null, why: 'inotify keeps no history' });
});

test.skipIf(isLinux)('a later watch tells what changed since an earlier one', async () => {
  using root = makeTempDir();
  const { watch: earlier } = collect(root.path);
  writeFileSync(root.at('before'), 'x');
  await earlier.barrier();
  const { position } = earlier.history();
  earlier.close();
  writeFileSync(root.at('between'), 'x');
  const later = openWatch(loadAddon(), { root: Buffer.from(root.path), since: position ?? '' });
  watch = later;
  const events: WatchEvent[] = [];
  later.batches$.subscribe((batch) => events.push(...batch.events()));
  await later.barrier();
  expect(later.history()).toMatchObject({ resumed: true, why: '' });
  expect(events).toContainEqual(expect.objectContaining({ kind: 'changed', directory: '', name: 'between' }));
});

test('what is no string is no place to begin at', () => {
  using root = makeTempDir();
  const options = { root: Buffer.from(root.path), since: 7 as unknown as string };
  expect(() => openWatch(loadAddon(), options)).toThrow('since is not a string');
});

test('several barriers at once all resolve, in order', async () => {
  using root = makeTempDir();
  const { watch: opened } = collect(root.path);
  const resolved: number[] = [];
  await Promise.all([1, 2, 3].map((number) => opened.barrier().then(() => resolved.push(number))));
  expect(resolved).toEqual([1, 2, 3]);
});

test('a barrier is answered while the root is gone', async () => {
  using above = makeTempDir();
  mkdirSync(above.at('root'));
  const { watch: opened, events } = collect(above.at('root'));
  await opened.barrier();
  rmSync(above.at('root'), { recursive: true });
  await expect.poll(() => events.some((event) => event.kind === 'root' && event.state === 'gone')).toBe(true);
  await opened.barrier();
});

test('barriers that wait when the watch is closed are rejected, and later ones too', async () => {
  using root = makeTempDir();
  const { watch: opened } = collect(root.path);
  const waiting = opened.barrier();
  opened.close();
  await expect(waiting).rejects.toThrow('the watch is closed');
  await expect(opened.barrier()).rejects.toThrow('the watch is closed');
});

test('batches$ completes when the watch is closed', async () => {
  using root = makeTempDir();
  const { watch: opened } = collect(root.path);
  const completed = new Promise<void>((resolve) => opened.batches$.subscribe({ complete: resolve }));
  opened.close();
  await completed;
});

test('watch$ opens a watch for its subscriber and closes it with the subscription', async () => {
  using root = makeTempDir();
  let closed = 0;
  const real = loadAddon();
  const addon = {
    ...real,
    Watch: class extends real.Watch {
      override close(): void {
        closed++;
        super.close();
      }
    },
  };
  const name = firstValueFrom(
    watch$(addon, { root: Buffer.from(root.path) }).pipe(
      mergeMap((batch) => [...batch.events()]),
      map((event) => {
        if (event.kind === 'coverage' && event.state === 'watching') writeFileSync(root.at('new'), 'x');
        return event.kind === 'changed' ? event.name : undefined;
      }),
      only((found) => found !== undefined),
    ),
  );
  expect(await name).toBe('new');
  expect(closed).toBe(1);
});

test('watch$ of a missing root is an error of the stream', async () => {
  await expect(
    firstValueFrom(watch$(loadAddon(), { root: Buffer.from('/nonexistent/syncline') })),
  ).rejects.toMatchObject({
    code: 'SOURCE',
  });
});

test.each(['process.exit(7)', 'process.exitCode = 7; watch.close()'])(
  'the process ends with its status while a watch runs: %s',
  async (end) => {
    using root = makeTempDir();
    for (let i = 0; i < 50; i++) mkdirSync(root.at(`d${i}`));
    const addon = new URL('../../build/Release/syncline.node', import.meta.url).pathname;
    const program = `
      const addon = require(${JSON.stringify(addon)});
      const watch = new addon.Watch({ root: Buffer.from(${JSON.stringify(root.path)}) }, () => {
        watch.take();
        ${end};
      });`;
    await expect(run(process.execPath, ['-e', program], { timeout: 30_000 })).rejects.toMatchObject({
      code: 7,
      signal: null,
    });
  },
);
