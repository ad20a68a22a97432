import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An empty directory of its own, removed with all its content at the end of the scope (`using`). */
export interface TempDir extends Disposable {
  readonly path: string;
  /** The path of something below. */
  readonly at: (...parts: string[]) => string;
}

export function makeTempDir(parent = tmpdir()): TempDir {
  const path = realpathSync(mkdtempSync(join(parent, 'syncline-test-')));
  return {
    path,
    at: (...parts) => join(path, ...parts),
    [Symbol.dispose]: () => {
      rmSync(path, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
