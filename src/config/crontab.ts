import { Cron } from 'croner';

const FIELDS = 'minute hour day month weekday, as in "0 3 * * *", with a field of seconds in front if wanted';

function parse(text: string): Cron {
  // A date, a word as @daily and a year are no fields of a crontab.
  if (!/^\s*\S+(\s+\S+){4,5}\s*$/.test(text)) throw new Error('five or six fields');
  return new Cron(text, { paused: true, mode: '5-or-6-parts' });
}

/** What is allowed in the place of a text that no time of cron can be read from, or of one that never comes. */
export function crontabProblem(text: string): string | undefined {
  try {
    return parse(text).nextRun() === null ? `a time that comes; ${FIELDS}` : undefined;
  } catch (error) {
    const why = (error as Error).message.replace(/^CronPattern: /, '');
    return why === 'five or six fields' ? `${why}: ${FIELDS}` : `${FIELDS} (${why.replace(/\.$/, '')})`;
  }
}

/**
 * Reads texts without a {@link crontabProblem}. The function gives the first time behind `afterMs` that one of them
 * names in the time zone of this machine: whole seconds, as ms since 1970; `Infinity` if there is none any more.
 */
export function crontabTimes(texts: readonly string[]): (afterMs: number) => number {
  const patterns = texts.map(parse);
  return (afterMs) => {
    const after = new Date(afterMs);
    return Math.min(...patterns.map((pattern) => pattern.nextRun(after)?.getTime() ?? Infinity));
  };
}
