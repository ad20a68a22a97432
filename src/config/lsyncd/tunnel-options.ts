import type { GivenOptions } from '../schema.ts';
import type { TableFields } from './table-fields.ts';

type Tunnel = NonNullable<GivenOptions['tunnel']>;

/** What `tunnel{ }` of a sync is in options of ours; `notice` is told what of it has no effect. */
export function tunnelOptions(fields: TableFields, notice: (message: string) => void): Tunnel | undefined {
  if (fields.raw('tunnel') === undefined || fields.raw('tunnel') === false) return undefined;
  const tunnel = fields.table('tunnel');
  if (tunnel.raw('_is_tunnel') !== true) {
    fields.refuse('tunnel', 'allowed: tunnel{ command = ... }');
    return undefined;
  }
  const isPool = tunnel.text('mode') === 'pool';
  const command = tunnel.texts('command') ?? [];
  const parallel = tunnel.number('parallel');
  if (!isPool && parallel !== undefined && parallel > 1)
    notice("tunnel.parallel has no effect without mode = 'pool'");
  const options: Tunnel = {
    name: tunnel.text('name'),
    command: command.map((word) => withOurPlaces(word, tunnel)),
    mode: isPool ? 'pool' : undefined,
    parallel: isPool ? parallel : undefined,
    readyDelay: tunnel.number('readyDelay'),
    retryDelay: tunnel.number('retryDelay'),
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** The target of a sync; behind a tunnel it may name what that chooses. */
export function targetByTunnel(target: string, fields: TableFields): string {
  return fields.raw('tunnel') === undefined || fields.raw('tunnel') === false
    ? target
    : withOurPlaces(target, fields.table('tunnel'));
}

/** `^localport` and `${localport}` are `{localport}` here, and the name of this machine is put in at once. */
function withOurPlaces(text: string, tunnel: TableFields): string {
  return text
    .replaceAll(/\$\{localport\}|\^localport/g, '{localport}')
    .replaceAll(/\$\{localhost\}|\^localhost/g, () => tunnel.text('localhost') ?? 'localhost');
}
