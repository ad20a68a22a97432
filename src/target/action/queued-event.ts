import type { PathBytes } from '../../model/path-bytes.ts';
import type { CommandEvent } from '../command/command-event.ts';
import type { CommandEventKind } from '../command/command-options.ts';
import type { ActionEvent, ActionEventStatus, ActionEventType } from './action-script.ts';

const TYPES: Readonly<Record<CommandEventKind, ActionEventType>> = {
  create: 'Create',
  modify: 'Modify',
  attrib: 'Attrib',
  delete: 'Delete',
  move: 'Move',
  rescan: 'Full',
  startup: 'Init',
};

/** An event from its making to its end; {@link EventQueue} keeps its status. */
export class QueuedEvent implements ActionEvent {
  readonly isList = false;
  readonly etype: ActionEventType;
  readonly isDirectory: boolean;
  readonly path: PathBytes;
  readonly to?: PathBytes;
  /** What is told by it; undefined for one that the script made. */
  readonly told: CommandEvent | undefined;
  status: ActionEventStatus = 'wait';
  /** Undone events that come before it, and those that it comes before. */
  readonly blockers = new Set<QueuedEvent>();
  readonly blocked: QueuedEvent[] = [];
  /** How often the script has asked for it again. */
  attempts = 0;

  private constructor(etype: ActionEventType, path: PathBytes, isDirectory: boolean, told?: CommandEvent) {
    this.etype = etype;
    this.isDirectory = isDirectory;
    this.told = told;
    if (told?.from === undefined) this.path = path;
    else {
      this.path = told.from;
      this.to = told.path;
    }
  }

  static telling(event: CommandEvent): QueuedEvent {
    return new QueuedEvent(TYPES[event.kind], event.path, event.isDirectory, event);
  }

  static blanket(): QueuedEvent {
    return new QueuedEvent('Blanket', '' as PathBytes, false);
  }

  static full(path: PathBytes): QueuedEvent {
    return new QueuedEvent('Full', path, true);
  }
}
