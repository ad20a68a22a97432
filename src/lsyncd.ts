#!/usr/bin/env node
import { runLsyncdCommandLine } from './cli/run-lsyncd-command-line.ts';
import { processIo } from './daemon/program-io.ts';

process.title = 'lsyncd';
process.exitCode = await runLsyncdCommandLine(process.argv.slice(2), processIo());
