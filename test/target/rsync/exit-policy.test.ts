import { describe, expect, test } from 'vitest';
import { judgeRun } from '../../../src/target/rsync/exit-policy.ts';

const NEW_TARGET = { targetName: 'host:dir', hasWorked: false };

function judge(
  code: number,
  messages: readonly string[] = [],
  namedPaths = 0,
  hasUnknownPath = false,
): unknown {
  return judgeRun(
    { kind: 'exited', code },
    { messages, namedPaths, hasUnknownPath, isReadOnly: false },
    NEW_TARGET,
  );
}

describe('an exit code', () => {
  test.each([
    { code: 0, kind: 'done' },
    { code: 23, namedPaths: 2, kind: 'done' },
    { code: 24, namedPaths: 1, kind: 'done' },
    { code: 2, messages: ['invalid file mode 00 for x [Receiver]'], kind: 'missingArgsBroken' },
    { code: 2, kind: 'missingArgsBroken' },
    {
      code: 3,
      messages: ['rsync: [sender] change_dir "/s" failed: No such file or directory (2)'],
      kind: 'sourceSuspect',
    },
  ])('$code with $namedPaths paths is $kind', ({ code, messages, namedPaths, kind }) => {
    expect(judge(code, messages, namedPaths)).toEqual({ kind });
  });

  test.each([
    { code: 1, scope: 'configuration' },
    {
      code: 2,
      messages: ['protocol version mismatch -- is your shell clean?'],
      scope: 'configuration',
      says: /remote shell/,
    },
    {
      code: 4,
      messages: ['The server is configured to refuse --delete'],
      scope: 'configuration',
      says: /refuse options/,
    },
    {
      code: 2,
      messages: ['ABORTING due to invalid path from sender: ~2/!'],
      scope: 'batch',
      says: /changed under it/,
    },
    { code: 5, messages: ["@ERROR: Unknown module 'x'"], scope: 'target', says: /Unknown module 'x'/ },
    {
      code: 10,
      messages: ['rsync: failed to connect to h: Connection refused (111)'],
      scope: 'target',
      says: /Connection refused/,
    },
    {
      code: 11,
      messages: ['rsync: [receiver] write failed on "/t/x": No space left on device (28)'],
      scope: 'target',
      says: /full/,
    },
    {
      code: 12,
      messages: ['bash: line 1: rsync: command not found'],
      scope: 'target',
      says: /Install rsync/,
    },
    { code: 20, scope: 'batch' },
    { code: 23, scope: 'batch' },
    { code: 23, namedPaths: 1, hasUnknownPath: true, scope: 'batch' },
    { code: 24, scope: 'batch' },
    { code: 25, scope: 'batch', says: /more deletions/ },
    { code: 30, scope: 'target' },
    { code: 35, scope: 'target' },
    { code: 127, scope: 'target' },
    { code: 255, messages: ['user@h: Permission denied (publickey).'], scope: 'target', says: /ssh-copy-id/ },
    { code: 13, scope: 'batch' },
    { code: 99, scope: 'batch' },
  ])(
    '$code ($messages) fails with the scope $scope',
    ({ code, messages, namedPaths, hasUnknownPath, scope, says }) => {
      const verdict = judge(code, messages, namedPaths, hasUnknownPath);
      expect(verdict).toMatchObject({ kind: 'failed', scope });
      expect(JSON.stringify(verdict)).toMatch(says ?? /host:dir/);
      expect(verdict).toHaveProperty('message', expect.not.stringContaining('\n'));
    },
  );
});

test.each([
  { code: 2, scope: 'target' },
  { code: 4, scope: 'target' },
  { code: 25, scope: 'batch' },
])('once a target has worked, exit code $code fails with the scope $scope', ({ code, scope }) => {
  const findings = { messages: ['something'], namedPaths: 0, hasUnknownPath: false, isReadOnly: false };
  const verdict = judgeRun({ kind: 'exited', code }, findings, { targetName: 'host:dir', hasWorked: true });
  expect(verdict).toMatchObject({ kind: 'failed', scope });
});

test.each([
  { end: { kind: 'killed', signal: 'SIGKILL' }, scope: 'batch', says: 'SIGKILL' },
  { end: { kind: 'aborted' }, scope: 'batch', says: 'ended' },
  { end: { kind: 'waitingForFifo' }, scope: 'batch', says: 'fifo' },
  { end: { kind: 'hung', idleMs: 61_000 }, scope: 'target', says: '61 s' },
  {
    end: { kind: 'notStarted', errorCode: 'ENOENT', reason: 'spawn rsync ENOENT' },
    scope: 'configuration',
    says: 'ENOENT',
  },
  {
    end: { kind: 'notStarted', errorCode: 'EAGAIN', reason: 'spawn rsync EAGAIN' },
    scope: 'batch',
    says: 'EAGAIN',
  },
] as const)(
  'a run that was $end.kind fails with the scope $scope, whatever it did before',
  ({ end, scope, says }) => {
    const verdict = judgeRun(
      end,
      { messages: [], namedPaths: 1, hasUnknownPath: false, isReadOnly: false },
      NEW_TARGET,
    );
    expect(verdict).toMatchObject({
      kind: 'failed',
      scope,
      message: expect.stringContaining(says) as string,
    });
  },
);

describe('what the user says of an exit code goes before what it means by itself', () => {
  const exitCodes = { ok: [23, 99], again: [1, 24, 99], die: [12, 24, 99, 13] };
  test.each([
    { code: 99, namedPaths: 0, verdict: { kind: 'doneBySay' } },
    { code: 23, namedPaths: 1, verdict: { kind: 'doneBySay' } },
    { code: 1, namedPaths: 0, verdict: { kind: 'failed', scope: 'target' } },
    { code: 24, namedPaths: 1, verdict: { kind: 'failed', scope: 'batch' } },
    { code: 12, namedPaths: 0, verdict: { kind: 'failed', scope: 'configuration' } },
    { code: 13, namedPaths: 0, verdict: { kind: 'failed', scope: 'configuration' } },
    { code: 11, namedPaths: 0, verdict: { kind: 'failed', scope: 'target' } },
  ])('$code with $namedPaths paths: $verdict', ({ code, namedPaths, verdict }) => {
    const findings = { messages: ['x'], namedPaths, hasUnknownPath: false, isReadOnly: false };
    expect(judgeRun({ kind: 'exited', code }, findings, { ...NEW_TARGET, exitCodes })).toMatchObject(verdict);
  });

  test('but for 0, and for what only decides how to go on', () => {
    const all = { ok: [], again: [0, 2, 3], die: [0, 2, 3] };
    const judged = (code: number, message: string): unknown =>
      judgeRun(
        { kind: 'exited', code },
        { messages: [message], namedPaths: 0, hasUnknownPath: false, isReadOnly: false },
        { ...NEW_TARGET, exitCodes: all },
      );
    expect(judged(0, '')).toEqual({ kind: 'done' });
    expect(judged(2, 'invalid file mode 00 for x [Receiver]')).toEqual({ kind: 'missingArgsBroken' });
    expect(judged(3, 'rsync: [sender] change_dir "/s" failed: x (2)')).toEqual({ kind: 'sourceSuspect' });
  });

  test('and not to how it ended otherwise', () => {
    const findings = { messages: [], namedPaths: 0, hasUnknownPath: false, isReadOnly: false };
    const killed = { kind: 'killed', signal: 'SIGKILL' } as const;
    expect(judgeRun(killed, findings, { ...NEW_TARGET, exitCodes })).toMatchObject({ scope: 'batch' });
  });
});
