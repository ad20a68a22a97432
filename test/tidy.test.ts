import { existsSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

const rootPath = path.resolve(import.meta.dirname, '..');
// What is committed or about to be: build results and stray files are not judged.
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
  cwd: rootPath,
  encoding: 'utf8',
})
  .split('\0')
  .filter((file) => file !== '' && existsSync(path.join(rootPath, file)));
const read = (file: string): string => readFileSync(path.join(rootPath, file), 'utf8');
const matching = (pattern: RegExp): string[] => files.filter((file) => pattern.test(file));

const middle = ['watch', 'filter', 'pipeline', 'target', 'config'];
/** Which parts of src/ a part may import, itself left out; `*` stands for everything. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  cli: ['daemon', 'model', 'package-root'],
  index: ['*'],
  daemon: [...middle, 'model', 'addon'],
  ...Object.fromEntries(middle.map((part) => [part, ['model', 'addon']])),
  pipeline: ['model'],
  addon: ['model', 'package-root'],
  model: [],
  'package-root': [],
};
/** Packages and node: modules that a part is bound to; parts not named may use any. */
const mayUsePackages: Readonly<Record<string, RegExp>> = {
  model: /^$/,
  pipeline: /^rxjs(\/|$)/,
};

interface Import {
  readonly file: string;
  readonly line: string;
  readonly specifier: string;
}

