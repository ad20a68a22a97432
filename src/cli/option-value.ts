import { InvalidArgumentError } from 'commander';
import { crontabProblem } from '../daemon/crontab-due.ts';
import type { DeleteLimit, HookCommand } from '../daemon/mirror-options.ts';
import { parseByteSize } from '../model/byte-size.ts';
import { MAX_SECONDS } from '../model/max-seconds.ts';

/** Seconds with decimals as whole milliseconds. Throws commander's InvalidArgumentError, which names option and value. */
export function secondsAsMs(text: string): number {
  const seconds = decimal(text);
  if (seconds === undefined || seconds > MAX_SECONDS) {
    throw new InvalidArgumentError(`It must be seconds from 0 to ${MAX_SECONDS}, as in 1 or 0.25.`);
  }
  return Math.round(seconds * 1000);
}

/** As {@link secondsAsMs}, but not 0. */
export function hookSeconds(text: string): number {
  const ms = secondsAsMs(text);
  if (ms > 0) return ms;
  throw new InvalidArgumentError('It must be more than 0 seconds.');
}

/** A parser of whole numbers from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** `500` (names) or `20%` (of the names on the target). */
export function deleteLimit(text: string): DeleteLimit {
  const [, digits = '', percent = ''] = /^(\d{1,9})(%?)$/.exec(text) ?? [];
  const max = digits === '' ? NaN : Number(digits);
  if (percent === '' && max >= 0) return { unit: 'names', max };
  if (max >= 0 && max <= 100) return { unit: 'percent', max };
  throw new InvalidArgumentError('It must be a number of names as in 500, or a percentage as in 20%.');
}

/** A program by its path or name, the whole text, or a JSON array of a program and its arguments. No shell reads it. */
export function hookCommand(text: string): HookCommand {
  const [program = '', ...words] = text.trimStart().startsWith('[') ? jsonWords(text) : [text];
  if (program === '' || [program, ...words].some((word) => word.includes('\0'))) throw wrongCommand();
  return { program, arguments: words };
}

function jsonWords(text: string): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrongCommand();
  }
  if (Array.isArray(value) && value.every((word) => typeof word === 'string')) return value;
  throw wrongCommand();
}

function wrongCommand(): InvalidArgumentError {
  return new InvalidArgumentError(
    `It must be a program, or a JSON array as in '["sh", "-c", "date >> log"]'.`,
  );
}

/** A time of cron, put behind those before it. */
export function crontabTime(text: string, before: readonly string[] = []): readonly string[] {
  const allowed = crontabProblem(text);
  if (allowed === undefined) return [...before, text];
  throw new InvalidArgumentError(`It must be ${allowed}.`);
}

/** rsync's notation for a rate: a number, and K, M, G or T behind it if it is not KiB. */
export function bandwidth(text: string): string {
  if (/^\d+(\.\d+)?([kmgt](i?b)?)?$/i.test(text)) return text;
  throw new InvalidArgumentError('It must be a rate as in 500 (KiB a second), 1.5M or 2G.');
}

/** A number of bytes, at least 1, with K, M, G or T of 1024 behind it. */
export function size(text: string): number {
  const bytes = parseByteSize(text);
  if (bytes !== undefined) return bytes;
  throw new InvalidArgumentError('It must be a size as in 500K, 64M or 2G.');
}

function decimal(text: string): number | undefined {
  return /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : undefined;
}
