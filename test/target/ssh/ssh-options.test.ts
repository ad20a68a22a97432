import { describe, expect, test } from 'vitest';
import { SynclineError } from '../../../src/model/syncline-error.ts';
import {
  checkSshOptions,
  hostForRsync,
  masterArguments,
  sharedConnectionCommand,
} from '../../../src/target/ssh/ssh-options.ts';

test('the options of the user come before ours, which ssh then passes over', () => {
  const sshArguments = ['-oServerAliveInterval=5', '-J', 'jump'];
  const all = masterArguments({ host: 'u@h', port: 2222, identity: '/key', sshArguments }, '/tmp/x/s');
  expect(all.indexOf('-oServerAliveInterval=5')).toBeLessThan(all.indexOf('ServerAliveInterval=15'));
  expect(all.join(' ')).toContain('-p 2222 -i /key -oServerAliveInterval=5 -J jump');
  expect(all.slice(-2)).toEqual(['--', 'u@h']);
});

test('rsync gets the remote shell in words that it splits at spaces alone', () => {
  expect(sharedConnectionCommand('/tmp/x/s').filter((word) => /[\s'"]/.test(word))).toEqual([]);
});

test.each([
  ['host', 'host', 'host'],
  ['u@host', 'u@host', 'u@host'],
  ['::1', '[::1]', '::1'],
  ['u@[fe80::1]', 'u@[fe80::1]', 'u@fe80::1'],
])('%s is %s for rsync and %s for ssh', (host, forRsync, forSsh) => {
  expect(hostForRsync(host)).toBe(forRsync);
  expect(masterArguments({ host }, '/s').at(-1)).toBe(forSsh);
});

describe('what ssh would read as something else is refused', () => {
  test.each(['', 'u@', '-oProxyCommand=x', 'a b', 'host/dir', 'ssh://host'])('host %j', (host) => {
    expect(() => {
      checkSshOptions({ host });
    }).toThrow(SynclineError);
  });
  test.each([
    ['-f'],
    ['-N'],
    ['-S/x'],
    ['-oControlPath=x'],
    ['-o', 'controlmaster=auto'],
    ['loose'],
    ['-oA=b', 'x'],
  ])('argument %j %j', (...sshArguments) => {
    expect(() => {
      checkSshOptions({ host: 'h', sshArguments });
    }).toThrow(SynclineError);
  });
  test.each([
    ['-4'],
    ['-J', 'jump'],
    ['-o', 'User=x'],
    ['-oCompression=yes'],
    ['-F/dev/null'],
    ['-m', 'hmac-sha2-256'],
  ])('but not %j %j', (...sshArguments) => {
    checkSshOptions({ host: 'h', sshArguments });
  });
});
