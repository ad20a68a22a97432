import { runProcess } from './run-process.ts';

/** Of util-linux: the child gets TERM when we die, however we die (prctl(2), PR_SET_PDEATHSIG). */
const LAUNCHER = ['setpriv', '--pdeathsig', 'TERM', '--'];

/**
 * The command to start rsync with so that it does not outlive us after a KILL: else an old transfer could put its file in
 * place after a new one of ours. Empty where there is none (BusyBox).
 */
export async function findLauncher(
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const [program = '', ...words] = LAUNCHER;
  const end = await runProcess({
    program,
    arguments: [...words, 'true'],
    environment,
    onOutput: () => undefined,
    onError: () => undefined,
    idleTimeoutMs: 5_000,
    signal,
  });
  return end.kind === 'exited' && end.code === 0 ? LAUNCHER : [];
}
