import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

test('the demo of npm start mirrors every change without any other program, and ends with 0', () => {
  const script = path.resolve(import.meta.dirname, '../../scripts/demo.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    env: { ...process.env, PATH: '/nonexistent' },
    timeout: 100_000,
  });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/demo: all \d+ entries equal in type, content, mode and time, after \d+ changes\n$/);
  expect(status).toBe(0);
});
