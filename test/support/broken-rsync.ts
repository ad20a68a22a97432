import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const VERSION = '3.2.7-1+deb12u6';
const CACHE = join(import.meta.dirname, '..', '..', '.cache', `rsync-${VERSION}`);

/**
 * The path of an rsync whose receiver cannot take missing names (exit 2, `invalid file mode 00`): Debian's ${VERSION}
 * from apt, kept in `.cache`; where apt does not offer it, a script around the installed rsync that answers as it does.
 */
export function brokenReceiver(): string {
  const real = join(CACHE, 'usr', 'bin', 'rsync');
  const script = join(CACHE, 'rsync-script');
  if (existsSync(real)) return real;
  if (existsSync(script)) return script;
  mkdirSync(join(CACHE, '..'), { recursive: true });
  const work = mkdtempSync(`${CACHE}-`);
  if (!unpack(work)) writeScript(join(work, 'rsync-script'));
  try {
    renameSync(work, CACHE);
  } catch {
    rmSync(work, { recursive: true, force: true });
  }
  return existsSync(real) ? real : script;
}

function unpack(directory: string): boolean {
  try {
    const run = (program: string, ...words: string[]): unknown =>
      execFileSync(program, words, { cwd: directory, stdio: 'ignore', timeout: 60_000 });
    run('apt-get', 'download', `rsync=${VERSION}`);
    const [file] = readdirSync(directory).filter((name) => name.endsWith('.deb'));
    if (file === undefined) return false;
    run('dpkg-deb', '-x', file, '.');
    rmSync(join(directory, file));
    run(join(directory, 'usr', 'bin', 'rsync'), '--version');
    return true;
  } catch {
    rmSync(join(directory, 'usr'), { recursive: true, force: true });
    return false;
  }
}

/** Fails as the broken receiver does as soon as a listed name is missing, and is the installed rsync otherwise. */
function writeScript(path: string): void {
  writeFileSync(
    path,
    `#!/bin/bash
case " $* " in *' --delete-missing-args '*) ;; *) exec rsync "$@" ;; esac
list=$(mktemp); trap 'rm -f "$list"' EXIT; cat > "$list"
source=\${*: -2:1}
while IFS= read -r -d '' name; do
  if [ ! -e "$source/$name" ] && [ ! -L "$source/$name" ]; then
    echo "invalid file mode 00 for \${name#/} [Receiver]" >&2
    echo 'rsync error: protocol incompatibility (code 2) at flist.c(874) [Receiver=3.2.7]' >&2
    exit 2
  fi
done < "$list"
rsync "$@" < "$list"
`,
  );
  chmodSync(path, 0o755);
}
