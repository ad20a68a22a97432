import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { expect, test } from 'vitest';
import { pathFromText } from '../../../src/model/path-bytes.ts';
import type { Outcome } from '../../../src/model/outcome.ts';
import type { DeliveryEvent, Target } from '../../../src/target/target.ts';
import type { LocalPort, TunnelOptions } from '../../../src/target/tunnel/tunnel-options.ts';
import { createTunnelTarget } from '../../../src/target/tunnel/tunnel-target.ts';
import { Tunnels } from '../../../src/target/tunnel/tunnels.ts';
import { processesNaming, until } from '../../support/processes.ts';
import { freePort } from '../../support/tcp-port.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const DEFAULTS = { mode: 'command', parallel: 1, readyDelayMs: 60_000, retryDelayMs: 20 } as const;
const DELIVERED: Outcome = {
  kind: 'delivered',
  counts: { updated: 0, deleted: 0, bytes: 0 },
  problems: [],
  recheck: [],
};
const BATCH = {
  number: 1,
  reason: 'live',
  moves: [],
  entries: [],
  subtrees: [],
  contentSubtrees: [],
} as const;

/** A target behind a tunnel, all of which is real but the target itself: that takes everything. */
class Behind implements AsyncDisposable {
  reached = 0;
  readonly targets: string[] = [];
  /** What becomes of a delivery. */
  answer: () => Promise<Outcome> = () => Promise.resolve(DELIVERED);
  readonly #target: Target;

