import { InvalidArgumentError } from 'commander';

/** Timers of Node take at most 2^31 - 1 ms; a day is plenty below it. */
const MAX_SECONDS = 86_400;

/** Seconds with decimals as whole milliseconds. Throws commander's InvalidArgumentError, which names option and value. */
export function secondsAsMs(text: string): number {
  const seconds = decimal(text);
  if (seconds === undefined || seconds > MAX_SECONDS) {
    throw new InvalidArgumentError(`It must be seconds from 0 to ${MAX_SECONDS}, as in 1 or 0.25.`);
  }
  return Math.round(seconds * 1000);
}

/** A parser of whole numbers from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** rsync's notation for a rate: a number, and K, M, G or T behind it if it is not KiB. */
export function bandwidth(text: string): string {
  if (/^\d+(\.\d+)?([kmgt](i?b)?)?$/i.test(text)) return text;
  throw new InvalidArgumentError('It must be a rate as in 500 (KiB a second), 1.5M or 2G.');
}

function decimal(text: string): number | undefined {
  return /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : undefined;
}
