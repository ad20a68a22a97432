#!/usr/bin/env node
/**
 * `npm start`: sets the clone up, then shows the main job at work; `npm start -- ARGUMENTS` runs the program itself.
 * The program runs in this process, so that signals and the exit status are exactly its own.
 */
import path from 'node:path';
import { main, rootPath } from './run-command.mjs';
import { setUp } from './setup.mjs';

await main(() => setUp('start'));
if (process.exitCode === 0) {
  process.exitCode = undefined;
  if (process.argv.length > 2) {
    // npm runs scripts in the package's folder; paths on the command line count from where the user is.
    process.chdir(process.env.INIT_CWD ?? '.');
    process.argv[1] = path.join(rootPath, 'dist/cli.js');
    await import('../dist/cli.js');
  } else {
    await import('./demo.mjs');
  }
}
