import { encodeEventBatch, HINT, type EventBatch, type WatchEvent } from './event-batch.ts';
import { baseName, parentPath, joinPath, type PathBytes } from './path-bytes.ts';

const MADE_OR_GONE = HINT.created | HINT.modified | HINT.deleted;

/**
 * The same names without what happened to them, in any order beside records that tell it already: nothing is born, gone
 * or moved, but all may differ, whatever size and time say. What a scan found and barriers are left out.
 */
export function inDoubt(batch: EventBatch): EventBatch {
  return encodeEventBatch([...batch.events()].flatMap(doubts));
}

/** The records about the root alone. */
export function rootRecords(batch: EventBatch): EventBatch {
  return encodeEventBatch([...batch.events()].filter(({ kind }) => kind === 'root'));
}

function doubts(event: WatchEvent): readonly WatchEvent[] {
  switch (event.kind) {
    case 'changed':
      if ((event.hints & MADE_OR_GONE) === 0) return [event];
      return [inDoubtAt(joinPath(event.directory, event.name), (event.hints & HINT.isDirectory) !== 0)];
    case 'moved':
      return [
        inDoubtAt(joinPath(event.fromDirectory, event.fromName), event.isDirectory),
        inDoubtAt(joinPath(event.toDirectory, event.toName), event.isDirectory),
      ];
    case 'rescan':
    case 'root':
      return [event];
    case 'coverage':
    case 'barrier':
      return [];
  }
}

function inDoubtAt(path: PathBytes, isDirectory: boolean): WatchEvent {
  const hints = HINT.modified | HINT.closed | (isDirectory ? HINT.isDirectory : 0);
  return { kind: 'changed', directory: parentPath(path), name: baseName(path), hints };
}
