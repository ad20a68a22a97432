import { HINT } from '../../model/event-batch.ts';
import { displayPath } from '../../model/path-bytes.ts';
import type { BookedName } from '../../pipeline/mirror.ts';
import type { TunnelProcessStatus, TunnelStatus } from '../../target/tunnel/tunnel.ts';
import { ctime } from '../ctime.ts';
import type { FilterOption } from '../mirror-options.ts';
import type { RunStatus, TargetStatus } from '../status-board.ts';

/** A status as Lsyncd writes it, but that what is watched is a number, not a list. Tunnels follow the syncs. */
export function lsyncdStatus({ at, directories, targets, tunnels }: RunStatus): string {
  const syncs = targets.map((target, index) => syncText(target, index + 1));
  return `Lsyncd status report at ${ctime(at)}\n\n${syncs.join('\n')}\n${tunnels.map(tunnelText).join('')}Inotify watching ${directories} directories\n`;
}

function syncText(target: TargetStatus, number: number): string {
  const { source, pending, inFlight, quarantined, names, rules, state, message } = target;
  const count = pending + inFlight + quarantined;
  const more = count > names.length ? [`...    and ${count - names.length} more`] : [];
  const lines = [
    `Sync${number} source=${source.replace(/\/?$/, '/')}`,
    ...(message === undefined ? [] : [`${state}: ${message}`]),
    `There are ${count} delays`,
    ...names.map(nameText),
    ...more,
    'Filtering:',
    ...(rules.length === 0 ? ['  nothing.'] : rules.map(ruleText)),
  ];
  return `${lines.join('\n')}\n\n`;
}

function tunnelText(tunnel: TunnelStatus): string {
  const processes = tunnel.processes.map(({ state, port, message }, index) => {
    const where = port === undefined ? '' : ` port=${port}`;
    return `  ${index + 1}: ${state}${where}${message === undefined ? '' : ` (${message})`}\n`;
  });
  return `Tunnel: name=${tunnel.name} status=${tunnelState(tunnel)}\n${processes.join('')}\n`;
}

/** By Lsyncd's names; down is one that nobody has asked for yet, or that waits for another one's port. */
function tunnelState({ isStarted, processes }: TunnelStatus): string {
  const has = (wanted: TunnelProcessStatus['state']): boolean =>
    processes.some(({ state }) => state === wanted);
  if (!isStarted) return 'DOWN';
  if (has('up')) return has('down') ? 'UP_RETRY_TIMEOUT' : 'UP';
  return has('connecting') ? 'CONNECTING' : 'RETRY_TIMEOUT';
}

function nameText({ state, path, to, hints, isCompared }: BookedName): string {
  const status = (state === 'active' ? 'active' : 'wait').padEnd(6);
  const slash = (hints & HINT.isDirectory) !== 0 && path !== '' ? '/' : '';
  const shown = `/${displayPath(path)}${slash}`;
  if (to !== undefined) return `${status} Move ${shown} -> /${displayPath(to)}${slash}`;
  return `${status} ${isCompared ? 'Full' : eventType(hints)} ${shown}`;
}

function eventType(hints: number): string {
  if ((hints & HINT.deleted) !== 0) return 'Delete';
  if ((hints & HINT.created) !== 0) return 'Create';
  return (hints & HINT.attrib) !== 0 && (hints & HINT.modified) === 0 ? 'Attrib' : 'Modify';
}

function ruleText({ kind, value }: FilterOption): string {
  switch (kind) {
    case 'filter':
      return value;
    case 'include':
      return `+ ${value}`;
    case 'exclude':
      return `- ${value}`;
    case 'include-from':
    case 'exclude-from':
      return `${kind} ${value}`;
  }
}
