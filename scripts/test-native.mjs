#!/usr/bin/env node
/** C++ unit tests through CMake and ctest; `--sanitize` runs them under ASan with UBSan, then under TSan. */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { main, run, runStatus, say } from './run-command.mjs';
import { setUp } from './setup.mjs';

/** Builds the C++ tests in `folder` with the sanitizers named (CMake's SANITIZE, '' for none) and runs them. */
export async function testNative(folder, sanitize) {
  // TSan of older compilers cannot start where the kernel randomises addresses widely; there it runs without that.
  const fixedAddresses =
    sanitize === 'thread' &&
    process.platform === 'linux' &&
    (await runStatus('setarch', ['-R', 'true'], { silent: true, quiet: true })) === 0;
  const prefix = fixedAddresses ? ['setarch', '-R'] : [];
  const runFixed = (args, settings) => {
    const [program, ...rest] = [...prefix, ...args];
    return run(program, rest, settings);
  };
  const options = ['-DSYNCLINE_TESTS=ON', `-DSANITIZE=${sanitize}`];
  await run('cmake', ['-S', '.', '-B', folder, '-G', 'Ninja', ...options], { quiet: true });
  await runFixed(['cmake', '--build', folder], { quiet: true });
  await runFixed(
    ['ctest', '--test-dir', folder, '--output-on-failure', '--no-tests=error', '--timeout', '300'],
    {
      env: {
        // Apple's clang has no leak detection.
        ASAN_OPTIONS: `detect_leaks=${process.platform === 'linux' ? 1 : 0}:strict_string_checks=1`,
        UBSAN_OPTIONS: 'print_stacktrace=1',
        TSAN_OPTIONS: 'halt_on_error=1:second_deadlock_stack=1',
      },
    },
  );
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(async () => {
    await setUp('test-native');
    if (process.argv.includes('--sanitize')) {
      say('C++ tests under ASan and UBSan');
      await testNative('build-asan', 'address,undefined');
      say('C++ tests under TSan');
      await testNative('build-tsan', 'thread');
    } else {
      await testNative('build-test', '');
    }
  });
}
