/** @parcel/watcher in a process of its own. Usage: parcel-watch ROOT. Says `ready`, every file of the root with its time, and counts until `done` shows. */
import { subscribe } from '@parcel/watcher';
import { cpuSecondsSince, say } from './say.ts';

const [root = '', mode = ''] = process.argv.slice(2);
const names = new Set<string>();
let errors = 0;

const subscription = await subscribe(root, (error, events) => {
  const nowMs = Number(process.hrtime.bigint()) / 1e6;
  if (error !== null) errors++;
  for (const { path, type } of events) {
    if (type === 'delete') continue;
    names.add(path);
    if (path.lastIndexOf('/') !== root.length) continue;
    if (mode === 'times') say({ closed: path.slice(root.length + 1), seenMs: nowMs });
  }
  if (!names.delete(`${root}/done`)) return;
  say({ result: true, names: names.size, errors, cpuSeconds: cpuSecondsSince(sinceReady) });
});
const sinceReady = process.cpuUsage();
say({ ready: true });
process.on('SIGTERM', () => {
  void subscription.unsubscribe().then(() => process.exit(143));
});
