/** The user and group `nobody` of most systems; any number without rights would do. */
export const NOBODY = 65_534;

export const isRoot = process.getuid?.() === 0;

/** What to run a program with so that permissions bind it: nothing more, unless the tests themselves run as root. */
export const unprivileged: readonly string[] = isRoot
  ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
  : [];
