#!/usr/bin/env node
/**
 * `npm run bench`: how fast our own parts are (bench/micro). `npm run bench:peers`: us beside others in the same run (bench/peers).
 *
 *     npm run bench -- [QUESTION ...]                          e.g. pending-tree
 *     npm run bench:peers -- [QUESTION ...] [--rounds N] [--json FILE] [--strict]
 *
 * Without a question all are asked, one after the other. `--json` adds each result to FILE as a line of JSON; with `--strict` a missed bar
 * fails the run.
 */
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { main, rootPath, run, runStatus, say, ScriptError } from './run-command.mjs';
import { setUp } from './setup.mjs';

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      peers: { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const kind = values.peers ? 'peers' : 'micro';
  const known = readdirSync(path.join(rootPath, 'bench', kind)).map((file) => path.basename(file, '.ts'));
  const unknown = positionals.filter((question) => !known.includes(question));
  if (unknown.length > 0) throw new ScriptError(`unknown question '${unknown[0]}': use ${known.join(', ')}`);
  await setUp(values.peers ? 'bench' : 'start');
  rmSync(path.join(rootPath, '.cache/bench'), { recursive: true, force: true });
  await run('tsc', ['-p', 'bench/tsconfig.json']);
  const env = {
    ...(values.rounds === undefined ? {} : { SYNCLINE_BENCH_ROUNDS: values.rounds }),
    ...(values.json === undefined ? {} : { SYNCLINE_BENCH_JSON: path.resolve(values.json) }),
    ...(values.strict ? { SYNCLINE_BENCH_STRICT: '1' } : {}),
  };
  const failed = [];
  for (const question of positionals.length > 0 ? positionals : known) {
    say(`bench: ${question}`);
    const program = path.join(rootPath, '.cache/bench/bench', kind, `${question}.js`);
    if ((await runStatus(process.execPath, ['--enable-source-maps', program], { env })) !== 0)
      failed.push(question);
  }
  say(failed.length === 0 ? 'bench: done' : `bench: failed: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
});
