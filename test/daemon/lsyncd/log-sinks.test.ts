import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadAddon } from '../../../src/addon/load-addon.ts';
import { consoleSink, fileSink, syslogSink } from '../../../src/daemon/lsyncd/log-sinks.ts';
import { until } from '../../support/processes.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

test('errors go to standard error and all else to standard output, with the time of day', () => {
  let stdout = '';
  let stderr = '';
  const sink = consoleSink({
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
  });
  sink('Normal', 'a');
  sink('Warn', 'b');
  sink('Error', 'c');
  expect(stdout).toMatch(/^\d\d:\d\d:\d\d Normal: a\n\d\d:\d\d:\d\d Warn: b\n$/);
  expect(stderr).toMatch(/^\d\d:\d\d:\d\d Error: c\n$/);
});

test('a log file has the time as ctime(3) writes it', () => {
  let text = '';
  fileSink({ write: (line) => (text += line) })('Normal', 'a');
  expect(text).toMatch(/^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} Normal: a\n$/);
});

test('syslog gets a datagram of RFC 3164 for each line, names in UTF-8', async () => {
  using directory = makeTempDir();
  const path = directory.at('log');
  // Node knows no Unix datagrams.
  const program = `use Socket; $|=1; socket(S,AF_UNIX,SOCK_DGRAM,0); bind(S,pack_sockaddr_un($ARGV[0]));
    for (1..3) { recv(S,my $m,65536,0); print "$m\\n"; }`;
  const receiver = spawn('perl', ['-e', program, path]);
  let received = '';
  receiver.stdout.setEncoding('utf8').on('data', (text: string) => (received += text));
  const ended = once(receiver, 'close');
  await until(() => existsSync(path), 'the socket is there');
  const addon = loadAddon();
  const none = directory.at('none');
  const user = syslogSink({ addon, facility: 'user', identity: 'lsyncd', sockets: [none, path] });
  const daemon = syslogSink({ addon, facility: 'daemon', identity: 'mirror', sockets: [path] });
  user('Normal', 'a ü');
  user('Error', 'b');
  daemon('Exec', 'c');
  await ended;
  const time = String.raw`[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d`;
  expect(received).toMatch(
    new RegExp(
      `^<13>${time} lsyncd: Normal, a ü\n<11>${time} lsyncd: Error, b\n<31>${time} mirror: Exec, c\n$`,
    ),
  );
});

test('where nobody listens a line is lost and nothing else', () => {
  using directory = makeTempDir();
  const addon = loadAddon();
  const sink = syslogSink({ addon, facility: 3, identity: 'lsyncd', sockets: [directory.at('none')] });
  expect(() => {
    sink('Normal', 'a');
  }).not.toThrow();
});

test('an unknown facility is refused', () => {
  const make = (facility: string | number): void => {
    syslogSink({ addon: loadAddon(), facility, identity: 'lsyncd', sockets: [] });
  };
  expect(() => {
    make('users');
  }).toThrow('logfacility "users" is unknown');
  expect(() => {
    make(24);
  }).toThrow('logfacility 24 is unknown');
});
