import { stat } from 'node:fs/promises';
import { Observable } from 'rxjs';
import { type PathBytes, pathToBuffer } from '../model/path-bytes.ts';

/** Looking again and again sees what every editor, deployment and file system does; events of the kernel do not. */
const LOOK_MS = 500;

/** Times of files may be so much older than the clock. */
const CLOCK_MS = 20;

/** Files, each with the time (ms since 1970) from which on its changes count: when it was about to be read. */
export type FilesToWatch = ReadonlyMap<PathBytes, number>;

interface FileState {
  readonly text: string;
  readonly changedAtMs: number;
}

/**
 * Emits after one of the files has changed, appeared, gone or been replaced, as soon as none of them has changed from one
 * look to the next. `files` are asked for at each look. Never completes.
 */
export function fileChanges$(files: () => FilesToWatch, lookMs = LOOK_MS): Observable<void> {
  return new Observable((subscriber) => {
    let told: ReadonlyMap<PathBytes, FileState> = new Map();
    let last: ReadonlyMap<PathBytes, FileState> = new Map();
    let isLooking = false;
    const look = async (): Promise<void> => {
      const since = files();
      const now = await statesOf([...since.keys()]);
      const isSettled = [...now].every(([file, { text }]) => last.get(file)?.text === text);
      last = now;
      if (!isSettled || subscriber.closed) return;
      const before = told;
      told = now;
      const hasChanged = ([file, { text, changedAtMs }]: [PathBytes, FileState]): boolean => {
        const known = before.get(file);
        return known === undefined
          ? changedAtMs > (since.get(file) ?? Infinity) - CLOCK_MS
          : known.text !== text;
      };
      if ([...now].some(hasChanged)) subscriber.next();
    };
    const lookOnce = (): void => {
      if (isLooking) return;
      isLooking = true;
      void look().finally(() => {
        isLooking = false;
      });
    };
    lookOnce();
    const timer = setInterval(lookOnce, lookMs);
    timer.unref();
    return () => {
      clearInterval(timer);
    };
  });
}

async function statesOf(files: readonly PathBytes[]): Promise<ReadonlyMap<PathBytes, FileState>> {
  return new Map(await Promise.all(files.map(async (file) => [file, await stateOf(file)] as const)));
}

async function stateOf(file: PathBytes): Promise<FileState> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = await stat(pathToBuffer(file), { bigint: true });
    return { text: [dev, ino, size, mtimeNs, ctimeNs].join(' '), changedAtMs: Number(ctimeMs) };
  } catch (error) {
    return { text: (error as NodeJS.ErrnoException).code ?? 'unknown', changedAtMs: -Infinity };
  }
}
