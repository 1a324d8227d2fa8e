/** How e-mail addresses and user names are built from the names of their owners, and at how long domains. */
import type { DomainLength, ValueShape } from './artifact.ts';
import { asciiForm } from './ascii-form.ts';
import { normaliseWord } from './dictionaries.ts';
import { MIN_SUBJECTS } from './value-shape.ts';

const MAX_FORMS = 12;
const MAX_DOMAINS = 40;
/** Digits behind a name; more of them are a number, not an ending. */
const MAX_DIGITS = 4;

/** Names of a row, as far as its columns tell them. */
export interface RowNames {
  readonly first: string | null;
  readonly last: string | null;
}

/**
 * The forms that at least 5 subjects share, with their shares: `{first}.{last}99` (`{f}` and `{l}` are initials, `9` a
 * digit, the rest stands for itself). Where the row's names are unknown, they are read from the form itself.
 */
export function learnHandleForms(
  locals: readonly string[],
  names: readonly (RowNames | null)[],
  units: readonly number[],
): ValueShape[] {
  const forms = locals.map((local, i) => formOf(local, names[i]));
  return shares(forms, units)
    .slice(0, MAX_FORMS)
    .map(([pattern, weight]) => ({ pattern, weight }));
}

/** Lengths of the domains, each kept for at least 5 subjects; never a domain itself. */
export function learnDomains(domains: readonly string[], units: readonly number[]): DomainLength[] {
  const folded = domains.map((domain) => domain.toLowerCase());
  const common = shares(folded, units).slice(0, MAX_DOMAINS);
  const shared = common.map(([domain, weight]) => ({ length: domain.length, weight, shared: true }));
  const isShared = new Set(common.map(([domain]) => domain));
  const rest = folded.flatMap((domain, i) => (isShared.has(domain) ? [] : [{ length: domain.length, unit: units[i] }]));
  if (new Set(rest.map(({ unit }) => unit)).size < MIN_SUBJECTS) return shared;
  const lengths = mergeRare(rest.toSorted((a, b) => a.length - b.length));
  return [...shared, ...lengths.map(({ length, count }) => ({ length, weight: count / folded.length, shared: false }))];
}

/** Values that at least 5 subjects share, with the share of all rows, the commonest first. */
function shares(values: readonly (string | null)[], units: readonly number[]): [string, number][] {
  const seen = new Map<string, { rows: number; units: Set<number> }>();
  values.forEach((value, i) => {
    if (value === null) return;
    const entry = seen.get(value) ?? { rows: 0, units: new Set<number>() };
    entry.rows++;
    entry.units.add(units[i]);
    seen.set(value, entry);
  });
  return [...seen]
    .filter(([, entry]) => entry.units.size >= MIN_SUBJECTS)
    .toSorted((a, b) => b[1].rows - a[1].rows || (a[0] < b[0] ? -1 : 1))
    .map(([value, entry]) => [value, entry.rows / values.length]);
}

/** Runs of neighbouring lengths with at least 5 subjects each, told by the run's middle. */
function mergeRare(sorted: readonly { readonly length: number; readonly unit: number }[]) {
  const runs: { length: number; count: number }[] = [];
  let run: { length: number; unit: number }[] = [];
  sorted.forEach((entry, i) => {
    run.push(entry);
    const isEnd = i === sorted.length - 1 || sorted[i + 1].length !== entry.length;
    if (!isEnd) return;
    if (new Set(run.map(({ unit }) => unit)).size >= MIN_SUBJECTS) {
      runs.push({ length: run[run.length >> 1].length, count: run.length });
      run = [];
    }
  });
  if (run.length > 0) runs[runs.length - 1] = { ...runs.at(-1)!, count: runs.at(-1)!.count + run.length };
  return runs;
}

const PAIRS = [
  ['{first}', '{last}'],
  ['{last}', '{first}'],
  ['{f}', '{last}'],
  ['{first}', '{l}'],
  ['{last}', '{f}'],
  ['{l}', '{first}'],
] as const;

function formOf(local: string, names: RowNames | null): string | null {
  const [, base, digits] = /^(.*?)(\d*)$/s.exec(normaliseWord(local))!;
  if (digits.length > MAX_DIGITS || base === '') return null;
  const form = (names === null ? null : namedForm(base, names)) ?? guessedForm(base, names === null);
  return form === null ? null : form + '9'.repeat(digits.length);
}

function namedForm(base: string, names: RowNames): string | null {
  const first = names.first === null ? null : asciiForm(names.first);
  const last = names.last === null ? null : asciiForm(names.last);
  const part: Readonly<Record<string, string | undefined>> = {
    '{first}': first ?? undefined,
    '{last}': last ?? undefined,
    '{f}': first?.[0],
    '{l}': last?.[0],
  };
  for (const [a, b] of PAIRS) {
    if (part[a] === undefined || part[b] === undefined) continue;
    for (const separator of ['.', '_', '-', '']) if (base === part[a] + separator + part[b]) return a + separator + b;
  }
  if (base === first) return '{first}';
  return base === last ? '{last}' : null;
}

/** A form with the look of it: one word, or two with a sign between them. */
function guessedForm(base: string, isBlind: boolean): string | null {
  const two = /^([a-z]+)([._-])([a-z]+)$/.exec(base);
  if (two !== null)
    return `${two[1].length === 1 ? '{f}' : '{first}'}${two[2]}${two[3].length === 1 ? '{l}' : '{last}'}`;
  if (!/^[a-z]+$/.test(base)) return null;
  // Of a single word nothing tells whether it holds one name or two but its length.
  return isBlind && base.length <= 6 ? '{first}' : base.length <= 9 ? '{f}{last}' : '{first}{last}';
}
