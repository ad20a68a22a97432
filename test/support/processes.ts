import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** The processes, zombies left out, that have this text (a unique path) among their arguments. */
export function processesNaming(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => readOrEmpty(`/proc/${pid}/cmdline`).includes(text))
    .map(Number);
}

/** The processes that this one has started and that are alive. */
export function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((id) => parentOf(id) === parent);
}

/** What this process and its children have started, the oldest generation first. */
export function descendantsOf(root: number): number[] {
  const found = childrenOf(root);
  for (const id of found) found.push(...childrenOf(id));
  return found;
}

/** Kills a process and its descendants, the youngest generation first. */
export function killTree(root: number): void {
  for (const id of [root, ...descendantsOf(root)].reverse()) killIfThere(id);
}

export function killIfThere(id: number): void {
  try {
    process.kill(id, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

function parentOf(id: number): number {
  const stat = readOrEmpty(`/proc/${id}/stat`);
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** Waits until `condition` holds; throws with `what` when it does not by the deadline. */
export async function until(condition: () => boolean, what: string, deadlineMs = 30_000): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await pause(10);
  }
}
