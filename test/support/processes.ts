import { setTimeout as pause } from 'node:timers/promises';
import { processTable } from './process-table.ts';

/** The processes, zombies left out, that have this text (a unique path) among their arguments. */
export function processesNaming(text: string): number[] {
  return processTable()
    .filter((listed) => listed.pid !== process.pid && listed.arguments.includes(text))
    .map(({ pid }) => pid);
}

/** The processes that this one has started and that are alive. */
export function childrenOf(parent: number): number[] {
  return processTable()
    .filter((listed) => listed.parent === parent)
    .map(({ pid }) => pid);
}

/** What this process and its children have started, the oldest generation first. */
export function descendantsOf(root: number): number[] {
  const found = childrenOf(root);
  for (const id of found) found.push(...childrenOf(id));
  return found;
}

/** Stops (SIGSTOP) a process and its descendants, and gives them, the oldest generation first. */
export function stopTree(root: number): number[] {
  const found = [root];
  for (const id of found) {
    // What is stopped starts nothing more.
    signalIfThere(id, 'SIGSTOP');
    found.push(...childrenOf(id));
  }
  return found;
}

/** Kills a process and its descendants, the youngest generation first. */
export function killTree(root: number): void {
  for (const id of stopTree(root).reverse()) signalIfThere(id, 'SIGKILL');
}

export function signalIfThere(id: number, signal: NodeJS.Signals): void {
  try {
    process.kill(id, signal);
  } catch {
    // It has ended meanwhile.
  }
}

/** Waits until `condition` holds; throws with `what` when it does not by the deadline. */
export async function until(condition: () => boolean, what: string, deadlineMs = 90_000): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await pause(10);
  }
}
