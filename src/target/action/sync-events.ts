import { exactText, pathFromExactText } from '../../model/exact-text.ts';
import { baseName, pathFromText } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import type { EventNames, SpawnWords, SyncEvent, SyncEventList } from '../../model/user-action.ts';
import { variableValue } from '../command/command-event.ts';
import type { CommandPlaces, CommandVariable } from '../command/command-event.ts';
import type { ActionEvent, ActionEventList, ActionHost, Agent } from './action-script.ts';

/** Shows events of an inlet to functions of the user's, each always as the same object. */
export class SyncEvents {
  readonly #places: CommandPlaces;
  readonly #host: ActionHost;
  readonly #shown = new WeakMap<ActionEvent | ActionEventList, SyncEvent | SyncEventList>();

  constructor(places: CommandPlaces, host: ActionHost) {
    this.#places = places;
    this.#host = host;
  }

  event(event: ActionEvent): SyncEvent {
    let shown = this.#shown.get(event);
    if (shown?.isList !== false) {
      shown = new ShownEvent(event, this.#places, this.#host);
      this.#shown.set(event, shown);
    }
    return shown;
  }

  list(list: ActionEventList): SyncEventList {
    let shown = this.#shown.get(list);
    if (shown?.isList !== true) {
      const events = list.events.map((event) => this.event(event));
      shown = new ShownList(list, events, this.#host);
      this.#shown.set(list, shown);
    }
    return shown;
  }

  agent(agent: Agent): SyncEvent | SyncEventList {
    return agent.isList ? this.list(agent) : this.event(agent);
  }

  /** Throws an Error for what is none of these. */
  real(event: SyncEvent): ActionEvent {
    const real = ShownEvent.real(event);
    if (real === undefined || this.#shown.get(real) !== event)
      throw new TypeError('this is no event of this inlet');
    return real;
  }
}

/** The names of one place, looked up when they are asked for. */
class ShownNames implements EventNames {
  readonly #valueOf: (variable: CommandVariable) => PathBytes;

  constructor(path: PathBytes, isDirectory: boolean, places: CommandPlaces) {
    const event = { kind: 'modify', path, isDirectory } as const;
    this.#valueOf = (variable) => variableValue(variable, event, places);
  }

  get path(): string {
    return this.valueOf('path');
  }

  get pathname(): string {
    return this.valueOf('pathname');
  }

  get pathdir(): string {
    return this.valueOf('pathdir');
  }

  get sourcePath(): string {
    return this.valueOf('sourcePath');
  }

  get sourcePathname(): string {
    return this.valueOf('sourcePathname');
  }

  get sourcePathdir(): string {
    return this.valueOf('sourcePathdir');
  }

  get targetPath(): string {
    return this.valueOf('targetPath');
  }

  get targetPathname(): string {
    return this.valueOf('targetPathname');
  }

  get targetPathdir(): string {
    return this.valueOf('targetPathdir');
  }

  protected valueOf(variable: CommandVariable): string {
    return exactText(this.#valueOf(variable));
  }
}

class ShownEvent extends ShownNames implements SyncEvent {
  readonly isList = false;
  readonly etype: ActionEvent['etype'];
  readonly isDirectory: boolean;
  readonly name: string;
  readonly origin: EventNames | undefined;
  readonly #event: ActionEvent;
  readonly #host: ActionHost;

  constructor(event: ActionEvent, places: CommandPlaces, host: ActionHost) {
    super(event.to ?? event.path, event.isDirectory, places);
    this.#event = event;
    this.#host = host;
    this.etype = event.etype;
    this.isDirectory = event.isDirectory;
    this.name = exactText(baseName(event.to ?? event.path));
    this.origin = event.to === undefined ? undefined : new ShownNames(event.path, event.isDirectory, places);
  }

  /** What is shown by it; undefined for what is none of these. */
  static real(event: SyncEvent): ActionEvent | undefined {
    return event instanceof ShownEvent ? event.#event : undefined;
  }

  get status(): ActionEvent['status'] {
    return this.#event.status;
  }

  get source(): string {
    return this.valueOf('source');
  }

  get target(): string {
    return this.valueOf('target');
  }

  spawn(...words: SpawnWords): void {
    this.#host.spawn(this.#event, bytesOf(words));
  }

  spawnWithInput(input: string, ...words: SpawnWords): void {
    this.#host.spawn(this.#event, bytesOf(words), pathFromExactText(input));
  }

  spawnShell(text: string, ...parameters: readonly string[]): void {
    this.#host.spawn(this.#event, shellWords(text, parameters));
  }

  log(category: string, message: string): void {
    this.#host.log(category, message);
  }

  terminate(exitCode: number): void {
    this.#host.terminate(exitCode);
  }
}

class ShownList implements SyncEventList {
  readonly isList = true;
  readonly events: readonly SyncEvent[];
  readonly #list: ActionEventList;
  readonly #host: ActionHost;

  constructor(list: ActionEventList, events: readonly SyncEvent[], host: ActionHost) {
    this.#list = list;
    this.events = events;
    this.#host = host;
  }

  get size(): number {
    return this.events.length;
  }

  spawn(...words: SpawnWords): void {
    this.#host.spawn(this.#list, bytesOf(words));
  }

  spawnWithInput(input: string, ...words: SpawnWords): void {
    this.#host.spawn(this.#list, bytesOf(words), pathFromExactText(input));
  }

  spawnShell(text: string, ...parameters: readonly string[]): void {
    this.#host.spawn(this.#list, shellWords(text, parameters));
  }

  log(category: string, message: string): void {
    this.#host.log(category, message);
  }

  terminate(exitCode: number): void {
    this.#host.terminate(exitCode);
  }
}

function bytesOf(words: SpawnWords): readonly PathBytes[] {
  return words
    .flat()
    .filter((word) => word !== undefined)
    .map((word) => {
      if (typeof word !== 'string')
        throw new TypeError(`spawn: found ${typeof word} among the arguments; allowed: text`);
      return pathFromExactText(word);
    });
}

function shellWords(text: string, parameters: readonly string[]): readonly PathBytes[] {
  return [...['sh', '-c', text, 'sh'].map(pathFromText), ...bytesOf(['', ...parameters]).slice(1)];
}
