const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Local time as ctime(3) writes it, without its line break: `Sun Nov  2 02:37:38 2026`. */
export function ctime(date: Date): string {
  const day = String(date.getDate()).padStart(2, ' ');
  return `${DAYS[date.getDay()] ?? ''} ${MONTHS[date.getMonth()] ?? ''} ${day} ${timeOfDay(date)} ${date.getFullYear()}`;
}

/** Local time as syslog has it: `Nov  2 02:37:38`. */
export function syslogTime(date: Date): string {
  return `${MONTHS[date.getMonth()] ?? ''} ${String(date.getDate()).padStart(2, ' ')} ${timeOfDay(date)}`;
}

/** `02:37:38`. */
export function timeOfDay(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
