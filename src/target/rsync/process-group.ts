import { kill } from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';

const DEFAULT_GRACE_MS = 1000;
/** After KILL: so long the kernel may take to end a process that sleeps in it. */
const KILLED_MS = 2000;

/** Ends a process group whose leader has this id: TERM, then KILL for what is left after `graceMs`. */
export async function endProcessGroup(group: number, graceMs = DEFAULT_GRACE_MS): Promise<void> {
  signalGroup(group, 'SIGTERM');
  // A stopped process takes TERM only when it runs again.
  signalGroup(group, 'SIGCONT');
  if (await groupGone(group, graceMs)) return;
  signalGroup(group, 'SIGKILL');
  await groupGone(group, KILLED_MS);
}

/** False when no process of the group is left. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return kill(-group, signal);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function groupGone(group: number, waitMs: number): Promise<boolean> {
  const deadline = performance.now() + waitMs;
  for (let stepMs = 5; signalGroup(group, 0); stepMs = Math.min(100, stepMs * 2)) {
    if (performance.now() >= deadline) return false;
    await pause(stepMs);
  }
  return true;
}
