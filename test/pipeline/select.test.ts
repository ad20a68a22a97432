import { of, toArray } from 'rxjs';
import { expect, test } from 'vitest';
import { encodeEventBatch } from '../../src/model/event-batch.ts';
import { select } from '../../src/pipeline/select.ts';

test('batches pass through the choice, empty ones are dropped', () => {
  const full = encodeEventBatch([{ kind: 'barrier', token: 1 }], 1);
  const other = encodeEventBatch([{ kind: 'barrier', token: 2 }], 2);
  const empty = encodeEventBatch([], 2);
  of(full, other)
    .pipe(
      select((batch) => (batch === other ? empty : batch)),
      toArray(),
    )
    .subscribe((chosen) => {
      expect(chosen).toEqual([full]);
    });
});
