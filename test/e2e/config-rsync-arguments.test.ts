import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadAddon } from '../../src/addon/load-addon.ts';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { resolveConfig } from '../../src/config/resolve-config.ts';
import { mirrorsOf, placesIn } from '../../src/daemon/config-mirrors.ts';
import { SshMasters } from '../../src/target/ssh/ssh-masters.ts';
import { Tunnels } from '../../src/target/tunnel/tunnels.ts';
import { createTarget } from '../../src/daemon/create-target.ts';
import { parseRules } from '../../src/filter/parse-rules.ts';
import { rsyncFilter } from '../../src/filter/rsync-filter.ts';
import type { BatchReason } from '../../src/model/batch.ts';
import { HINT } from '../../src/model/event-batch.ts';
import { pathFromText, ROOT_PATH } from '../../src/model/path-bytes.ts';
import { luaHost } from '../support/lua-host.ts';
import { makeTempDir } from '../support/temp-dir.ts';

interface Runs {
  /** The arguments of the runs of a first sync, and of a batch after it; `@` stands for the test's directory. */
  readonly first: readonly string[];
  readonly live: readonly string[];
  readonly outcomes: readonly string[];
}

/** Reads a configuration of one sync with these options, and delivers with the target that comes of it. */
async function runsFor(options: string, place = 'copy'): Promise<Runs> {
  using directory = makeTempDir();
  for (const name of ['source', 'temp']) mkdirSync(directory.at(name));
  writeFileSync(directory.at('source/file'), 'content\n');
  writeFileSync(directory.at('rules'), '*.from\n');
  writeFileSync(directory.at('ordered'), '+ *.c\n- *.from\n');
  writeFileSync(directory.at('remote-shell'), '#!/bin/sh\nshift\nexec sh -c "$*"\n');
  chmodSync(directory.at('remote-shell'), 0o755);
  writeFileSync(
    directory.at('c.yaml'),
    `syncs: [{ source: source, targets: ['${place}'], ${options} }]\n`.replaceAll('@', directory.path),
  );
  const loaded = await loadConfig('c.yaml', directory.path, luaHost(directory.path));
  const [mirror] = mirrorsOf(resolveConfig(loaded, [], placesIn(directory.path, undefined)));
  const [target] = mirror?.targets ?? [];
  if (mirror === undefined || target === undefined) throw new Error('no mirror');
  const rules = parseRules(mirror.filterArguments, loadAddon());
  const filter = rsyncFilter(rules);
  const made = createTarget(target, mirror, {
    source: pathFromText(mirror.sourcePath),
    filterArguments: filter.arguments,
    environment: process.env,
    sourceIdentity: undefined,
    rules,
    addon: loadAddon(),
    masters: new SshMasters(),
    tunnels: new Tunnels(() => undefined),
    slots: undefined,
  });
  const deliver = async (reason: BatchReason): Promise<{ arguments: string[]; outcome: string }> => {
    const given: string[] = [];
    const entries = [{ path: pathFromText('file'), hints: HINT.modified }];
    const outcome = await made.deliver(
      {
        number: 1,
        reason,
        moves: [],
        entries: reason === 'live' ? entries : [],
        subtrees: reason === 'live' ? [] : [ROOT_PATH],
        contentSubtrees: [],
      },
      {
        signal: new AbortController().signal,
        report: (event) => {
          if (event.kind === 'command' && !event.arguments.includes('--version'))
            given.push(...event.arguments.map((argument) => argument.replaceAll(directory.path, '@')));
        },
      },
    );
    return { arguments: given, outcome: outcome.kind === 'failed' ? outcome.message : outcome.kind };
  };
  try {
    await made.prepare({ signal: new AbortController().signal, report: () => undefined });
    const first = await deliver('startup');
    writeFileSync(directory.at('source/file'), 'more content\n');
    const live = await deliver('live');
    return { first: first.arguments, live: live.arguments, outcomes: [first.outcome, live.outcome] };
  } finally {
    await made.close();
    filter.close();
  }
}

const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;

interface Row {
  readonly expected: readonly string[];
  readonly target?: string;
  /** rsync takes it for a daemon only. */
  readonly forDaemon?: true;
  /** The first sync alone has it. */
  readonly atStartup?: true;
}

const REMOTE = 'host:@/copy';

