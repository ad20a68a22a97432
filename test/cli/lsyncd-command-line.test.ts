import { describe, expect, test } from 'vitest';
import { LSYNCD_OPTIONS } from '../../src/cli/lsyncd-options.ts';
import { type LsyncdCommandLine, parseLsyncdCommandLine } from '../../src/cli/lsyncd-command-line.ts';
import type { LsyncdRequest } from '../../src/daemon/lsyncd/lsyncd-request.ts';

function parse(line: string): LsyncdCommandLine {
  return parseLsyncdCommandLine(line === '' ? [] : line.split(' '));
}

function request(line: string): LsyncdRequest {
  const parsed = parse(line);
  if (parsed.kind !== 'run') throw new Error(`nothing to run: ${line}`);
  return parsed.request;
}

describe('the command line of lsyncd', () => {
  test('takes each sync with its fixed number of words, repeated and mixed', () => {
    expect(request('-rsync a b -direct c d --rsyncssh e host f -rsync g host:h').syncs).toEqual([
      { kind: 'rsync', source: 'a', target: 'b' },
      { kind: 'direct', source: 'c', target: 'd' },
      { kind: 'rsyncssh', source: 'e', host: 'host', directory: 'f' },
      { kind: 'rsync', source: 'g', target: 'host:h' },
    ]);
  });

  test('takes as a word whatever stands behind an option, other options too', () => {
    expect(request('-rsyncssh -nodaemon . host').syncs).toEqual([
      { kind: 'rsyncssh', source: '-nodaemon', host: '.', directory: 'host' },
    ]);
  });

  test.each<[string, Partial<LsyncdRequest>]>([
    ['-delay 5', { delay: 5 }],
    ['--delay 0', { delay: 0 }],
    ['-delay 2.5', { delay: 2.5 }],
    ['-insist', { settings: { insist: true } }],
    ['-nodaemon', { settings: { nodaemon: true } }],
    ['--nodaemon', { settings: { nodaemon: true } }],
    ['-onepass', { settings: { onepass: true } }],
    ['-logfile l', { settings: { logfile: 'l' } }],
    ['-pidfile p', { settings: { pidfile: 'p' } }],
    ['-pidfile p -logfile l -nodaemon', { settings: { pidfile: 'p', logfile: 'l', nodaemon: true } }],
    ['-log all', { log: { kind: 'all', further: [] } }],
    ['-log scarce', { log: { kind: 'scarce', further: [] } }],
    ['-log Exec -log Delay', { log: { kind: 'usual', further: ['Exec', 'Delay'] } }],
    ['-sshopts -i -sshopts k', { sshArguments: ['-i', 'k'] }],
  ])('%s, before a sync and behind it', (line, expected) => {
    expect(request(`${line} -rsync a b`)).toMatchObject(expected);
    expect(request(`-rsync a b ${line}`)).toMatchObject(expected);
  });

  test('splits the text of -sshopts', () => {
    const { sshArguments } = request('-rsyncssh a b c');
    expect(sshArguments).toEqual([]);
    const parsed = parseLsyncdCommandLine(['-sshopts', '-i "my key" -p 2468', '-rsyncssh', 'a', 'b', 'c']);
    expect(parsed).toMatchObject({ request: { sshArguments: ['-i', 'my key', '-p', '2468'] } });
  });

  test.each([
    ['-frobnicate', 'unknown option -frobnicate'],
    ['-delay=5 -rsync a b', 'unknown option -delay=5'],
    ['-r a b', 'unknown option -r'],
    ['---rsync a b', 'unknown option ---rsync'],
    ['-constructor', 'unknown option -constructor'],
    ['-rsync a', '-rsync needs SOURCE TARGET'],
    ['--rsyncssh a b', '--rsyncssh needs SOURCE HOST TARGETDIR'],
    ['-rsync a b -delay', '-delay needs SECS'],
    ['-delay soon -rsync a b', '-delay soon'],
    ['-delay -1 -rsync a b', '-delay -1'],
    ['a.lua b.lua', 'There can only be one config file: a.lua, b.lua'],
    ['a.lua -rsync a b', 'a.lua: there are syncs on the command line already'],
    ['-log exec -rsync a b', '-log exec: a category begins with a capital letter'],
  ])('refuses %s in one line', (line, message) => {
    expect(() => parse(line)).toThrow(message);
    expect(() => parse(line)).not.toThrow('\n');
  });

  test('takes one word alone for the configuration, whatever it ends in, and scripts to run before it', () => {
    expect(request('-script a.lua -nodaemon /etc/lsyncd.conf --script b')).toMatchObject({
      configFile: '/etc/lsyncd.conf',
      scripts: ['a.lua', 'b'],
      syncs: [],
      settings: { nodaemon: true },
    });
  });

  test('takes scripts alone', () => {
    expect(request('-script a.lua')).toMatchObject({ configFile: undefined, scripts: ['a.lua'], syncs: [] });
  });

  test('refuses an empty word of a sync', () => {
    expect(() => parseLsyncdCommandLine(['-rsync', '', 'b'])).toThrow('-rsync: the source is empty');
  });

  test.each(['-help', '--help', '', '-nodaemon', '-rsync a b -help'])('prints its help for: %s', (line) => {
    const parsed = parse(line);
    expect(parsed).toMatchObject({ kind: 'text', exitStatus: 255 });
    for (const [name, { words }] of Object.entries(LSYNCD_OPTIONS))
      expect((parsed as { text: string }).text).toContain(`\n  -${[name, ...words].join(' ')} `);
  });

  test('prints its version', () => {
    expect(parse('-version')).toEqual({
      kind: 'text',
      text: expect.stringMatching(/^Version: \d+\.\d+\.\d+\n$/) as unknown,
      exitStatus: 0,
    });
  });
});
