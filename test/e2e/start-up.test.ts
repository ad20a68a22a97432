import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { projectRoot } from '../support/project-root.ts';
import { SynclineProgram } from '../support/syncline-program.ts';
import { makeTempDir, type TempDir } from '../support/temp-dir.ts';

const DIST = path.join(projectRoot, 'dist');
const { dependencies, devDependencies } = JSON.parse(
  readFileSync(path.join(projectRoot, 'package.json'), 'utf8'),
) as Readonly<Record<'dependencies' | 'devDependencies', Readonly<Record<string, string>>>>;
const packages = new Set(Object.keys({ ...dependencies, ...devDependencies }));

/** A source with a file in it, targets, and two configurations of a mirror to the first one that end after the first sync. */
function makeTrees(): TempDir {
  const directory = makeTempDir();
  for (const name of ['source', 'target', 'target2', 'target3']) mkdirSync(directory.at(name));
  writeFileSync(directory.at('source/file'), 'content');
  const [source, target] = [JSON.stringify(directory.at('source')), JSON.stringify(directory.at('target'))];
  writeFileSync(
    directory.at('config.lua'),
    `settings{ onepass = true }\nsync{ default.direct, source = ${source}, target = ${target} }\n`,
  );
  writeFileSync(
    directory.at('config.yaml'),
    `syncs:\n  - source: ${source}\n    once: true\n    targets: [{ kind: direct, target: ${target} }]\n`,
  );
  return directory;
}

/** Runs the program to its end, which must be 0; `@` stands for the directory. The files that Node has loaded, outside itself. */
async function loadedBy(
  name: 'syncline' | 'lsyncd',
  args: readonly string[],
  directory: TempDir,
): Promise<string[]> {
  const words = args.map((word) => word.replace('@', directory.path));
  const program = new SynclineProgram(words, { NODE_V8_COVERAGE: directory.at('loaded') }, [], name);
  expect([await program.end(), program.stderr]).toEqual([0, '']);
  const reports = readdirSync(directory.at('loaded')).map((file) => {
    const text = readFileSync(directory.at(`loaded/${file}`), 'utf8');
    return JSON.parse(text) as { readonly result: readonly { readonly url: string }[] };
  });
  expect(reports).toHaveLength(1);
  return reports
    .flatMap(({ result }) => result.map(({ url }) => url))
    .filter((url) => url.startsWith('file:'))
    .map((url) => fileURLToPath(url));
}

test.each([
  ['lsyncd', ['--version'], 10, ['rxjs']],
  ['syncline', ['--version'], 16, ['commander', 'croner', 'rxjs']],
  [
    'syncline',
    ['mirror', '--direct', '--once', '@/source', '@/target'],
    25,
    ['commander', 'croner', 'picocolors', 'rxjs'],
  ],
  ['syncline', ['run', '@/config.yaml'], 40, ['commander', 'croner', 'picocolors', 'rxjs', 'yaml', 'zod']],
  ['lsyncd', ['-nodaemon', '@/config.lua'], 40, ['croner', 'fengari', 'picocolors', 'rxjs', 'zod']],
] as const)('%s %j loads at most %i files, and of the packages %j', async (name, args, most, wanted) => {
  using directory = makeTrees();
  const loaded = await loadedBy(name, args, directory);
  expect(loaded.filter((file) => path.dirname(file) !== DIST)).toEqual([]);
  const names = loaded.map((file) => path.basename(file, '.js'));
  expect(names.filter((file) => packages.has(file)).sort()).toEqual(wanted);
  expect(names.length).toBeLessThanOrEqual(most);
});

test('of zod the program has no language but English', () => {
  const { sources } = JSON.parse(readFileSync(path.join(DIST, 'zod.js.map'), 'utf8')) as {
    readonly sources: readonly string[];
  };
  const languages = sources.filter((file) => file.includes('/locales/')).map((file) => path.basename(file));
  expect(languages).toEqual(['en.js']);
});

test('several targets on this machine ask the rsync of this machine once each', async () => {
  using directory = makeTrees();
  mkdirSync(directory.at('bin'));
  const calls = directory.at('calls');
  writeFileSync(
    directory.at('bin/rsync'),
    `#!/bin/sh\necho "$*" >> ${calls}\nPATH=\${PATH#*:} exec rsync "$@"\n`,
  );
  chmodSync(directory.at('bin/rsync'), 0o755);
  const targets = ['target2', 'target3'].flatMap((name) => ['--target', directory.at(name)]);
  const program = new SynclineProgram(
    ['mirror', '--once', ...targets, directory.at('source'), directory.at('target')],
    { PATH: `${directory.at('bin')}:${process.env.PATH ?? ''}` },
  );
  expect([await program.end(), program.stderr]).toEqual([0, '']);
  for (const name of ['target', 'target2', 'target3'])
    expect(readFileSync(directory.at(`${name}/file`), 'utf8')).toBe('content');
  const kinds = readFileSync(calls, 'utf8')
    .trimEnd()
    .split('\n')
    .map((call) =>
      call === '--version' ? 'version' : / -n .*missing-args/.test(call) ? 'probe' : 'delivery',
    );
  expect(kinds.sort()).toEqual(['delivery', 'delivery', 'delivery', 'probe', 'version']);
});
