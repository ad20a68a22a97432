import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { projectRoot } from '../../test/support/project-root.ts';

/** The path of the compiled `bench/native/<name>.c`; compiles it (cc -O2) when it is missing or older than its source. */
export function nativeProgram(name: string): string {
  const source = `${projectRoot}/bench/native/${name}.c`;
  const program = `${projectRoot}/.cache/bench-native/${name}`;
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program;
  mkdirSync(`${projectRoot}/.cache/bench-native`, { recursive: true });
  const flags = ['-O2', '-Wall', '-Wextra', '-Werror', '-pthread'];
  execFileSync('cc', [...flags, '-o', program, source], { stdio: 'inherit' });
  return program;
}

/** Runs a compiled program to its end and gives the JSON it printed. Throws when it fails. */
export function runNative(name: string, ...parameters: readonly (string | number)[]): Record<string, number> {
  const output = execFileSync(nativeProgram(name), parameters.map(String), { encoding: 'utf8' });
  return output === '' ? {} : (JSON.parse(output) as Record<string, number>);
}