  constructor(tunnels: Tunnels, tunnel: Partial<TunnelOptions> & { command: string }, port?: LocalPort) {
    this.#target = createTunnelTarget(
      {
        tunnel: { ...DEFAULTS, ...tunnel },
        tunnels,
        environment: process.env,
        port,
        onReachable: () => this.reached++,
      },
      (targetNow) => ({
        name: 'behind',
        capabilities: { moves: false },
        prepare: () => Promise.resolve(),
        deliver: () => {
          this.targets.push(targetNow('at {localport}'));
          return this.answer();
        },
        close: () => Promise.resolve(),
      }),
    );
  }

  begin(): void {
    this.#target.begin?.();
  }

  deliver(signal = new AbortController().signal): Promise<Outcome> {
    return this.#target.deliver(BATCH, { signal, report: () => undefined });
  }

  close(): Promise<void> {
    return this.#target.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function listenOn(port: number): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined).end());
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

interface LoggedTunnels {
  readonly tunnels: Tunnels;
  readonly lines: string[];
}

function logged(): LoggedTunnels {
  const lines: string[] = [];
  const report = (event: DeliveryEvent): void => {
    if (event.kind === 'notice') lines.push(`${event.level ?? 'info'} ${event.message}`);
  };
  return { tunnels: new Tunnels(report), lines };
}

test('a tunnel is up as soon as its port accepts connections, and a target that missed it is told', async () => {
  using directory = makeTempDir();
  const { tunnels, lines } = logged();
  const port = await freePort();
  const mark = directory.at('host');
  const command = `echo no host; test -e '${mark}' && exec tail -f '${mark}'; exit 9`;
  await using target = new Behind(tunnels, { name: 'way', command }, { host: '127.0.0.1', port });
  expect(await target.deliver()).toMatchObject({
    scope: 'target',
    message: 'The tunnel way is not up: its command ended with exit 9: no host.',
  });
  expect(target.reached).toBe(0);
  writeFileSync(mark, '');
  const starts = (): number => lines.filter((line) => line === 'debug tunnel way: no host').length;
  await until(() => starts() === 2, 'its process');
  const server = await listenOn(port);
  try {
    await until(() => target.reached === 1, 'the tunnel');
    expect(await target.deliver()).toBe(DELIVERED);
    expect(target.targets).toEqual(['at {localport}']);
    expect(lines).toContain('debug tunnel way: no host');
    expect(lines.at(-1)).toBe('info tunnel way is up');
  } finally {
    server.close();
  }
  await target.close();
  expect(processesNaming(mark)).toEqual([]);
});

test('where no port is known, a tunnel is up when its process has lived for readyDelay', async () => {
  const { tunnels, lines } = logged();
  await using target = new Behind(tunnels, { command: 'exec sleep 1000.02', readyDelayMs: 300 });
  const startedMs = performance.now();
  expect(await target.deliver()).toBe(DELIVERED);
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(299);
  await target.close();
  expect(lines).toEqual([
    'debug tunnel exec sleep 1000.02: its command is started',
    'info tunnel exec sleep 1000.02 is up',
    'debug tunnel exec sleep 1000.02: ended',
  ]);
});

test('a port that was taken before says nothing about the tunnel', async () => {
  const { tunnels } = logged();
  const port = await freePort();
  const server = await listenOn(port);
  try {
    const tunnel = { name: 'way', command: 'sleep 0.2; exit 1' };
    await using target = new Behind(tunnels, tunnel, { host: '127.0.0.1', port });
    expect(await target.deliver()).toMatchObject({ kind: 'failed', scope: 'target' });
  } finally {
    server.close();
  }
});

test('targets with one tunnel share its process, which ends with the last of them', async () => {
  using directory = makeTempDir();
  const { tunnels } = logged();
  const mark = directory.at('mark');
  writeFileSync(mark, '');
  const options = { command: `exec tail -f '${mark}'`, readyDelayMs: 0 };
  await using one = new Behind(tunnels, options);
  await using other = new Behind(tunnels, options);
  expect([await one.deliver(), await other.deliver()]).toEqual([DELIVERED, DELIVERED]);
  await until(() => processesNaming(mark).length === 1, 'its process');
  await one.close();
  expect(processesNaming(mark)).toHaveLength(1);
  await other.close();
  expect(processesNaming(mark)).toEqual([]);
});

const TROUBLED: Outcome = {
  ...DELIVERED,
  problems: [{ path: pathFromText('name'), message: 'the host was not there' }],
};

test.each([
  ['comes up after it', false],
  ['is up again before it is over', true],
])('a delivery that had trouble while the tunnel was down is made again when that %s', async (_, waits) => {
  const { tunnels, lines } = logged();
  const command = 'echo $$; exec sleep 1000.07';
  await using target = new Behind(tunnels, { name: 'way', command, readyDelayMs: 50 });
  const processId = (): number =>
    Number(
      lines
        .findLast((line) => /: \d+$/.test(line))
        ?.split(': ')
        .at(-1),
    );
  const ups = (): number => lines.filter((line) => line === 'info tunnel way is up').length;
  target.answer = async () => {
    await until(() => processId() > 0, 'its id');
    process.kill(processId(), 'SIGKILL');
    await until(() => lines.some((line) => line.includes('killed by SIGKILL')), 'its end');
    if (waits) await until(() => ups() === 2, 'the next one');
    return TROUBLED;
  };
  expect(await target.deliver()).toBe(TROUBLED);
  await until(() => target.reached === 1, 'the end of the pause');
  expect(ups()).toBe(2);
});

test('a delivery that had trouble while the tunnel was up is nothing that its end and return would mend', async () => {
  const { tunnels, lines } = logged();
  await using target = new Behind(tunnels, {
    name: 'way',
    command: 'echo $$; exec sleep 1000.08',
    readyDelayMs: 50,
  });
  target.answer = () => Promise.resolve(TROUBLED);
  expect(await target.deliver()).toBe(TROUBLED);
  const processId = (): number =>
    Number(
      lines
        .find((line) => /: \d+$/.test(line))
        ?.split(': ')
        .at(-1),
    );
  await until(() => processId() > 0, 'its id');
  process.kill(processId(), 'SIGKILL');
  await until(() => lines.filter((line) => line === 'info tunnel way is up').length === 2, 'the next one');
  expect(target.reached).toBe(0);
});

test('what a tunnel is doing can be looked at, and every change of it is told', async () => {
  const seen: string[] = [];
  const tunnels = new Tunnels(
    () => undefined,
    () => {
      const [way] = tunnels.look();
      const [process] = way?.processes ?? [];
      seen.push(
        `${way?.isStarted === true ? 'started' : 'not started'} ${process?.state} ${process?.message ?? ''}`,
      );
    },
  );
  const target = new Behind(tunnels, { name: 'way', command: 'exit 4', retryDelayMs: 60_000 });
  expect(tunnels.look()).toEqual([{ name: 'way', isStarted: false, processes: [{ state: 'down' }] }]);
  expect(await target.deliver()).toMatchObject({ scope: 'target' });
  await target.close();
  expect(tunnels.look()).toEqual([]);
  expect(seen).toEqual([
    'started connecting its command runs, but it is not ready yet',
    'started down its command ended with exit 4',
    'not started undefined ',
  ]);
});

test('a tunnel to a port that another tunnel has waits for the end of that', async () => {
  const { tunnels, lines } = logged();
  const port = { host: '127.0.0.1', port: await freePort() };
  await using old = new Behind(tunnels, { name: 'old', command: 'echo $$; exec sleep 1000.04' }, port);
  await using next = new Behind(tunnels, { name: 'next', command: 'echo $$; exec sleep 1000.05' }, port);
  old.begin();
  await until(() => lines.some((line) => line.includes('tunnel old: ')), 'the first one');
  next.begin();
  expect(await next.deliver()).toMatchObject({
    message: 'The tunnel next waits for the end of the tunnel old, which has its port.',
  });
  expect(lines.filter((line) => line.includes('tunnel next: '))).toEqual([]);
  await old.close();
  await until(() => lines.some((line) => line.includes('tunnel next: ')), 'the second one');
});

test('a delivery that waits for a tunnel ends when it is told to', async () => {
  const { tunnels, lines } = logged();
  await using target = new Behind(tunnels, { command: 'echo begun; exec sleep 1000.06' });
  const ending = new AbortController();
  const delivery = target.deliver(ending.signal);
  await until(() => lines.some((line) => line.endsWith(': begun')), 'its process');
  ending.abort();
  expect(await delivery).toMatchObject({ kind: 'failed', scope: 'batch' });
});

test('the processes of a pool are used in turn, each by its port', async () => {
  const { tunnels, lines } = logged();
  const listen = 'require("net").createServer((s) => s.end()).listen(Number(process.argv[1]), "127.0.0.1")';
  const command = `exec ${process.execPath} -e '${listen}' {localport}`;
  await using target = new Behind(tunnels, { name: 'way', mode: 'pool', parallel: 2, command });
  target.begin();
  await until(() => lines.filter((line) => line.includes('is up on port')).length === 2, 'both processes');
  for (let count = 0; count < 4; count++) expect(await target.deliver()).toBe(DELIVERED);
  const [first, second] = target.targets;
  expect(target.targets).toEqual([first, second, first, second]);
  const ports = lines.filter((line) => line.includes('is up')).map((line) => line.replace(/.* port /, 'at '));
  expect(ports.toSorted()).toEqual([first, second].toSorted());
  expect(tunnels.look()).toEqual([
    {
      name: 'way',
      isStarted: true,
      processes: ports.map(() => ({ state: 'up', port: expect.any(Number) as number })),
    },
  ]);
});
