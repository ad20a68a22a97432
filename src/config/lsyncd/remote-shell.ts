import type { GivenOptions } from '../schema.ts';
import { splitQuoted } from '../../model/split-quoted.ts';

type Ssh = NonNullable<GivenOptions['ssh']>;

/** Letters of ssh whose value may stand behind them or in the next word. */
const WITH_VALUE = /^-([BbcDEeFIiJLlmOopQRSWw])(.*)$/s;

/**
 * What a command line for a remote shell, as rsync takes it in `--rsh`, is in options of ours; of what is said twice the
 * first counts, as in ssh. What is no option of ssh (a word by itself) is told to `refuse`.
 */
export function sshOfRsh(rsh: string, refuse: (message: string) => void): Ssh {
  const [program, ...words] = splitQuoted(rsh);
  const ssh: { program?: string; port?: number; identity?: string } = {};
  if (program !== undefined && program !== 'ssh') ssh.program = program;
  const options: Record<string, string> = {};
  const extra: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, letter, attached] = WITH_VALUE.exec(word) ?? [];
    if (letter === undefined) {
      if (word.startsWith('-')) extra.push(word);
      else refuse(`found "${word}", which is no option of ssh`);
      continue;
    }
    const value = attached === '' ? words[++at] : attached;
    const [, name, said] = /^\s*(\w+)\s*[=\s]\s*(.*)$/s.exec(value ?? '') ?? [];
    if (value === undefined) refuse(`${word} has no value`);
    else if (letter === 'p' && ssh.port === undefined && /^\d+$/.test(value)) ssh.port = Number(value);
    else if (letter === 'i' && ssh.identity === undefined) ssh.identity = value;
    else if (letter === 'o' && name !== undefined && said !== undefined) options[name] ??= said;
    else extra.push(`-${letter}`, value);
  }
  return {
    ...ssh,
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...(extra.length === 0 ? {} : { extra }),
  };
}
