import type { LogLevel, LogTopic } from '../log.ts';

/** Lsyncd's categories that are written unless something else is asked for. */
const USUAL: readonly string[] = ['Error', 'Warn', 'Normal'];
const SCARCE: readonly string[] = ['Error', 'Warn'];

/** What of our log belongs to which of Lsyncd's categories. */
export const LSYNCD_CATEGORIES: Readonly<Record<Exclude<LogLevel, 'debug'> | LogTopic, string>> = {
  error: 'Error',
  warn: 'Warn',
  info: 'Normal',
  command: 'Exec',
  batch: 'Delay',
  name: 'Info',
  watch: 'Inotify',
  status: 'Statusfile',
  tunnel: 'Tunnel',
  other: 'Debug',
};

/** Which categories are written: what the words behind each `-log` came to. */
export interface LogChoice {
  readonly kind: 'usual' | 'scarce' | 'all';
  /** Beside those. */
  readonly further: readonly string[];
}

export const USUAL_LOG: LogChoice = { kind: 'usual', further: [] };

/** `word` is what stands behind one more `-log`; undefined if it is neither `all`, nor `scarce`, nor begins with a capital. */
export function withLogWord(choice: LogChoice, word: string): LogChoice | undefined {
  if (word === 'all' || word === 'scarce') return { ...choice, kind: word };
  return /^[A-Z]/.test(word) ? { ...choice, further: [...choice.further, word] } : undefined;
}

export function isWritten({ kind, further }: LogChoice, category: string): boolean {
  if (kind === 'all') return true;
  return (kind === 'scarce' ? SCARCE : USUAL).includes(category) || further.includes(category);
}
