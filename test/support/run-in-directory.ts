import { LIVE_DEADLINE_MS, LiveProcess } from './live-process.ts';
import { until } from './processes.ts';
import { projectRoot } from './project-root.ts';
import type { TempDir } from './temp-dir.ts';

/** Starts `syncline ARGS` in a directory. */
export function startIn(directory: TempDir, ...args: readonly string[]): LiveProcess {
  const program = [process.execPath, `${projectRoot}/dist/cli.js`, ...args];
  return new LiveProcess(['sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', directory.path, ...program]);
}

/** Runs `syncline ARGS` in a directory to its end; `@` stands for the directory in what it says. */
export async function endedIn(
  directory: TempDir,
  ...args: readonly string[]
): Promise<{ status: number | null; output: string }> {
  const live = startIn(directory, ...args);
  await until(() => !live.running, `the end of ${args.join(' ')}`, LIVE_DEADLINE_MS);
  const { code } = await live.end('SIGKILL', 0);
  return { status: code, output: live.output.replaceAll(directory.path, '@') };
}
