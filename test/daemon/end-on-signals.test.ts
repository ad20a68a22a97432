import { Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { DRAIN_MS, endOnSignals } from '../../src/daemon/end-on-signals.ts';
import { createLog } from '../../src/daemon/log.ts';
import type { EndSignal } from '../../src/daemon/program-io.ts';

test('the time for the end runs from the first signal on, once for deliveries and hooks', () => {
  const signals$ = new Subject<EndSignal>();
  let now = 1_000;
  const log = createLog({ write: () => undefined }, { level: 'info', format: 'json' }, false);
  const ending = endOnSignals({ signals$ }, log, 'ending', () => now);
  now += 60_000;
  expect(ending.drainLeftMs()).toBe(DRAIN_MS);
  signals$.next('SIGTERM');
  now += 1_500;
  expect(ending.drainLeftMs()).toBe(DRAIN_MS - 1_500);
  now += DRAIN_MS;
  expect(ending.drainLeftMs()).toBe(0);
  ending.close();
});
