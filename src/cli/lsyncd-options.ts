import type { LsyncdRequest, LsyncdSettings, LsyncdSync } from '../daemon/lsyncd/lsyncd-request.ts';
import { withLogWord } from '../daemon/lsyncd/log-categories.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { MAX_SECONDS } from '../model/max-seconds.ts';
import { splitQuoted } from '../model/split-quoted.ts';

/** A request while it is read. */
export type LsyncdDraft = { -readonly [K in keyof LsyncdRequest]: LsyncdRequest[K] };

/** One of Lsyncd's options: it takes as many words as `words` names, whatever they look like. */
export interface LsyncdOption {
  readonly words: readonly string[];
  readonly about: string;
  /** Changes the draft; `given` has the length of `words`. Throws a SynclineError (USAGE). */
  readonly read: (draft: LsyncdDraft, ...given: string[]) => void;
}

/** By their names without hyphens, in the order of the help. */
export const LSYNCD_OPTIONS: Readonly<Record<string, LsyncdOption>> = {
  rsync: {
    words: ['SOURCE', 'TARGET'],
    about: 'keep TARGET equal to SOURCE by rsync',
    read: (draft, source = '', target = '') => {
      add(draft, { kind: 'rsync', source, target });
    },
  },
  rsyncssh: {
    words: ['SOURCE', 'HOST', 'TARGETDIR'],
    about: 'the same on HOST by rsync over ssh; what is moved is moved there',
    read: (draft, source = '', host = '', directory = '') => {
      add(draft, { kind: 'rsyncssh', source, host, directory });
    },
  },
  direct: {
    words: ['SOURCE', 'TARGETDIR'],
    about: 'the same in a directory of this machine without rsync',
    read: (draft, source = '', target = '') => {
      add(draft, { kind: 'direct', source, target });
    },
  },
  delay: {
    words: ['SECS'],
    about: 'deliver so many seconds after the first change, for all syncs',
    read: (draft, text = '') => {
      draft.delay = seconds(text);
    },
  },
  insist: {
    words: [],
    about: 'with -onepass: try again until all is delivered; else always so',
    read: (draft) => {
      set(draft, { insist: true });
    },
  },
  log: {
    words: ['all|scarce|Category'],
    about: 'write everything, only warnings and errors, or a category too; repeatable',
    read: (draft, word = '') => {
      const choice = withLogWord(draft.log, word);
      if (choice === undefined)
        throw usage(`-log ${word}: a category begins with a capital letter, as in -log Exec`);
      draft.log = choice;
    },
  },
  logfile: {
    words: ['FILE'],
    about: 'append the log to FILE',
    read: (draft, logfile = '') => {
      set(draft, { logfile });
    },
  },
  nodaemon: {
    words: [],
    about: 'stay in the foreground, log to standard output',
    read: (draft) => {
      set(draft, { nodaemon: true });
    },
  },
  onepass: {
    words: [],
    about: 'end when all first syncs are done',
    read: (draft) => {
      set(draft, { onepass: true });
    },
  },
  pidfile: {
    words: ['FILE'],
    about: 'write the process id to FILE, which no second one may have',
    read: (draft, pidfile = '') => {
      set(draft, { pidfile });
    },
  },
  script: {
    words: ['FILE'],
    about: 'run the Lua FILE before CONFIG-FILE; repeatable',
    read: (draft, script = '') => {
      draft.scripts = [...draft.scripts, script];
    },
  },
  sshopts: {
    words: ['STRING'],
    about: 'further arguments of ssh for -rsyncssh, split at spaces outside of quotes',
    read: (draft, text = '') => {
      draft.sshArguments = [...draft.sshArguments, ...splitQuoted(text)];
    },
  },
};

function add(draft: LsyncdDraft, sync: LsyncdSync): void {
  for (const [name, value] of Object.entries<string>(sync))
    if (value === '') throw usage(`-${sync.kind}: the ${name} is empty`);
  draft.syncs = [...draft.syncs, sync];
}

function set(draft: LsyncdDraft, settings: LsyncdSettings): void {
  draft.settings = { ...draft.settings, ...settings };
}

function seconds(text: string): number {
  const value = /^\d+(\.\d*)?$|^\.\d+$/.test(text) ? Number(text) : NaN;
  if (!(value <= MAX_SECONDS))
    throw usage(`-delay ${text}: found no number of seconds from 0 to ${MAX_SECONDS}`);
  return value;
}

function usage(message: string): SynclineError {
  return new SynclineError('USAGE', message);
}
