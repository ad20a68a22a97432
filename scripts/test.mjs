#!/usr/bin/env node
/** `npm test`: sets the clone up, then runs the C++ tests and all TypeScript tests. Arguments go to vitest. */
import { testNative } from './test-native.mjs';
import { main, runStatus, say } from './run-command.mjs';
import { setUp } from './setup.mjs';

await main(async () => {
  await setUp('test');
  say('C++ tests');
  await testNative('build-test', '');
  say('unit and end-to-end tests');
  return await runStatus('vitest', ['run', ...process.argv.slice(2)]);
});
