import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LiveMirror } from '../support/live-mirror.ts';
import { until } from '../support/processes.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { describeTree } from '../support/tree.ts';
import { maySetUpMounts } from '../support/this-system.ts';

const before = 'mkdir -p d/e; echo 1 > d/e/f; echo 2 > g';

/** The mirror says that it holds, and why, and what to do; the target keeps what it has. */
async function expectHeld(mirror: LiveMirror, kept: unknown): Promise<void> {
  const held = await mirror.untilLogged(/^held: /);
  expect(held.level).toBe('error');
  expect(held.remedy).toMatch(/bring .*back|mount|restart/i);
  expect(describeTree(mirror.copy)).toEqual(kept);
  expect(mirror.process.running).toBe(true);
}

describe('the source root', () => {
  test('moved away is waited for; back again, what happened meanwhile is delivered', async () => {
    await using mirror = await LiveMirror.inSync({ before });
    const kept = describeTree(mirror.copy);
    const away = mirror.directory.at('away');
    renameSync(mirror.source, away);
    await expectHeld(mirror, kept);
    writeFileSync(`${away}/d/new`, 'written while it was away');
    rmSync(`${away}/g`);
    renameSync(away, mirror.source);
    await mirror.untilEqual();
    mirror.change('echo 3 > d/later');
    await mirror.untilEqual();
    expect((await mirror.end()).code).toBe(143);
  });

  test('replaced by another directory deletes nothing; the original back is mirrored on', async () => {
    await using mirror = await LiveMirror.inSync({ before });
    const kept = describeTree(mirror.copy);
    const away = mirror.directory.at('away');
    renameSync(mirror.source, away);
    mkdirSync(mirror.source);
    writeFileSync(`${mirror.source}/stranger`, 'not ours');
    await expectHeld(mirror, kept);
    writeFileSync(`${mirror.source}/stranger-2`, 'not ours');
    rmSync(mirror.source, { recursive: true });
    writeFileSync(`${away}/d/new`, 'written while it was away');
    expect(describeTree(mirror.copy)).toEqual(kept);
    renameSync(away, mirror.source);
    await mirror.untilEqual();
    expect((await mirror.end()).code).toBe(143);
  });

  test('deleted, and another made in its place, empties no target', async () => {
    // The delay is so long that the deletions of what was in it are not delivered before the root is gone.
    await using mirror = await LiveMirror.inSync({ before, options: ['--delay', '3'] });
    const kept = describeTree(mirror.copy);
    rmSync(mirror.source, { recursive: true });
    // Many file systems give the new directory the number of the old one.
    mkdirSync(mirror.source);
    await expectHeld(mirror, kept);
    await mirror.untilLogged(/^source root replaced/);
    writeFileSync(`${mirror.source}/stranger`, 'not ours');
    expect((await mirror.end()).code).toBe(143);
    expect(describeTree(mirror.copy)).toEqual(kept);
  });

  test('deleted leaves the target as it was, and TERM ends it', async () => {
    await using mirror = await LiveMirror.inSync({ before, options: ['--delay', '3'] });
    const kept = describeTree(mirror.copy);
    rmSync(mirror.source, { recursive: true });
    await expectHeld(mirror, kept);
    expect((await mirror.end()).code).toBe(143);
    expect(describeTree(mirror.copy)).toEqual(kept);
  });
});

/** A mount on a directory, undone at the end of the scope even while it is in use. */
class Mount implements Disposable {
  readonly #directory: string;
  #mounted = false;

  constructor(directory: string) {
    this.#directory = directory;
  }

  mount(...words: string[]): void {
    execFileSync('mount', [...words, this.#directory], { stdio: 'pipe' });
    this.#mounted = true;
  }

  /** Waits while somebody has it open, as the watch has for the moment of a look. */
  async unmount(): Promise<void> {
    await until(() => this.#tryToUnmount(), `umount ${this.#directory}`);
  }

  [Symbol.dispose](): void {
    if (this.#mounted) execFileSync('umount', ['-l', this.#directory]);
  }

  #tryToUnmount(): boolean {
    try {
      execFileSync('umount', [this.#directory], { stdio: 'pipe' });
      this.#mounted = false;
      return true;
    } catch (error) {
      if (String(error).includes('busy')) return false;
      throw error;
    }
  }
}

describe.runIf(maySetUpMounts)('the source root on a mount of its own (needs root)', () => {
  test('unmounted keeps the target; mounted again it is mirrored on', async () => {
    using directory = makeTempDir();
    const real = directory.at('real');
    for (const path of [real, directory.at('source')]) mkdirSync(path);
    using mount = new Mount(directory.at('source'));
    mount.mount('--bind', real);
    await using mirror = await LiveMirror.inSync({ directory, before });
    const kept = describeTree(mirror.copy);
    await mount.unmount();
    writeFileSync(`${real}/d/new`, 'written while it was not mounted there');
    await expectHeld(mirror, kept);
    mount.mount('--bind', real);
    await mirror.untilEqual();
    mirror.change('echo 3 > d/later; rm g');
    await mirror.untilEqual();
    expect((await mirror.end()).code).toBe(143);
  });

  test('unmounted, and another, empty file system in its place, deletes nothing', async () => {
    using directory = makeTempDir();
    mkdirSync(directory.at('source'));
    using mount = new Mount(directory.at('source'));
    mount.mount('-t', 'tmpfs', 'first');
    await using mirror = await LiveMirror.inSync({ directory, before });
    const kept = describeTree(mirror.copy);
    await mount.unmount();
    // The second one gets the device number of the first, and its root the same inode number.
    mount.mount('-t', 'tmpfs', 'second');
    await expectHeld(mirror, kept);
    await mirror.untilLogged(/^source root replaced/);
    writeFileSync(`${mirror.source}/stranger`, 'not ours');
    expect((await mirror.end()).code).toBe(143);
    expect(describeTree(mirror.copy)).toEqual(kept);
  });
});
