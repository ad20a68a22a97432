/**
 * The main job at work, on a small tree in a temporary directory: starts the real program, makes changes, waits after
 * each one until the target equals the source, compares both trees itself. Ends with 0 when all of it came true.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { rootPath } from './run-command.mjs';

/** A change that has not arrived by then never will: the delay below is 0.2 s and a delivery takes well under 1 s. */
const ARRIVAL_MS = 30_000;
/** The program bounds its own end; this is the bound for a program that does not. */
const END_MS = 15_000;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'syncline-demo-'));
const source = path.join(folder, 'source');
const target = path.join(folder, 'target');
const at = (...names) => path.join(source, ...names);

function makeSampleTree() {
  fs.mkdirSync(at('notes/2024'), { recursive: true });
  fs.mkdirSync(at('photos'));
  fs.writeFileSync(at('README'), 'A small tree to mirror.\n');
  fs.writeFileSync(at('notes/2024/plan.txt'), 'one\ntwo\n');
  fs.writeFileSync(at('notes/old.txt'), 'to be deleted\n');
  for (let i = 1; i <= 20; i++) fs.writeFileSync(at('photos', `${i}.raw`), Buffer.alloc(20_000, i));
  fs.writeFileSync(at('run.sh'), '#!/bin/sh\necho hello\n', { mode: 0o755 });
  fs.symlinkSync('notes/2024/plan.txt', at('plan'));
}

const changes = [
  ['write a file', () => fs.writeFileSync(at('notes/2024/plan.txt'), 'one\ntwo\nthree\n')],
  ['move a directory with 20 files in it', () => fs.renameSync(at('photos'), at('notes/pictures'))],
  ['delete a file', () => fs.rmSync(at('notes/old.txt'))],
  [
    'create a file with a line break in its name',
    () => fs.writeFileSync(at('two\nlines'), 'any byte may be in a name\n'),
  ],
  ['make a file read-only', () => fs.chmodSync(at('README'), 0o444)],
];

/** What a tree holds, as a map from path (raw bytes) to type, mode, time in seconds, and content or link target. */
function treeOf(root) {
  const entries = new Map();
  const visit = (directory) => {
    for (const name of fs.readdirSync(Buffer.from(path.join(root, directory), 'latin1'), 'latin1')) {
      const relative = path.join(directory, name);
      const full = Buffer.from(path.join(root, relative), 'latin1');
      const stat = fs.lstatSync(full);
      const content = stat.isSymbolicLink()
        ? fs.readlinkSync(full, 'latin1')
        : stat.isFile()
          ? fs.readFileSync(full, 'latin1')
          : '';
      entries.set(relative, `${stat.mode.toString(8)} ${Math.floor(stat.mtimeMs / 1000)} ${content}`);
      if (stat.isDirectory()) visit(relative);
    }
  };
  visit('');
  return entries;
}

/** The first path in which the trees differ, or undefined. A tree that is just being changed differs. */
function firstDifference() {
  try {
    const [from, to] = [treeOf(source), treeOf(target)];
    const names = [...new Set([...from.keys(), ...to.keys()])].sort();
    return names.find((name) => from.get(name) !== to.get(name));
  } catch (error) {
    return error.message;
  }
}

const child = { process: undefined, ended: undefined };

function startMirror() {
  const args = [path.join(rootPath, 'dist/cli.js'), 'mirror', '--direct', '--delay', '0.2', source, target];
  child.process = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  child.ended = new Promise((resolve, reject) => {
    child.process.on('error', reject);
    child.process.on('exit', (code, signal) => resolve(code ?? signal));
  });
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function untilEqual(what) {
  const startMs = performance.now();
  for (let difference = firstDifference(); difference !== undefined; difference = firstDifference()) {
    if (child.process.exitCode !== null || child.process.signalCode !== null) {
      throw new Error(`the mirror ended with ${await child.ended} before this had arrived: ${what}`);
    }
    const waitedMs = performance.now() - startMs;
    if (waitedMs > ARRIVAL_MS) {
      const shown = JSON.stringify(difference);
      throw new Error(`not equal ${ARRIVAL_MS / 1000} s after this: ${what} (first difference: ${shown})`);
    }
    await pause(20);
  }
  return ((performance.now() - startMs) / 1000).toFixed(2);
}

async function endMirror() {
  child.process.kill('SIGTERM');
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(() => resolve('late'), END_MS)));
  const status = await Promise.race([child.ended, late]);
  clearTimeout(timer);
  if (status !== 143) throw new Error(`the mirror was to end with 143 after TERM, but: ${status}`);
}

async function demo() {
  makeSampleTree();
  fs.mkdirSync(target);
  say(`mirror of a sample tree: syncline mirror --direct --delay 0.2 ${source} ${target}`);
  startMirror();
  say(`first sync: equal after ${await untilEqual('the first sync')} s`);
  for (const [what, change] of changes) {
    say(what);
    change();
    say(`  arrived: equal after ${await untilEqual(what)} s`);
  }
  await endMirror();
  const difference = firstDifference();
  if (difference !== undefined) throw new Error(`the trees differ at the end: ${JSON.stringify(difference)}`);
  say(
    `all ${treeOf(target).size} entries equal in type, content, mode and time, after ${changes.length} changes`,
  );
}

function say(text) {
  process.stdout.write(`demo: ${text}\n`);
}

function cleanUp() {
  if (child.process?.exitCode === null && child.process.signalCode === null) child.process.kill('SIGKILL');
  fs.rmSync(folder, { recursive: true, force: true });
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    cleanUp();
    process.exit(128 + os.constants.signals[signal]);
  });
}
try {
  await demo();
} catch (error) {
  process.stderr.write(`demo: failed: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  cleanUp();
}
