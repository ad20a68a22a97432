import { loadAddon } from '../addon/load-addon.ts';

/** From now on the end of this process does not wait for its threads: one of them hangs in a call of the system. */
export function leaveThreads(): void {
  process.off('exit', exitAtOnce);
  process.on('exit', exitAtOnce);
}

function exitAtOnce(status: number): void {
  loadAddon().exitAtOnce(status);
}