/** Each option as it is written, and the arguments that docs/configuration.md says it is for rsync. */
const rows: Readonly<Record<string, Row>> = {
  'attributes: { links: false }': { expected: ['-ptgo'] },
  'attributes: { perms: false }': { expected: ['-ltgo'] },
  'attributes: { times: false }': { expected: ['-lpgo'] },
  'attributes: { owner: false }': { expected: ['-lptg'] },
  'attributes: { group: false }': { expected: ['-lpto'] },
  'attributes: { archive: false, devices: true }': { expected: ['--devices'] },
  'attributes: { archive: false, specials: true }': { expected: ['--specials'] },
  'attributes: { hardLinks: true }': { expected: ['-lptgoH'] },
  'attributes: { acls: true }': { expected: ['-lptgoA'] },
  'attributes: { xattrs: true }': { expected: ['-lptgoX'] },
  'attributes: { numericIds: true }': { expected: ['--numeric-ids'] },
  'timeout: 5': { expected: ['--timeout=5'] },
  'mkpath: true': { expected: ['--mkpath'] },
  'filter: "- *.o"': { expected: ['--filter=- *.o'] },
  'filterFrom: ordered': { expected: ['--filter=+ *.c', '--filter=- *.from'] },
  'include: keep.o': { expected: ['--filter=+ keep.o'] },
  'includeFrom: rules': { expected: ['--filter=+ *.from'] },
  'exclude: [a, "b c"]': { expected: ['--filter=- a', '--filter=- b c'] },
  'excludeFrom: rules': { expected: ['--filter=- *.from'] },
  'delete: startup': { expected: ['--delete'], atStartup: true },
  'rsync: { deleteExcluded: true }': { expected: ['--delete-excluded'], atStartup: true },
  'rsync: { deleteExcluded: true, extra: --delay-updates }': {
    expected: ['--delete-excluded', '--filter=-rp .~tmp~/'],
    atStartup: true,
  },
  'rsync: { bwlimit: 5000 }': { expected: ['--bwlimit=5000'] },
  'rsync: { append: true }': { expected: ['--append'] },
  'rsync: { appendVerify: true }': { expected: ['--append-verify'] },
  'rsync: { backup: true }': { expected: ['--backup'] },
  'rsync: { checksum: true }': { expected: ['--checksum'] },
  'rsync: { compress: true }': { expected: ['--compress'] },
  'rsync: { copyDirlinks: true }': { expected: ['--copy-dirlinks'] },
  'rsync: { copyLinks: true }': { expected: ['--copy-links'] },
  'rsync: { copyUnsafeLinks: true }': { expected: ['--copy-unsafe-links'] },
  'rsync: { cvsExclude: true }': { expected: ['--cvs-exclude'] },
  'rsync: { executability: true }': { expected: ['--executability'] },
  'rsync: { existing: true }': { expected: ['--existing'] },
  'rsync: { fuzzy: true }': { expected: ['-y'] },
  'rsync: { ignoreTimes: true }': { expected: ['--ignore-times'] },
  'rsync: { inplace: true }': { expected: ['--inplace'] },
  'rsync: { ipv4: true }': { expected: ['--ipv4'] },
  'rsync: { ipv6: true }': { expected: ['--ipv6'] },
  'rsync: { keepDirlinks: true }': { expected: ['--keep-dirlinks'] },
  'rsync: { omitDirTimes: true }': { expected: ['--omit-dir-times'] },
  'rsync: { omitLinkTimes: true }': { expected: ['--omit-link-times'] },
  'rsync: { oneFileSystem: true }': { expected: ['--one-file-system'] },
  'rsync: { protectArgs: true }': { expected: ['-s'] },
  'rsync: { pruneEmptyDirs: true }': { expected: ['--prune-empty-dirs'] },
  'rsync: { sparse: true }': { expected: ['--sparse'] },
  'rsync: { update: true }': { expected: ['--update'] },
  'rsync: { wholeFile: true }': { expected: ['--whole-file'] },
  'rsync: { backupDir: "@/old", backup: true }': { expected: ['--backup', '--backup-dir=@/old'] },
  'rsync: { chmod: "F644" }': { expected: ['--chmod=F644'] },
  [`rsync: { chown: "${uid}:${gid}" }`]: { expected: [`--chown=${uid}:${gid}`] },
  [`rsync: { groupmap: "*:${gid}" }`]: { expected: [`--groupmap=*:${gid}`] },
  [`rsync: { usermap: "*:${uid}" }`]: { expected: [`--usermap=*:${uid}`] },
  'rsync: { passwordFile: rules }': { expected: ['--password-file=@/rules'], forDaemon: true },
  'rsync: { rsh: "@/remote-shell" }': { expected: ['--rsh=@/remote-shell'], target: REMOTE },
  'rsync: { rsyncPath: "/usr/bin/env rsync", rsh: "@/remote-shell" }': {
    expected: ['--rsync-path=/usr/bin/env rsync'],
    target: REMOTE,
  },
  'rsync: { suffix: ".old" }': { expected: ['--suffix=.old'] },
  'rsync: { tempDir: "@/temp" }': { expected: ['--temp-dir=@/temp'] },
  'rsync: { extra: [--delay-updates, --no-owner] }': { expected: ['--delay-updates', '--no-owner'] },
};

test.each(Object.entries(rows))('%s reaches rsync, which takes it', async (options, row) => {
  const { first, live, outcomes } = await runsFor(options, row.target);
  expect(first).toEqual(expect.arrayContaining([...row.expected]));
  if (row.atStartup) expect(live).not.toEqual(expect.arrayContaining([...row.expected]));
  else if (row.forDaemon === undefined) expect(live).toEqual(expect.arrayContaining([...row.expected]));
  if (row.forDaemon) expect(outcomes[0]).toMatch(/password-file/);
  else expect(outcomes).toEqual(['delivered', 'delivered']);
});

test('arguments stand in the order of the documentation, those of extra last', async () => {
  const { first } = await runsFor('rsync: { extra: --no-perms, suffix: .x, sparse: true, compress: true }');
  const ours = ['--compress', '--sparse', '--suffix=.x', '--no-perms'];
  expect(first.filter((argument) => ours.includes(argument)).slice(0, ours.length)).toEqual(ours);
});

test('rsync itself is the program that is named', async () => {
  await expect(runsFor('rsync: { program: ./no-such-rsync }')).rejects.toMatchObject({
    code: 'RSYNC_MISSING',
  });
});

test('every option of rsync, and every attribute, is in the table', () => {
  const { definitions } = configJsonSchema() as {
    definitions: Record<string, { properties: Record<string, unknown> }>;
  };
  const keysOf = (group: string): string[] => Object.keys(definitions[group]?.properties ?? {});
  const missing = ['rsync', 'attributes'].flatMap((group) =>
    keysOf(group).filter(
      (key) =>
        key !== 'program' &&
        !Object.keys(rows).some((row) => row.startsWith(group) && row.includes(`${key}: `)),
    ),
  );
  expect(missing).toEqual([]);
});
