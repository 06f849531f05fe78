/**
 * Durations and sizes as text with a unit.
 *
 * @module
 */

const msPerUnit: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

const bytesPerUnit: ReadonlyMap<string, number> = new Map([
  ["B", 1],
  ["KB", 1_000],
  ["MB", 1_000_000],
  ["GB", 1_000_000_000],
  ["KiB", 1_024],
  ["MiB", 1_048_576],
  ["GiB", 1_073_741_824],
]);

/** What a duration looks like in JSON Schema, which cannot say its bounds. */
export const durationPattern = patternOf(msPerUnit);

/** What a size looks like in JSON Schema, which cannot say its bounds. */
export const sizePattern = patternOf(bytesPerUnit);

const quantity = /^(\d{1,15}(?:\.\d{1,6})?)\s?([A-Za-z]+)$/;

/**
 * Reads a duration such as `250ms`, `30s`, `5m`, `12h`, `90d` or `1.5s`.
 *
 * @returns whole milliseconds, or `NaN` when the text is not a duration
 */
export function durationMs(text: string): number {
  return read(text, msPerUnit);
}

/**
 * Reads a size: `64KiB`, `32MiB`, `1GiB` (powers of 1024), `64KB`, `1MB` (powers of 1000), `512B`.
 *
 * @returns whole bytes, or `NaN` when the text is not a size
 */
export function sizeBytes(text: string): number {
  return read(text, bytesPerUnit);
}

function patternOf(units: ReadonlyMap<string, number>): string {
  return `^\\d{1,15}(\\.\\d{1,6})?\\s?(${[...units.keys()].join("|")})$`;
}

function read(text: string, units: ReadonlyMap<string, number>): number {
  const [, amount, unit] = quantity.exec(text) ?? [];
  const factor = units.get(unit ?? "");
  if (amount === undefined || factor === undefined) return Number.NaN;
  const value = Number(amount) * factor;
  // A fraction is fine as long as it comes out even: `1.5s` is 1500 ms, `0.5ms` is nothing.
  const rounded = Math.round(value);
  return Math.abs(value - rounded) < 1e-6 && Number.isSafeInteger(rounded) ? rounded : Number.NaN;
}
