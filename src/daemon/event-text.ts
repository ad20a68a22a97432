import { getSystemErrorName } from 'node:util';
import type { Colors } from 'picocolors/types.js';
import { HINT, type WatchEvent } from '../model/event-batch.ts';
import { displayPath, joinPath, type PathBytes } from '../model/path-bytes.ts';
import { jsonPath } from './json-path.ts';

/** The names of the hints that are set, in the order of a name's life. */
export function hintNames(hints: number): string[] {
  const names: (readonly [number, string])[] = [
    [HINT.listed, 'listed'],
    [HINT.created, 'created'],
    [HINT.modified, 'modified'],
    [HINT.closed, 'closed'],
    [HINT.attrib, 'attrib'],
    [HINT.deleted, 'deleted'],
    [HINT.isDirectory, 'directory'],
  ];
  return names.filter(([bit]) => (hints & bit) !== 0).map(([, name]) => name);
}

/** An event as one JSON object without a line break, paths by {@link jsonPath}. Undefined for a barrier. */
export function eventJson(event: WatchEvent, time: Date): string | undefined {
  if (event.kind === 'barrier') return undefined;
  return JSON.stringify({ time: time.toISOString(), kind: event.kind, ...jsonFields(event) });
}

function jsonFields(event: Exclude<WatchEvent, { kind: 'barrier' }>): Record<string, unknown> {
  switch (event.kind) {
    case 'changed':
      return { ...jsonPath('path', joinPath(event.directory, event.name)), hints: hintNames(event.hints) };
    case 'moved':
      return {
        ...jsonPath('from', joinPath(event.fromDirectory, event.fromName)),
        ...jsonPath('to', joinPath(event.toDirectory, event.toName)),
        directory: event.isDirectory,
      };
    case 'rescan':
      return { ...jsonPath('path', event.directory), reason: event.reason };
    case 'coverage': {
      const { state, reason, watched, missing, errno } = event;
      return { ...jsonPath('path', event.directory), state, reason, watched, missing, errno };
    }
    case 'root':
      return { state: event.state, errno: event.errno };
  }
}

/** An event as one line for people, without time and line break. Undefined for a barrier. */
export function eventLine(event: WatchEvent, paint: Colors): string | undefined {
  switch (event.kind) {
    case 'changed': {
      const path = displayPath(joinPath(event.directory, event.name));
      return `${paint.cyan('changed ')} ${path} ${paint.dim(`[${hintNames(event.hints).join(' ')}]`)}`;
    }
    case 'moved': {
      const from = displayPath(joinPath(event.fromDirectory, event.fromName));
      const to = displayPath(joinPath(event.toDirectory, event.toName));
      return `${paint.magenta('moved   ')} ${from} -> ${to}${event.isDirectory ? paint.dim(' [directory]') : ''}`;
    }
    case 'rescan':
      return `${paint.yellow('rescan  ')} ${place(event.directory)} ${paint.dim(`[${event.reason}]`)}`;
    case 'coverage': {
      const missing = event.missing === 0 ? '' : `, ${event.missing} not watched`;
      const counts = `${event.watched} directories watched${missing}`;
      const why = `${event.reason}${errnoText(event.errno)}`;
      return `${paint.blue('coverage')} ${place(event.directory)} ${event.state}: ${counts} ${paint.dim(`[${why}]`)}`;
    }
    case 'root':
      return `${paint.red('root    ')} ${event.state}${errnoText(event.errno)}`;
    case 'barrier':
      return undefined;
  }
}

/** The root has an empty path; people read a dot. */
function place(directory: PathBytes): string {
  return directory === '' ? '.' : displayPath(directory);
}

function errnoText(errno: number): string {
  return errno === 0 ? '' : `, ${getSystemErrorName(-errno)}`;
}
