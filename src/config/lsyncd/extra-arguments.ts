import type { GivenOptions } from '../schema.ts';

/** What further arguments for rsync are here: options of ours, and what is left for rsync. */
export interface ExtraArguments {
  readonly left: readonly string[];
  readonly fuzzy: boolean;
  readonly dryRun: boolean;
  readonly deleteExcluded: boolean;
  readonly maxDelete: GivenOptions['maxDelete'];
}

const SHOWN = 'what rsync says is in the log';

/** What has no effect, and why. */
const WITHOUT_EFFECT: readonly (readonly [option: RegExp, why: string])[] = [
  [/^--(?:info|quiet|outbuf|stderr|out-format|log-format)(?:=.*)?$/, SHOWN],
  [/^--del(?:ete(?:-before|-during|-delay|-after)?)?$/, 'deletions are those of `delete`'],
  [/^--ignore-errors$/, 'a name that cannot be read costs no other its deletion'],
  [/^--(?:recursive|no-implied-dirs)$/, 'which names are sent is decided here'],
];

/** Options of these whose value may be the next word. */
const VALUE_FOLLOWS = /^--(?:info|outbuf|stderr|out-format|log-format|max-delete)$/;

const LETTERS_WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  q: SHOWN,
  r: 'which names are sent is decided here',
};

/** `notice` is told what has no effect, and why. */
export function extraArguments(words: readonly string[], notice: (message: string) => void): ExtraArguments {
  const left: string[] = [];
  let fuzzy = false;
  let dryRun = false;
  let deleteExcluded = false;
  let maxDelete: GivenOptions['maxDelete'];
  for (let at = 0; at < words.length; at++) {
    const first = words[at] ?? '';
    const word = VALUE_FOLLOWS.test(first) && at + 1 < words.length ? `${first}=${words[++at] ?? ''}` : first;
    const [, why] = WITHOUT_EFFECT.find(([option]) => option.test(word)) ?? [];
    const [, most] = /^--max-delete=(\d+)$/.exec(word) ?? [];
    if (why !== undefined) notice(`rsync._extra: ${word} has no effect: ${why}`);
    else if (most !== undefined) maxDelete = Number(most);
    else if (word === '--fuzzy') fuzzy = true;
    else if (word === '--dry-run') dryRun = true;
    else if (word === '--delete-excluded') deleteExcluded = true;
    else if (/^-[^-]/.test(word)) left.push(...letters(word));
    else left.push(word);
  }
  return { left, fuzzy, dryRun, deleteExcluded, maxDelete };

  /** Of a bundle of letters what is left for rsync; behind one that takes a value is that value. */
  function letters(bundle: string): string[] {
    const [, own = '', value = ''] = /^-([^efBMT@]*)(.*)$/s.exec(bundle) ?? [];
    let rest = '';
    for (const letter of own) {
      const why = LETTERS_WITHOUT_EFFECT[letter];
      if (why !== undefined) notice(`rsync._extra: -${letter} has no effect: ${why}`);
      else if (letter === 'y') fuzzy = true;
      else if (letter === 'n') dryRun = true;
      else rest += letter;
    }
    return rest + value === '' ? [] : [`-${rest}${value}`];
  }
}
