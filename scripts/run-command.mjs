import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clone's root: every script works from here, wherever it was called from. */
export const rootPath = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** A failure whose message says all a reader needs: printed without a stack. */
export class ScriptError extends Error {}

/** One line on standard error, so that standard output stays the program's own. */
export function say(message) {
  process.stderr.write(`syncline: ${message}\n`);
}

export const isMac = process.platform === 'darwin';

/** Where Homebrew installs on a Mac. */
export const brewPath =
  process.env.HOMEBREW_PREFIX ?? (process.arch === 'arm64' ? '/opt/homebrew' : '/usr/local');

/** GNU's programs by their own names, which the tests' shell scripts are written for. */
export const gnuPrograms = path.join(brewPath, 'opt/coreutils/libexec/gnubin');

/**
 * The environment for children: programs of `node_modules/.bin` and of the sbin folders are found, and builds take the
 * headers that sit beside the running Node instead of downloading them.
 */
export function childEnvironment(extra = {}) {
  const prefix = path.dirname(path.dirname(process.execPath));
  const headers = existsSync(path.join(prefix, 'include/node/node_api.h'));
  const folders = [
    ...(isMac ? [gnuPrograms] : []),
    path.join(rootPath, 'node_modules/.bin'),
    path.dirname(process.execPath),
    process.env.PATH ?? '',
    '/usr/sbin',
    '/sbin',
  ];
  return {
    ...process.env,
    ...(headers ? { npm_config_nodedir: prefix } : {}),
    ...extra,
    PATH: folders.join(path.delimiter),
  };
}

/** True when `program` is found in the path that children get. */
export function hasProgram(program) {
  return childEnvironment()
    .PATH.split(path.delimiter)
    .some((folder) => folder !== '' && existsSync(path.join(folder, program)));
}

/**
 * Runs a program without input, its output shown as it comes (`quiet`: held back and shown only on failure, both kinds
 * on standard error; `silent`: not even then). Resolves with the exit status, 128 + n after a signal; rejects when it cannot be started.
 */
export function runStatus(program, args, { quiet = false, silent = false, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: rootPath,
      env: childEnvironment(env),
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    });
    const held = [];
    child.stdout?.on('data', (chunk) => held.push(chunk));
    child.stderr?.on('data', (chunk) => held.push(chunk));
    child.on('error', (error) => reject(new ScriptError(`cannot run ${program}: ${error.message}`)));
    child.on('close', (code, signal) => {
      const status = code ?? 128 + (signalNumbers[signal] ?? 0);
      if (status !== 0 && !silent) process.stderr.write(Buffer.concat(held));
      resolve(status);
    });
  });
}

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };

/** As {@link runStatus}, but any other status than 0 is a ScriptError. */
export async function run(program, args, options) {
  const status = await runStatus(program, args, options);
  if (status !== 0) throw new ScriptError(`failed with status ${status}: ${[program, ...args].join(' ')}`);
}

/** Runs a script's main function: a ScriptError becomes one line and status 1. */
export async function main(body) {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
