/** chokidar in a process of its own. Usage: chokidar-watch ROOT. Says `ready`, and counts files until `done` shows. */
import { watch } from 'chokidar';
import { cpuSecondsSince, say } from './say.ts';

const [root = '', mode = ''] = process.argv.slice(2);
const names = new Set<string>();
let sinceReady = process.cpuUsage();

watch(root, { ignoreInitial: true })
  .on('add', (path) => {
    if (path === `${root}/done`)
      say({ result: true, names: names.size, errors: 0, cpuSeconds: cpuSecondsSince(sinceReady) });
    else names.add(path);
    if (mode === 'times')
      say({ closed: path.slice(root.length + 1), seenMs: Number(process.hrtime.bigint()) / 1e6 });
  })
  .on('ready', () => {
    sinceReady = process.cpuUsage();
    say({ ready: true });
  });
