import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

import { describe, expect, test } from 'vitest';

import { FilterRules } from '../../src/filter/filter-rules.ts';
import type { FilterRule } from '../../src/filter/filter-rule.ts';
import { rsyncFilter } from '../../src/filter/rsync-filter.ts';
import { addon } from './built-addon.ts';

function excluding(...patterns: string[]): FilterRules {
  const rule: Omit<FilterRule, 'pattern'> = {
    include: false,
    side: 'unsaid',
    absolute: false,
    negated: false,
    perishable: false,
    xattr: false,
    origin: 'test',
  };
  return new FilterRules(
    patterns.map((pattern) => ({ ...rule, pattern })),
    addon,
  );
}

// That rsync understands both forms is shown in rsync-comparison.test.ts.
describe('rules for rsync', () => {
  test('that are UTF-8 are arguments, one each', () => {
    expect(rsyncFilter(excluding('*.o', '\xc3\xa9')).arguments).toEqual(['--filter=- *.o', '--filter=- é']);
    expect(rsyncFilter(excluding()).arguments).toEqual([]);
  });

  test('that are other bytes, or very many, are in a private file until it is closed', () => {
    for (const rules of [excluding('\xff\n', 'b'), excluding(...Array<string>(100).fill('x'.repeat(1000)))]) {
      const filter = rsyncFilter(rules);
      const [from0, merge = ''] = filter.arguments;
      const file = merge.replace('--filter=merge ', '');
      expect(from0).toBe('--from0');
      expect(readFileSync(file, 'latin1')).toBe(
        rules
          .ruleTexts()
          .map((text) => `${text}\0`)
          .join(''),
      );
      expect(statSync(file).mode & 0o077).toBe(0);
      filter.close();
      filter.close();
      expect(existsSync(dirname(file))).toBe(false);
    }
  });
});
