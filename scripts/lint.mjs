#!/usr/bin/env node
/** All style and type checks; warnings are errors. `--fix` repairs what eslint, prettier and clang-format can. */
import { readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { main, rootPath, run, runStatus, say } from './run-command.mjs';
import { setUp } from './setup.mjs';

const fix = process.argv.includes('--fix');

const cxxFiles = ['native', 'test/native']
  .flatMap((folder) => readdirSync(path.join(rootPath, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && /\.(cc|h)$/.test(entry.name))
  .map((entry) => path.relative(rootPath, path.join(entry.parentPath, entry.name)))
  .sort();

const steps = [
  ['eslint', ['--max-warnings=0', ...(fix ? ['--fix'] : []), '.']],
  ['prettier', [fix ? '--write' : '--check', '--log-level=warn', '.']],
  ['tsc', ['-p', '.']],
  ['clang-format', [...(fix ? ['-i'] : ['--dry-run', '-Werror']), ...cxxFiles]],
];

/** Runs clang-tidy on every source that the compile database knows, two at a time; returns how many failed. */
async function tidy() {
  // Configured as the addon's build is, so that its sources have compile commands too; nothing is built.
  const nodeHeaders = path.join(path.dirname(path.dirname(process.execPath)), 'include/node');
  const addon = ['-DCMAKE_JS_VERSION=lint', `-DCMAKE_JS_INC=${nodeHeaders}`];
  await run('cmake', ['-S', '.', '-B', 'build-lint', '-G', 'Ninja', '-DSYNCLINE_TESTS=ON', ...addon], {
    quiet: true,
  });
  const sources = cxxFiles.filter((file) => file.endsWith('.cc'));
  let failed = 0;
  await Promise.all(
    Array.from({ length: Math.max(2, os.availableParallelism()) }, async () => {
      for (let file = sources.shift(); file !== undefined; file = sources.shift()) {
        const status = await runStatus('clang-tidy', ['-p', 'build-lint', '--quiet', file], { quiet: true });
        // Not in one expression: it would read the count before the other's is added.
        if (status !== 0) failed++;
      }
    }),
  );
  return failed;
}

await main(async () => {
  await setUp('lint');
  const failed = [];
  for (const [program, args] of steps) {
    say(`lint: ${program}`);
    if ((await runStatus(program, args)) !== 0) failed.push(program);
  }
  say(`lint: clang-tidy`);
  if ((await tidy()) !== 0) failed.push('clang-tidy');
  say(failed.length === 0 ? 'lint: all clean' : `lint: failed: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
});
