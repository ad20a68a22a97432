import { test } from 'vitest';
import { run } from './mirror-property.test.ts';
test('debug', () => {
  const given = JSON.parse(process.env['CASE'] ?? '[]')[0];
  const { source, reports } = run(given, true);
  console.log(source.log.join('\n'));
  for (const r of reports) console.log(JSON.stringify(r));
});
