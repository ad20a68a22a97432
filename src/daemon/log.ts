import pc from 'picocolors';
import type { ProgramIo, TextOutput } from './program-io.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export type LogFormat = 'pretty' | 'json';

/**
 * What a line of the level `debug` is about: a command that is run, a batch and the state of a mirror, a single name, the
 * watch, the status file, a tunnel.
 */
export type LogTopic = 'command' | 'batch' | 'name' | 'watch' | 'status' | 'tunnel' | 'other';

/** Names and values beside the message. A path goes in through `displayPath`: no raw bytes, no line breaks. */
export type LogFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/**
 * The program's log: one line a call, in order, on the main thread.
 *
 * `json`: one object a line: `time` (ISO 8601, UTC, milliseconds), `level` (error, warn, info, debug), `msg`, then the
 * fields under their names. `pretty`: local time, level, message, fields as `name=value`; a message with line breaks
 * is indented below its first line.
 */
export interface Log {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  /** `topic` is `other` if not given. */
  debug(message: string, fields?: LogFields, topic?: LogTopic): void;
  /** True when `level`, and of `debug` this topic, is written: ask before work that only a log line needs. */
  enabled(level: LogLevel, topic?: LogTopic): boolean;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
}

const severity: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };

/** A log that writes to `output`. `options` are looked at for every line; `now` is the clock of its times. */
export function createLog(
  output: TextOutput,
  options: LogOptions,
  colours: boolean,
  now: () => Date = () => new Date(),
): Log {
  const enabled = (level: LogLevel): boolean => severity[level] <= severity[options.level];
  const writers = { json: jsonWriter(output, now), pretty: prettyWriter(output, colours, now) };
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (enabled(level)) writers[options.format](level, message, fields);
    };
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug'), enabled };
}

/** The same log with these fields, which are asked for then, behind those of every line. */
export function withFields(log: Log, fields: () => LogFields): Log {
  const at =
    (level: LogLevel) =>
    (message: string, own: LogFields = {}, topic?: LogTopic): void => {
      log[level](message, { ...own, ...fields() }, topic);
    };
  const enabled = (level: LogLevel, topic?: LogTopic): boolean => log.enabled(level, topic);
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug'), enabled };
}

/** True when `output` is a terminal that shows colours, or FORCE_COLOR asks for them; NO_COLOR wins over both. */
export function wantsColours(output: TextOutput, environment: ProgramIo['environment']): boolean {
  if ((environment.NO_COLOR ?? '') !== '') return false;
  if ((environment.FORCE_COLOR ?? '0') !== '0') return true;
  return output.isTTY === true && environment.TERM !== 'dumb';
}

type Writer = (level: LogLevel, message: string, fields: LogFields) => void;

function jsonWriter(output: TextOutput, now: () => Date): Writer {
  return (level, message, fields) => {
    output.write(`${JSON.stringify({ level, time: now().toISOString(), ...fields, msg: message })}\n`);
  };
}

function prettyWriter(output: TextOutput, colours: boolean, now: () => Date): Writer {
  const paint = pc.createColors(colours);
  const shown: Readonly<Record<LogLevel, string>> = {
    error: paint.red('error'),
    warn: paint.yellow('warn '),
    info: paint.green('info '),
    debug: paint.dim('debug'),
  };
  return (level, message, fields) => {
    const extras = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => paint.dim(`${name}=${prettyValue(value)}`));
    const text = withoutControls(message).replaceAll('\n', '\n                   ');
    output.write(`${paint.dim(clock(now()))} ${shown[level]} ${[text, ...extras].join(' ')}\n`);
  };
}

/** Text of other programs (what rsync said) must not steer the terminal: control characters but the line break as `\\xHH`. */
export function withoutControls(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** Bare where that can be read back without doubt, else as JSON. */
export function prettyValue(value: LogFields[string]): string {
  if (typeof value === 'string') return /^[^\s"=\p{Cc}]+$/u.test(value) ? value : JSON.stringify(value);
  return typeof value === 'object' ? value.map(prettyValue).join(' ') : String(value);
}

/** Local time of day with milliseconds: `14:03:59.042`. */
function clock(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const milliseconds = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${milliseconds}`;
}
