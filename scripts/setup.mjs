#!/usr/bin/env node
/**
 * Makes a clone ready: system packages (on a Mac it names them), npm packages, the addon, the compiled program. Each step is skipped when nothing
 * it depends on has changed, so that calling it again costs a few milliseconds.
 *
 *     node scripts/setup.mjs [start|test|test-native|lint|bench]     (default: start)
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  brewPath,
  gnuPrograms,
  hasProgram,
  isMac,
  main,
  rootPath,
  run,
  runStatus,
  say,
  ScriptError,
} from './run-command.mjs';

/** What is needed: how it is installed on Debian, on a Mac by Homebrew (null: it comes with macOS), and whether it is there. */
const program = (name, debian = name, brew = name) => ({ debian, brew, present: () => hasProgram(name) });
const brewed = (name, debian, file) => ({
  debian,
  brew: name,
  present: () => existsSync(path.join(isMac ? brewPath : '/usr', file)),
});
/** Apple's clang, make and python3; their names are there without them. */
const xcodeTools = {
  command: 'xcode-select --install',
  present: () => spawnSync('xcode-select', ['-p'], { stdio: 'ignore' }).status === 0,
};
const compiling = isMac ? [xcodeTools] : [program('g++')];
const building = isMac ? compiling : [...compiling, program('make'), program('python3')];
const testing = [
  ...compiling,
  program('cmake'),
  program('ninja', 'ninja-build'),
  brewed('doctest', 'doctest-dev', 'include/doctest/doctest.h'),
];
/** The one of macOS is openrsync, and its touch knows no GNU options. */
const running = isMac
  ? [
      ...building,
      brewed('rsync', 'rsync', 'bin/rsync'),
      { brew: 'coreutils', present: () => existsSync(gnuPrograms) },
    ]
  : [...building, program('rsync')];
const whole = [npmPackages, nativeAddon, compiledProgram];

/** What each purpose needs: system packages, by the name of the Debian package that brings them, and steps. */
const PURPOSES = {
  // What npm start shows needs no rsync; the program says so where a target does.
  start: { system: building, steps: whole },
  test: {
    system: [
      ...running,
      ...testing,
      program('sshd', 'openssh-server', null),
      program('ssh', 'openssh-client', null),
    ],
    steps: whole,
  },
  'test-native': { system: testing, steps: [] },
  lint: {
    system: [...testing, program('clang-format'), program('clang-tidy', 'clang-tidy', 'llvm')],
    steps: [npmPackages],
  },
  bench: { system: [...running, program('lsyncd'), program('inotifywait', 'inotify-tools')], steps: whole },
};

/** Brings the clone up to date for one of {@link PURPOSES}. Throws a ScriptError that says what is missing. */
export async function setUp(purpose) {
  const needs = PURPOSES[purpose];
  if (needs === undefined) {
    throw new ScriptError(`unknown purpose '${purpose}': use ${Object.keys(PURPOSES).join(', ')}`);
  }
  if (isMac) checkMac(purpose, needs.system);
  else await installSystemPackages(needs.system);
  for (const makeReady of needs.steps) await makeReady();
}

async function npmPackages() {
  await step('npm packages', ['package-lock.json'], ['node_modules/.package-lock.json'], async () => {
    // Scripts of packages are not needed; our own addon is built below, from the same sources as `npm install` would.
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { quiet: true });
  });
}

async function nativeAddon() {
  const sources = ['native', 'binding.gyp', 'package-lock.json'];
  await step('native addon', sources, ['build/Release/syncline.node'], async () => {
    await run('node-gyp', ['configure', 'build', '--jobs=max'], { quiet: true });
  });
}

async function compiledProgram() {
  const sources = [
    ...['src', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'],
    ...['scripts/bundle.mjs', 'scripts/complete-dist.mjs'],
  ];
  const results = ['dist/cli.js', 'dist/index.js', 'dist/syncline.schema.json'];
  await step('program', sources, results, async () => {
    await run(process.execPath, ['scripts/bundle.mjs'], { quiet: true });
    await run('tsc', ['-p', 'tsconfig.build.json'], { quiet: true });
    await run(process.execPath, ['scripts/complete-dist.mjs'], { quiet: true });
  });
}

/** Installs nothing: what is missing is named with the lines to type. */
function checkMac(purpose, needs) {
  if (purpose === 'test' && process.getuid?.() === 0) {
    throw new ScriptError('on macOS the tests run as a user, not as root');
  }
  const missing = needs.filter((need) => !need.present());
  if (missing.length === 0) return;
  const packages = [...new Set(missing.flatMap(({ brew }) => brew ?? []))];
  const commands = [...new Set(missing.flatMap(({ command }) => command ?? []))];
  if (packages.length > 0) commands.push(`brew install ${packages.join(' ')}`);
  throw new ScriptError(`missing system packages\n  install them: ${commands.join(' && ')}`);
}

async function installSystemPackages(needs) {
  const missing = () => [...new Set(needs.filter((need) => !need.present()).map((need) => need.debian))];
  const packages = missing();
  if (packages.length === 0) return;
  if (!hasProgram('apt-get')) {
    throw new ScriptError(
      `missing system packages (Debian names): ${packages.join(' ')}\n  install them and try again`,
    );
  }
  if (process.getuid?.() !== 0) {
    throw new ScriptError(
      `missing system packages\n  install them: sudo apt-get install ${packages.join(' ')}`,
    );
  }
  say(`set-up: system packages: ${packages.join(' ')}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  // The package lists of a fresh machine are empty or old; they are fetched only when the plain install does not do.
  const known = await runStatus('apt-get', ['install', '--simulate', ...packages], {
    quiet: true,
    env,
    silent: true,
  });
  if (known !== 0 || (await runStatus('apt-get', install, { quiet: true, env })) !== 0) {
    await run('apt-get', ['update'], { quiet: true, env });
    await run('apt-get', install, { quiet: true, env });
  }
  const still = missing();
  if (still.length > 0) throw new ScriptError(`still missing after the install: ${still.join(' ')}`);
}

/**
 * Runs `work` unless `outputs` exist and the content of `inputs` (files and folders) and the Node version are those of
 * the last run that succeeded.
 */
async function step(name, inputs, outputs, work) {
  const stampPath = path.join(rootPath, '.cache/setup', name.replaceAll(' ', '-'));
  const stamp = hashOf(inputs);
  const done = outputs.every((output) => existsSync(path.join(rootPath, output)));
  if (done && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp) return;
  const startMs = Date.now();
  rmSync(stampPath, { force: true });
  say(`set-up: ${name} ...`);
  await work();
  mkdirSync(path.dirname(stampPath), { recursive: true });
  writeFileSync(stampPath, stamp);
  say(`set-up: ${name} ready (${((Date.now() - startMs) / 1000).toFixed(1)} s)`);
}

function hashOf(inputs) {
  const hash = createHash('sha256').update(`${rootPath} ${process.version} ${process.arch}`);
  for (const file of inputs.flatMap(filesOf))
    hash.update(`\0${file}\0`).update(readFileSync(path.join(rootPath, file)));
  return hash.digest('hex');
}

function filesOf(input) {
  const entries = existsSync(path.join(rootPath, input)) ? [input] : [];
  return entries.flatMap((entry) => {
    try {
      const children = readdirSync(path.join(rootPath, entry)).sort();
      return children.flatMap((child) => filesOf(path.join(entry, child)));
    } catch (error) {
      if (error.code === 'ENOTDIR') return [entry];
      throw error;
    }
  });
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(() => setUp(process.argv[2] ?? 'start'));
}
