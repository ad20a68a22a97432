import { expect, test } from 'vitest';
import { lsyncdStatus } from '../../../src/daemon/lsyncd/lsyncd-status.ts';
import type { TargetStatus } from '../../../src/daemon/status-board.ts';
import type { TunnelStatus } from '../../../src/target/tunnel/tunnel.ts';
import { HINT } from '../../../src/model/event-batch.ts';
import { pathFromText } from '../../../src/model/path-bytes.ts';

const at = new Date(2026, 10, 22, 2, 37, 38);
const idle: TargetStatus = {
  source: '/SRC',
  target: '/TRG',
  rules: [],
  state: 'idle',
  pending: 0,
  inFlight: 0,
  quarantined: 0,
  names: [],
};

function name(
  state: 'active' | 'waiting' | 'retry',
  path: string,
  hints: number,
  more: { to?: string; isCompared?: boolean } = {},
): TargetStatus['names'][number] {
  const { to, isCompared = false } = more;
  return {
    state,
    path: pathFromText(path),
    hints,
    isCompared,
    ...(to !== undefined && { to: pathFromText(to) }),
  };
}

test('a sync at rest has no delays and filters nothing', () => {
  expect(lsyncdStatus({ at, isRunning: true, directories: 3, targets: [idle], tunnels: [] })).toBe(
    `Lsyncd status report at Sun Nov 22 02:37:38 2026

Sync1 source=/SRC/
There are 0 delays
Filtering:
  nothing.


Inotify watching 3 directories
`,
  );
});

test('names are told as Lsyncd tells its delays, and how many more there are', () => {
  const busy: TargetStatus = {
    ...idle,
    source: '/',
    state: 'waiting',
    message: 'host is down',
    pending: 20,
    inFlight: 1,
    quarantined: 1,
    rules: [
      { kind: 'filter', value: '+ /keep/**' },
      { kind: 'exclude', value: '*.bak' },
      { kind: 'include', value: 'a' },
      { kind: 'exclude-from', value: '/rules' },
    ],
    names: [
      name('retry', 'bad', HINT.modified),
      name('active', 'a', HINT.created | HINT.modified | HINT.closed),
      name('waiting', 'x', HINT.isDirectory, { to: 'y' }),
      name('waiting', 'd', HINT.created | HINT.isDirectory),
      name('waiting', 'd/e', HINT.attrib),
      name('waiting', 'gone', HINT.deleted),
      name('waiting', 'two\nlines', HINT.modified),
      name('waiting', '', HINT.isDirectory, { isCompared: true }),
    ],
  };
  expect(lsyncdStatus({ at, isRunning: true, directories: 0, targets: [idle, busy], tunnels: [] }))
    .toContain(`
Sync2 source=/
waiting: host is down
There are 22 delays
wait   Modify /bad
active Create /a
wait   Move /x/ -> /y/
wait   Create /d/
wait   Attrib /d/e
wait   Delete /gone
wait   Modify /two\\nlines
wait   Full /
...    and 14 more
Filtering:
+ /keep/**
- *.bak
+ a
exclude-from /rules


Inotify`);
});

test.each<[string, boolean, TunnelStatus['processes']]>([
  ['DOWN', false, [{ state: 'down' }]],
  ['CONNECTING', true, [{ state: 'connecting', message: 'it is not ready yet' }]],
  ['CONNECTING', true, [{ state: 'down' }, { state: 'connecting' }]],
  ['UP', true, [{ state: 'up', port: 40_001 }, { state: 'connecting' }]],
  ['UP_RETRY_TIMEOUT', true, [{ state: 'down', message: 'exit 1' }, { state: 'up' }]],
  ['RETRY_TIMEOUT', true, [{ state: 'down' }, { state: 'down' }]],
])('a tunnel is %s', (status, isStarted, processes) => {
  const tunnels = [{ name: 'way', isStarted, processes }];
  const text = lsyncdStatus({ at, isRunning: true, directories: 1, targets: [], tunnels });
  expect(text).toContain(`\nTunnel: name=way status=${status}\n`);
});

test('tunnels stand behind the syncs, with what each process is doing', () => {
  const processes = [
    { state: 'up', port: 40_001 },
    { state: 'down', port: 40_002, message: 'its command ended with exit 1' },
  ] as const;
  const tunnels = [
    { name: 'pool', isStarted: true, processes },
    { name: 'other', isStarted: true, processes: [{ state: 'up' } as const] },
  ];
  expect(lsyncdStatus({ at, isRunning: true, directories: 3, targets: [idle], tunnels })).toContain(`
Filtering:
  nothing.


Tunnel: name=pool status=UP_RETRY_TIMEOUT
  1: up port=40001
  2: down port=40002 (its command ended with exit 1)

Tunnel: name=other status=UP
  1: up

Inotify watching 3 directories
`);
});
