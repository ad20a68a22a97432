import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { projectRoot } from '../../test/support/project-root.ts';

/** What a figure depends on, one `key: value` a property, to be printed with every result. */
export function describeMachine(): Readonly<Record<string, string>> {
  return {
    date: new Date().toISOString(),
    cpu: `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'} (${arch()})`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: release(),
    load: loadavg().map((load) => load.toFixed(2)).join(' '), // prettier-ignore
    inotify: `max_queued_events ${sysctl('max_queued_events')}, max_user_watches ${sysctl('max_user_watches')}`,
    node: process.version,
    compiler: firstLine('cc', '--version'),
    rsync: firstLine('rsync', '--version'),
    lsyncd: firstLine('lsyncd', '-version'),
    inotifywait: firstLine('inotifywait', '--help'),
    parcel: packageVersion('@parcel/watcher'),
    chokidar: packageVersion('chokidar'),
  };
}

function firstLine(program: string, option: string): string {
  try {
    return (
      execFileSync(program, [option], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split(
        '\n',
      )[0] ?? ''
    );
  } catch (error) {
    const { stdout, code } = error as { stdout?: string; code?: string };
    return code === 'ENOENT' ? 'not installed' : (stdout?.split('\n')[0] ?? 'unknown');
  }
}

function packageVersion(name: string): string {
  const text = readFileSync(`${projectRoot}/node_modules/${name}/package.json`, 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function sysctl(name: string): string {
  return readFileSync(`/proc/sys/fs/inotify/${name}`, 'utf8').trim();
}
