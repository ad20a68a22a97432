import {
  chmodSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { compareTrees } from './compare-trees.ts';

let parent: string;

beforeEach(() => {
  parent = mkdtempSync(`${tmpdir()}/compare-trees-`);
  for (const root of ['left', 'right']) {
    mkdirSync(`${parent}/${root}/dir`, { recursive: true });
    writeFileSync(`${parent}/${root}/dir/file`, 'one');
    symlinkSync('file', `${parent}/${root}/dir/link`);
    for (const path of ['', 'dir']) chmodSync(`${parent}/${root}/${path}`, 0o755);
    chmodSync(`${parent}/${root}/dir/file`, 0o644);
    settleTimes(`${parent}/${root}`);
  }
});

afterEach(() => {
  rmSync(parent, { recursive: true, force: true });
});

function settleTimes(root: string): void {
  for (const path of [`${root}/dir/file`, `${root}/dir`, root].filter((path) => existsSync(path)))
    utimesSync(path, 1000, 1000);
}

/** Changes the right tree and gives the differences then found. */
function check(change: (root: string) => void): string[] {
  change(`${parent}/right`);
  return compareTrees(pathFromText(`${parent}/left`), pathFromText(`${parent}/right`));
}

describe('compareTrees', () => {
  test('finds nothing between equal trees', () => {
    expect(check(() => undefined)).toEqual([]);
  });

  test('lets times differ within the second, and of symlinks altogether', () => {
    const differences = check((root) => {
      utimesSync(`${root}/dir/file`, 1000.9, 1000.9);
      lutimesSync(`${root}/dir/link`, 5, 5);
    });
    expect(differences).toEqual([]);
  });

  test.each<[string, (root: string) => void, RegExp]>([
    [
      'content of the same size and time',
      (root) => {
        writeFileSync(`${root}/dir/file`, 'two');
      },
      /^dir\/file: content/,
    ],
    [
      'mode of a file',
      (root) => {
        chmodSync(`${root}/dir/file`, 0o600);
      },
      /^dir\/file: mode 600, not 644$/,
    ],
    [
      'mode of a directory',
      (root) => {
        chmodSync(`${root}/dir`, 0o700);
      },
      /^dir: mode 700, not 755$/,
    ],
    [
      'mode of the root',
      (root) => {
        chmodSync(root, 0o700);
      },
      /^\.: mode 700, not 755$/,
    ],
    [
      'a link to elsewhere',
      (root) => {
        unlinkSync(`${root}/dir/link`);
        symlinkSync('else', `${root}/dir/link`);
      },
      /^dir\/link: points to else, not file$/,
    ],
    [
      'a type',
      (root) => {
        unlinkSync(`${root}/dir/link`);
        mkdirSync(`${root}/dir/link`);
      },
      /^dir\/link: is a directory, not a symlink$/,
    ],
    [
      'a missing file',
      (root) => {
        unlinkSync(`${root}/dir/file`);
      },
      /^dir\/file: missing$/,
    ],
    [
      'an extra file with a newline',
      (root) => {
        writeFileSync(`${root}/dir/a\nb`, '');
      },
      /^dir\/a\\nb: too much$/,
    ],
  ])('finds %s', (_, change, line) => {
    const differences = check((root) => {
      change(root);
      settleTimes(root);
    });
    expect(differences).toEqual([expect.stringMatching(line)]);
  });

  test.each([['dir/file'], ['dir']])('finds the time of %s', (path) => {
    expect(
      check((root) => {
        utimesSync(`${root}/${path}`, 1001, 1001);
      }),
    ).toEqual([expect.stringMatching(new RegExp(`^${path}: mtime`))]);
  });
});
