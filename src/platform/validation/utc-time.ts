const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/i;

/**
 * The instant in a text, truncated to milliseconds; undefined if there is none, such as the 31st of February, and for
 * instants outside the years 0000 to 9999 in UTC and leap seconds, which a Date cannot hold.
 */
export function timeOf(text: string): Date | undefined {
  const [, written, decimals = '', sign, hours = '0', minutes = '0'] = RFC_3339.exec(text) ?? [];
  if (written === undefined) return undefined;
  const local = Date.parse(`${written}.${decimals.slice(0, 3).padEnd(3, '0')}Z`.toUpperCase());
  // Date.parse turns the 31st of February and 24:00 into another day.
  if (Number.isNaN(local) || !new Date(local).toISOString().startsWith(written.toUpperCase()))
    return undefined;
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000;
  const time = new Date(sign === '-' ? local + offset : local - offset);
  return /^\d{4}-/.test(time.toISOString()) ? time : undefined;
}

const DAY = /^\d{4}-\d\d-\d\d$/;

/** Whether a text is a day that exists, such as `2026-01-31`. */
export function isDay(text: string): boolean {
  return DAY.test(text) && timeOf(`${text}T00:00:00Z`) !== undefined;
}
