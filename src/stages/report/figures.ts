/** How numbers and times are written. */

/** A score, a rate or a count, as short as it can be read. */
export function figure(value: number | null): string {
  if (value === null) return '';
  if (Number.isInteger(value)) return whole(value);
  return Math.abs(value) >= 1000 ? whole(Math.round(value)) : value.toFixed(3);
}

export function whole(count: number): string {
  return count.toLocaleString('en-US');
}

export function counted(count: number, noun: string): string {
  return `${whole(count)} ${noun}${count === 1 ? '' : 's'}`;
}

export function time(iso: string): string {
  return iso.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC');
}
