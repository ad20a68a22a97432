import type { Log } from './log.ts';
import type { Screen } from './screen.ts';

/** How far a long piece of work is. `startedMs` and every `nowMs` are of one monotonic clock. */
export interface ProgressState {
  /** What is being done, for the start of the line: `scanning`, `first sync`. */
  readonly label: string;
  readonly startedMs: number;
  /** What is counted: `directories`, `entries`. */
  readonly unit: string;
  readonly done: number;
  /** Undefined while it is not known: no bar and no remaining time then. */
  readonly total?: number | undefined;
  /** Bytes moved so far, where bytes move. */
  readonly bytes?: number | undefined;
}

/** Shows one piece of work after the other: a bar on a terminal, else a log line now and then. */
export interface Progress {
  /** Cheap: may be called for every event, draws when it is time. */
  update(state: ProgressState): void;
  /** The work is through: takes the bar away. The next `update` starts anew. */
  end(): void;
}

const BAR_INTERVAL_MS = 100;
const LINE_INTERVAL_MS = 5_000;

export function createProgress(
  screen: Screen,
  log: Log,
  nowMs: () => number = () => performance.now(),
): Progress {
  let drawnMs: number | undefined;
  return {
    update(state) {
      const now = nowMs();
      const columns = screen.barColumns();
      // Short work needs no line: the first one comes after an interval, the first bar at once.
      drawnMs ??= columns === undefined ? now : -Infinity;
      if (now - drawnMs < (columns === undefined ? LINE_INTERVAL_MS : BAR_INTERVAL_MS)) return;
      drawnMs = now;
      if (columns === undefined) log.info(renderProgress(state, now, Infinity));
      else screen.drawBar(renderProgress(state, now, columns));
    },
    end() {
      drawnMs = undefined;
      screen.clearBar();
    },
  };
}

const BAR_CELLS = 24;

/**
 * One line of at most `columns` characters, all ASCII: label, bar and percentage (if the total is known), counts, rate,
 * bytes, and time remaining or, without a total, time spent. What does not fit is left out from the end, the bar first.
 */
export function renderProgress(state: ProgressState, nowMs: number, columns: number): string {
  const elapsedSeconds = Math.max(0, (nowMs - state.startedMs) / 1000);
  const rate = elapsedSeconds > 0 ? state.done / elapsedSeconds : 0;
  // A total that grows while it is counted can lie behind for a moment.
  const total = state.total === undefined ? undefined : Math.max(state.total, state.done);
  const fraction = total === undefined ? undefined : total === 0 ? 1 : state.done / total;
  const parts = [
    total === undefined
      ? `${count(state.done)} ${state.unit}`
      : `${count(state.done)} of ${count(total)} ${state.unit}`,
    `${count(rate)}/s`,
    ...(state.bytes === undefined ? [] : [bytesText(state.bytes)]),
    total === undefined || rate === 0
      ? duration(elapsedSeconds)
      : `${duration((total - state.done) / rate)} left`,
  ];
  const percentage = fraction === undefined ? '' : `${Math.floor(fraction * 100)}%`;
  const bar = fraction === undefined || columns === Infinity ? '' : barText(fraction);
  for (const head of [`${state.label} ${bar} ${percentage}`, `${state.label} ${percentage}`]) {
    const line = [head.replaceAll(/ +/g, ' ').trim(), ...parts].join('  ');
    if (line.length <= columns) return line;
  }
  let line = [state.label, percentage].filter((part) => part !== '').join(' ');
  for (const part of parts) {
    if (line.length + 2 + part.length > columns) break;
    line += `  ${part}`;
  }
  return line.slice(0, columns);
}

function barText(fraction: number): string {
  const full = Math.floor(fraction * BAR_CELLS);
  return `[${'#'.repeat(full)}${'-'.repeat(BAR_CELLS - full)}]`;
}

/** `1,234,567`. */
function count(value: number): string {
  return Math.floor(value).toLocaleString('en-US');
}

/** Bytes with a decimal unit: `999 B`, `1.5 MB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  // From 999.95 on, one decimal rounds up to 1000.0.
  for (; value >= 999.95 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** `0:07`, `12:34`, `1:02:03`. */
function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const clock = `${hours > 0 ? two(minutes) : minutes}:${two(whole % 60)}`;
  return hours > 0 ? `${hours}:${clock}` : clock;
}
