import { projectRoot } from '../../test/support/project-root.ts';
import { lsyncdWatchOnly } from './lsyncd.ts';
import { nativeProgram } from './native-program.ts';
import { Subject } from './subject.ts';

export type Contestant = 'syncline' | 'C loop' | 'inotifywait' | 'lsyncd' | 'parcel' | 'chokidar';

/** Starts one that watches `root` (absolute) and will say `ready`; `directory` is for files it needs. */
export function startWatching(contestant: Contestant, root: string, directory: string, mode = ''): Subject {
  const subject = (name: string): Subject =>
    new Subject([process.execPath, subjectProgram(name), root, mode]);
  switch (contestant) {
    case 'syncline':
      return subject('our-watch');
    case 'C loop':
      return new Subject([nativeProgram('read_events'), root]);
    case 'inotifywait':
      return new Subject(['inotifywait', '-mr', root], 'Watches established.');
    case 'lsyncd':
      return new Subject(lsyncdWatchOnly(`${directory}/lsyncd.lua`, root), 'lsyncd is ready');
    case 'parcel':
      return subject('parcel-watch');
    case 'chokidar':
      return subject('chokidar-watch');
  }
}

function subjectProgram(name: string): string {
  return `${projectRoot}/.cache/bench/bench/subjects/${name}.js`;
}
