/**
 * The first part of the build: makes of src/ and of the packages it uses the few files of `dist/`, with source maps. A start
 * finds, reads and links 40 files instead of the 600 modules it is made of, which takes half of the time (docs/architecture.md).
 *
 * What is imported when it is needed (`await import`) stays a file of its own, and so does each package, under its name, with
 * what it needs itself. All files lie directly in `dist/`: whoever looks for a file beside itself (`import.meta.url`) counts on it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';
import { rootPath } from './run-command.mjs';

const { dependencies, devDependencies } = JSON.parse(
  readFileSync(path.join(rootPath, 'package.json'), 'utf8'),
);
const packageNames = Object.keys({ ...dependencies, ...devDependencies });

/** The package that a module belongs to, as its folder; undefined for a module of ours. */
function packageFolder(moduleId) {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(moduleId)?.[0];
}

/** Name and version of a package, and the text of its licence. */
function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? `License: ${license}` : readFileSync(path.join(folder, file), 'utf8');
  return `${name} ${version}\n\n${text.trim()}\n`;
}

/** The licences of all packages that are in `dist/`, which they ask to be kept beside their code. */
const licences = {
  name: 'licences',
  generateBundle(_options, bundle) {
    const modules = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
    const folders = [...new Set(modules.map(packageFolder))].filter((folder) => folder !== undefined).sort();
    const source = folders.map(licenceOf).join(`\n${'-'.repeat(80)}\n\n`);
    this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source });
  },
};

const bundle = await rolldown({
  cwd: rootPath,
  input: {
    cli: 'src/cli.ts',
    index: 'src/index.ts',
    lsyncd: 'src/lsyncd.ts',
    'lsyncd-daemon': 'src/cli/lsyncd-daemon.ts',
    'action-thread': 'src/daemon/action-thread.ts',
    'module-trial-thread': 'src/daemon/module-trial-thread.ts',
  },
  platform: 'node',
  // It reads files of its own package.
  external: ['jiti'],
  // Its ECMAScript modules: of the CommonJS ones, which Node would take, nothing can be left out.
  resolve: { alias: { rxjs: path.join(rootPath, 'node_modules/rxjs/dist/esm/index.js') } },
  plugins: [licences],
  onLog(level, log) {
    if (level === 'warn') throw new Error(log.message);
  },
});
await bundle.write({
  dir: 'dist',
  cleanDir: true,
  chunkFileNames: '[name].js',
  sourcemap: true,
  sourcemapExcludeSources: true,
  // Legal comments and those for tools stay.
  comments: { jsdoc: false },
  codeSplitting: {
    groups: [
      ...packageNames.map((name) => ({ name, test: new RegExp(`/node_modules/${name}/`) })),
      // What the thread of an action has in common with the program: by itself it would be six files.
      {
        name: 'actions',
        test: /\/src\/(target\/action\/|daemon\/(action-place|compile-excludes|stray-errors)\.ts)/,
      },
    ],
  },
});
await bundle.close();
