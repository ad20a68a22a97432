/** What counts where nothing is said; the command line has the same. Seconds, as in the configuration. */
export const DEFAULTS = {
  delay: 1,
  maxNames: 2_000,
  initial: true,
  once: false,
  dryRun: false,
  delete: 'yes',
  allowEmptySource: false,
  mkpath: false,
  maxProcesses: 1,
  timeout: 600,
  attributes: {
    links: true,
    perms: true,
    times: true,
    owner: true,
    group: true,
    devices: true,
    specials: true,
    hardLinks: false,
    acls: false,
    xattrs: false,
    numericIds: false,
  },
  rsync: { program: 'rsync' },
  ssh: {},
  hooks: { timeout: 30 },
  exitCodes: {},
  tunnel: {},
} as const;

/** What counts where there is a tunnel. */
export const TUNNEL_DEFAULTS = { mode: 'command', parallel: 1, readyDelay: 5, retryDelay: 10 } as const;

/** What `archive` stands for. */
export const ARCHIVE = ['links', 'perms', 'times', 'owner', 'group', 'devices', 'specials'] as const;

/** The longest wait of a steady stream of changes, in seconds, where the delay is not longer. */
export const DEFAULT_MAX_DELAY = 10;

export const DEFAULT_LOG = { level: 'info', format: 'pretty' } as const;

/** Seconds. */
export const DEFAULT_STATUS_INTERVAL = 10;
