import { NEVER, Subject, throwError } from 'rxjs';
import { expect, test } from 'vitest';
import type { EndSignal, ProgramIo } from '../../src/daemon/program-io.ts';
import { type EventSource, showEvents } from '../../src/daemon/show-events.ts';
import { encodeEventBatch, type EventBatch, HINT, type WatchEvent } from '../../src/model/event-batch.ts';
import { type PathBytes, pathFromText } from '../../src/model/path-bytes.ts';

const bytes = (path: string): PathBytes => path as PathBytes;
const changed = (directory: string, name: string, hints: number): WatchEvent => ({
  kind: 'changed',
  directory: bytes(directory),
  name: bytes(name),
  hints,
});

const events: readonly WatchEvent[] = [
  changed('a', 'plain.txt', HINT.created | HINT.modified | HINT.closed),
  changed('', pathFromText('größe'), HINT.attrib | HINT.isDirectory),
  changed('', 'latin1-\xe9\n', HINT.deleted),
  {
    kind: 'moved',
    fromDirectory: bytes('x'),
    fromName: bytes('\xff'),
    toDirectory: bytes(''),
    toName: bytes('y'),
    isDirectory: true,
  },
  { kind: 'rescan', directory: bytes(''), reason: 'overflow' },
  {
    kind: 'coverage',
    directory: bytes('locked'),
    state: 'blind',
    reason: 'unreadable',
    errno: 13,
    watched: 4,
    missing: 1,
  },
  { kind: 'root', state: 'gone', errno: 0 },
  { kind: 'barrier', token: 7 },
];

interface Ended {
  readonly status: number;
  readonly lines: readonly string[];
  readonly closed: boolean;
}

async function show(json: boolean, end: EndSignal = 'SIGTERM'): Promise<Ended> {
  let text = '';
  let closed = false;
  const signals$ = new Subject<EndSignal>();
  const io: ProgramIo = {
    stdout: { write: (chunk) => (text += chunk) },
    stderr: { write: () => undefined },
    environment: {},
    signals$,
    hangUps$: NEVER,
  };
  const batches$ = new Subject<EventBatch>();
  const source: EventSource = {
    batches$,
    close: () => {
      closed = true;
    },
  };
  const running = showEvents(source, json, io);
  batches$.next(encodeEventBatch(events));
  signals$.next(end);
  const status = await running;
  return { status, lines: text.trimEnd().split('\n'), closed };
}

test('lines for people name time, kind, path and what was seen', async () => {
  const { lines } = await show(false);
  expect(lines.map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} /, ''))).toEqual([
    'changed  a/plain.txt [created modified closed]',
    'changed  größe [attrib directory]',
    'changed  latin1-\\xe9\\n [deleted]',
    'moved    x/\\xff -> y [directory]',
    'rescan   . [overflow]',
    'coverage locked blind: 4 directories watched, 1 not watched [unreadable, EACCES]',
    'root     gone',
  ]);
});

test('JSON lines are complete, and every path comes back exactly', async () => {
  const { lines } = await show(true);
  const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const { time } of objects) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(objects.map(({ time: _time, ...fields }) => fields)).toEqual([
    { kind: 'changed', path: 'a/plain.txt', hints: ['created', 'modified', 'closed'] },
    { kind: 'changed', path: 'größe', hints: ['attrib', 'directory'] },
    { kind: 'changed', path: 'latin1-\\xe9\\n', pathBase64: 'bGF0aW4xLekK', hints: ['deleted'] },
    { kind: 'moved', from: 'x/\\xff', fromBase64: 'eC//', to: 'y', directory: true },
    { kind: 'rescan', path: '', reason: 'overflow' },
    {
      kind: 'coverage',
      path: 'locked',
      state: 'blind',
      reason: 'unreadable',
      watched: 4,
      missing: 1,
      errno: 13,
    },
    { kind: 'root', state: 'gone', errno: 0 },
  ]);
  expect(Buffer.from('bGF0aW4xLekK', 'base64').toString('latin1')).toBe('latin1-\xe9\n');
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends it with %i, the source closed', async (signal, status) => {
  expect(await show(true, signal)).toMatchObject({ status, closed: true });
});

test('a watch that fails closes the source and passes the error on', async () => {
  let closed = false;
  const io: ProgramIo = {
    stdout: { write: () => undefined },
    stderr: { write: () => undefined },
    environment: {},
    signals$: NEVER,
    hangUps$: NEVER,
  };
  const source: EventSource = {
    batches$: throwError(() => new Error('no more')),
    close: () => {
      closed = true;
    },
  };
  await expect(showEvents(source, false, io)).rejects.toThrow('no more');
  expect(closed).toBe(true);
});
