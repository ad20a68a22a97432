import { runProcess } from './run-process.ts';

/** Of util-linux: the child gets TERM when we die, however we die (prctl(2), PR_SET_PDEATHSIG). */
const LAUNCHER = ['setpriv', '--pdeathsig', 'TERM', '--'];

/** Answers by PATH; one that found nothing is asked for again. */
const answers = new Map<string, Promise<readonly string[]>>();

/**
 * The command to start rsync with so that it does not outlive us after a KILL: else an old transfer could put its file in
 * place after a new one of ours. Empty where there is none (BusyBox). All targets share one answer.
 */
export async function findLauncher(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const path = environment.PATH ?? '';
  const known = answers.get(path);
  if (known !== undefined) return known;
  const answer = askLauncher(environment);
  answers.set(path, answer);
  const found = await answer;
  if (found.length === 0) answers.delete(path);
  return found;
}

/** Not to be ended by one target, since others wait for it too; it is over at once. */
async function askLauncher(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const [program = '', ...words] = LAUNCHER;
  const end = await runProcess({
    program,
    arguments: [...words, 'true'],
    environment,
    onOutput: () => undefined,
    onError: () => undefined,
    idleTimeoutMs: 5_000,
    signal: new AbortController().signal,
  });
  return end.kind === 'exited' && end.code === 0 ? LAUNCHER : [];
}
