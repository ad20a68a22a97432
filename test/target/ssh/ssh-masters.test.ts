import { expect, test } from 'vitest';
import type { SshMaster } from '../../../src/target/ssh/ssh-master.ts';
import { SshMasters } from '../../../src/target/ssh/ssh-masters.ts';
import type { SshOptions } from '../../../src/target/ssh/ssh-options.ts';

const environment = { PATH: '/usr/bin' };

test('targets that reach a host in the same way share a connection, others have their own', () => {
  const masters = new SshMasters();
  const master = (options: SshOptions, more = {}): SshMaster =>
    masters.lease(options, { ...environment, ...more }, 2).master;
  const first = master({ host: 'a', port: 22 });
  expect(master({ host: 'a', port: 22 })).toBe(first);
  expect(master({ host: 'b', port: 22 })).not.toBe(first);
  expect(master({ host: 'a', port: 23 })).not.toBe(first);
  expect(master({ host: 'a', port: 22 }, { SSH_AUTH_SOCK: '/s' })).not.toBe(first);
});

test('a connection is shared by as many as the ten sessions of a server are enough for', () => {
  const masters = new SshMasters();
  const leased = Array.from({ length: 12 }, () => masters.lease({ host: 'a' }, environment, 2).master);
  expect(leased.map((master) => leased.indexOf(master))).toEqual([0, 0, 0, 0, 0, 5, 5, 5, 5, 5, 10, 10]);
  const greedy = masters.lease({ host: 'b' }, environment, 11).master;
  expect(masters.lease({ host: 'b' }, environment, 1).master).not.toBe(greedy);
});

test('with the last of its targets a connection is given up', async () => {
  const masters = new SshMasters();
  const lease = (): ReturnType<SshMasters['lease']> => masters.lease({ host: 'a' }, environment, 2);
  const [one, two] = [lease(), lease()];
  await one.release();
  await one.release();
  const three = lease();
  expect(three.master).toBe(two.master);
  await two.release();
  await three.release();
  expect(lease().master).not.toBe(one.master);
});

test('who had trouble with a connection gets another one, and leaves the others theirs', async () => {
  const masters = new SshMasters();
  const lease = (): ReturnType<SshMasters['lease']> => masters.lease({ host: 'a' }, environment, 2);
  const [one, two] = [lease(), lease()];
  const first = one.master;
  await one.renew();
  expect(one.master).not.toBe(first);
  expect(two.master).toBe(first);
  await two.renew();
  expect(two.master).toBe(one.master);
  expect(lease().master).toBe(one.master);
});
