#!/usr/bin/env node
import { runCommandLine } from './cli/run-command-line.ts';
import { processIo } from './daemon/program-io.ts';

process.exitCode = await runCommandLine(process.argv.slice(2), processIo());