function importsOf(file: string): Import[] {
  const statements = /(?:\bfrom|\bimport)\s*\(?\s*(['"])([^'"\n]+)\1/g;
  return [...read(file).matchAll(statements)].map(([line, , specifier = '']) => ({ file, line, specifier }));
}

/** `src/cli.ts`, `src/lsyncd.ts` and `src/cli/x.ts` are the part `cli`. */
function partOf(file: string): string {
  return (file.split('/')[1] ?? '').replace(/\.ts$/, '').replace(/^lsyncd$/, 'cli');
}

const sources = matching(/^src\/.*\.ts$/);

test('every part of src imports only what lies below it', () => {
  const wrong = sources.flatMap(importsOf).filter(({ file, specifier }) => {
    if (!specifier.startsWith('.')) return false;
    const from = partOf(file);
    const to = partOf(path.join(path.dirname(file), specifier));
    const allowed = mayImport[from] ?? [];
    return to !== from && !allowed.includes(to) && !allowed.includes('*');
  });
  expect(wrong).toEqual([]);
  expect(sources.filter((file) => mayImport[partOf(file)] === undefined)).toEqual([]);
});

test('model and pipeline use no package and no node: module beyond their own', () => {
  const wrong = sources.flatMap(importsOf).filter(({ file, specifier }) => {
    const allowed = mayUsePackages[partOf(file)];
    return allowed !== undefined && !specifier.startsWith('.') && !allowed.test(specifier);
  });
  expect(wrong).toEqual([]);
});

test('the pipeline reads no clock and sets no timer of its own', () => {
  const clocks = /\b(Date\.now|new Date\(\)|performance\.now|setTimeout|setInterval|setImmediate)\b/;
  expect(sources.filter((file) => partOf(file) === 'pipeline' && clocks.test(read(file)))).toEqual([]);
});

test('only target starts processes, and daemonize.ts this program itself', () => {
  const wrong = sources
    .flatMap(importsOf)
    .filter(
      ({ file, specifier }) =>
        specifier.endsWith('child_process') && partOf(file) !== 'target' && !file.endsWith('/daemonize.ts'),
    );
  expect(wrong).toEqual([]);
});

test('only daemon and cli read the process', () => {
  const reads = /\bprocess\.(argv|env|exit|on|once|stdout|stderr|stdin|cwd|kill)\b/;
  const wrong = sources.filter(
    (file) => !['daemon', 'cli'].includes(partOf(file)) && reads.test(withoutComments(read(file))),
  );
  expect(wrong).toEqual([]);
});

test('only src/addon loads the addon', () => {
  const loads = /createRequire|process\.dlopen|syncline\.node/;
  const wrong = sources.filter((file) => partOf(file) !== 'addon' && loads.test(withoutComments(read(file))));
  expect(wrong).toEqual([]);
});

interface SourceLists {
  readonly variables: Readonly<Record<string, readonly string[]>>;
}

test('every C++ source is listed once in native/sources.gypi, and every listed one exists', () => {
  const { variables } = JSON.parse(read('native/sources.gypi')) as SourceLists;
  const listed = Object.entries(variables)
    .filter(([name]) => name.endsWith('_sources'))
    .flatMap(([, list]) => list)
    .sort();
  const present = matching(/^(native\/.*\.cc|test\/native\/.*_test\.cc)$/).sort();
  expect(listed).toEqual(present);
});

test('both builds take their sources from native/sources.gypi and name none themselves', () => {
  for (const build of ['binding.gyp', 'CMakeLists.txt']) {
    expect(read(build)).toContain('native/sources.gypi');
    expect(read(build)).not.toMatch(/(?<!test\/)native\/[\w/]+\.cc/);
  }
});

const cxxFiles = matching(/^(native|test\/native)\/.*\.(cc|h)$/);

test('nothing but native/linux and native/macos asks for the platform', () => {
  const asks = /^\s*#\s*(if|ifdef|ifndef|elif).*(__linux|__APPLE__|_WIN32|__FreeBSD__|TARGET_OS)/m;
  expect(cxxFiles.filter((file) => !/^native\/(linux|macos)\//.test(file) && asks.test(read(file)))).toEqual(
    [],
  );
});

test('only native/addon knows Node', () => {
  const knows = /#include\s*[<"](napi|node_api|node|uv|v8)\.h[>"]/;
  expect(cxxFiles.filter((file) => !file.startsWith('native/addon/') && knows.test(read(file)))).toEqual([]);
});

test('only native/linux includes headers that Linux alone has', () => {
  const ofLinux =
    /#include\s*<(linux\/[\w/]+|asm\/[\w/]+|s?endian|byteswap|mntent|sys\/(inotify|fanotify|epoll|eventfd|signalfd|timerfd|syscall|sysmacros|prctl|vfs|statfs|sendfile|random|capability))\.h>/;
  // The fake stands on Linux in the place of macOS.
  const elsewhere = cxxFiles.filter(
    (file) => !/^(native\/linux|test\/native\/(linux|macos\/fake))\//.test(file),
  );
  expect(elsewhere.filter((file) => ofLinux.test(read(file)))).toEqual([]);
  expect(cxxFiles.filter((file) => ofLinux.test(read(file))).length).toBeGreaterThan(3);
});

test('no file is named after nothing in particular', () => {
  const grabBag = /(^|\/)(utils?|helpers?|common|misc|manager|types|shared|stuff)(\.|\/|$)/;
  expect(files.filter((file) => grabBag.test(file))).toEqual([]);
});

test('files are named in the way of their language', () => {
  expect(matching(/^(src|test|bench)\/.*\.ts$/).filter((file) => !/^[a-z0-9/.-]+$/.test(file))).toEqual([]);
  const named = cxxFiles.filter((file) => !file.startsWith('test/native/macos/fake/')); // as Apple's are
  expect(named.filter((file) => !/^[a-z0-9/_]+\.(cc|h)$/.test(file))).toEqual([]);
});

test('there is no default export but where a tool asks for one', () => {
  expect(
    matching(/^(src|test|bench)\/.*\.ts$/).filter((file) => /^export default/m.test(read(file))),
  ).toEqual([]);
});

test('every link between the documents resolves', () => {
  const broken = matching(/\.md$/).flatMap((file) => {
    const text = read(file).replaceAll(/```.*?```/gs, '');
    return [...text.matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !/^[a-z]+:/.test(link) && !linkResolves(file, link))
      .map((link) => `${file}: ${link}`);
  });
  expect(broken).toEqual([]);
});

function linkResolves(file: string, link: string): boolean {
  const [target = '', anchor] = link.split('#');
  const linked = target === '' ? file : path.join(path.dirname(file), target);
  if (!existsSync(path.join(rootPath, linked))) return false;
  if (anchor === undefined || !linked.endsWith('.md')) return true;
  const headings = [...read(linked).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return headings.includes(anchor);
}

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*.*?\*\//gs, '').replaceAll(/(^|\s)\/\/.*$/gm, '');
}
