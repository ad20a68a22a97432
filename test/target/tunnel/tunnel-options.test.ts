import { expect, test } from 'vitest';
import { localPort, portOfTarget, tunnelWords } from '../../../src/target/tunnel/tunnel-options.ts';

test.each<[string, string[], unknown]>([
  ['rsync://localhost:5000/m/path', [], { host: 'localhost', port: 5000 }],
  ['rsync://me@127.0.0.1:5000/m', [], { host: '127.0.0.1', port: 5000 }],
  ['rsync://[::1]:5000/m', ['--port=1'], { host: '::1', port: 5000 }],
  ['rsync://localhost/m', [], { host: 'localhost', port: 873 }],
  ['localhost::m', [], { host: 'localhost', port: 873 }],
  ['me@localhost::m/path', ['-z', '--port=5000'], { host: 'localhost', port: 5000 }],
  ['rsync://host:5000/m', [], undefined],
  ['host::m', ['--port=5000'], undefined],
  ['localhost:directory', [], undefined],
  ['/directory', [], undefined],
])('the port of %s with %j', (target, extra, port) => {
  expect(portOfTarget(target, extra)).toEqual(port);
});

test.each<[string, number | undefined, unknown]>([
  ['me@localhost', 2222, { host: 'localhost', port: 2222 }],
  ['127.1.2.3', 1, { host: '127.1.2.3', port: 1 }],
  ['localhost', undefined, undefined],
  ['localhost.example', 22, undefined],
])('the port of the host %s with %j', (host, port, known) => {
  expect(localPort(host, port)).toEqual(known);
});

test('the port of a process is put into each word of a command, and into a text for sh', () => {
  const command = ['ssh', '-L', '{localport}:h:873', '-L{localport}', '{other}'];
  expect(tunnelWords({ command }, 12)).toEqual(['ssh', '-L', '12:h:873', '-L12', '{other}']);
  expect(tunnelWords({ command: 'ssh -L {localport}:h:1 $HOST' }, 12)).toEqual([
    'sh',
    '-c',
    'ssh -L 12:h:1 $HOST',
  ]);
  expect(tunnelWords({ command: 'ssh h' }, undefined)).toEqual(['sh', '-c', 'ssh h']);
});
