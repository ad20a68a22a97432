import { pathToBuffer } from '../../model/path-bytes.ts';
import type { CommandEvent } from './command-event.ts';

/** Small enough to be written while the next names are looked up, large enough to cost few writes. */
const CHUNK_BYTES = 64 * 1024;

/** Events as the standard input of a command, as {@link listedEvent} writes them. */
export class ListInput {
  readonly #events: AsyncGenerator<CommandEvent, void, void>;
  readonly #list: 'paths' | 'events';
  readonly #onWritten: (event: CommandEvent) => void;
  #trouble: { readonly error: unknown } | undefined;

  constructor(
    events: AsyncGenerator<CommandEvent, void, void>,
    list: 'paths' | 'events',
    onWritten: (event: CommandEvent) => void,
  ) {
    this.#events = events;
    this.#list = list;
    this.#onWritten = onWritten;
  }

  /** To be read once. What goes wrong ends it, and is thrown by {@link end}: who reads it cannot tell it from the end. */
  async *chunks(): AsyncGenerator<Buffer, void, void> {
    for (let chunk = await this.#chunk(); chunk.length > 0; chunk = await this.#chunk()) yield chunk;
  }

  async #chunk(): Promise<Buffer> {
    const events: Buffer[] = [];
    try {
      for (let bytes = 0; bytes < CHUNK_BYTES; bytes += events.at(-1)?.length ?? 0) {
        const next = await this.#events.next();
        if (next.done === true) break;
        this.#onWritten(next.value);
        events.push(listedEvent(next.value, this.#list));
      }
    } catch (error) {
      this.#trouble = { error };
    }
    return Buffer.concat(events);
  }

  /** Nobody reads on: nothing looks at the source for this list any more once it resolves. */
  async end(): Promise<void> {
    await this.#events.return();
    if (this.#trouble !== undefined) throw this.#trouble.error;
  }

  /** Goes through all events without a reader. */
  async drain(): Promise<void> {
    for await (const event of this.#events) this.#onWritten(event);
  }
}
/**
 * An event as the bytes that a command for batches reads, each field with a NUL behind it. Paths are relative to the source
 * root, which is `.`; that of a `rescan` ends in a slash.
 *
 * `paths`: the path; of a move the old one and the new one. For `xargs -0` and `rsync --from0 --files-from=-`.
 * `events`: the kind and the path; of a move the kind, the old path and the new one.
 */
export function listedEvent(event: CommandEvent, list: 'paths' | 'events'): Buffer {
  const path = event.path === '' ? '.' : event.path;
  const fields = [
    ...(list === 'events' ? [event.kind] : []),
    ...(event.from === undefined ? [] : [event.from]),
    event.kind === 'rescan' ? `${path}/` : path,
  ];
  return Buffer.concat(fields.map((field) => pathToBuffer(`${field}\0` as typeof event.path)));
}
