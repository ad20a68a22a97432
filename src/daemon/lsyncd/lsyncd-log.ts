import {
  type Log,
  type LogFields,
  type LogLevel,
  type LogTopic,
  prettyValue,
  withoutControls,
} from '../log.ts';
import { isWritten, type LogChoice, LSYNCD_CATEGORIES } from './log-categories.ts';

/** Takes one line of the log: its category, and the message without a line break. */
export type LogSink = (category: string, message: string) => void;

/** The program's log in Lsyncd's categories, to all sinks. */
export function createLsyncdLog(sinks: readonly LogSink[], choice: LogChoice): Log {
  const enabled = (level: LogLevel, topic: LogTopic = 'other'): boolean =>
    isWritten(choice, categoryOf(level, topic));
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}, topic: LogTopic = 'other'): void => {
      if (!enabled(level, topic)) return;
      const text = withoutControls(messageOf(message, fields)).replaceAll('\n', ' ');
      for (const sink of sinks) sink(categoryOf(level, topic), text);
    };
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug'), enabled };
}

function categoryOf(level: LogLevel, topic: LogTopic): string {
  return LSYNCD_CATEGORIES[level === 'debug' ? topic : level];
}

/** Lsyncd shows a command as its program and each argument in brackets. */
function messageOf(message: string, { command, input, remedy, ...others }: LogFields): string {
  const extras = Object.entries(others)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${prettyValue(value)}`);
  return [
    isList(command) ? commandText(command) : message,
    ...(isList(input) ? ['<-', ...input] : []),
    ...(remedy === undefined ? [] : [`(${String(remedy)})`]),
    ...extras,
  ].join(' ');
}

function isList(value: LogFields[string]): value is readonly string[] {
  return typeof value === 'object';
}

function commandText([program = '', ...words]: readonly string[]): string {
  return [program, ...words.map((word) => `[${word}]`)].join(' ');
}
