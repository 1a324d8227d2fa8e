import { expect, test } from 'vitest';
import { sketchCatalog } from '../../../support/catalog.ts';
import { classifyColumns } from '../../../../src/stages/mask/index.ts';
import { localeData } from '../../../../src/stages/mask/locale-data.ts';
import { namePools } from '../../../../src/stages/mask/name-pool.ts';
import { maskedRows, sampleOf, tableOf } from './mask-fixture.ts';

const ROWS = 400;
const english = localeData('en');

function people(unique: boolean, names: (i: number) => readonly [string, string], email: (i: number) => string) {
  const catalog = sketchCatalog({
    member: {
      columns: 'id first_name:text last_name:text email:text',
      primaryKey: ['id'],
      ...(unique ? { uniqueKeys: [['email']] } : {}),
    },
  });
  const rows = Array.from({ length: ROWS }, (_, i) => names(i));
  const sample = sampleOf({
    member: {
      first_name: rows.map(([first]) => first),
      last_name: rows.map(([, last]) => last),
      email: rows.map((_, i) => email(i)),
    },
  });
  const classification = classifyColumns({ catalog, graph: null, sample, rules: [] });
  const made = maskedRows(tableOf(catalog, 'member'), classification, { rowCount: ROWS });
  const text = JSON.stringify(classification);
  return { made: (column: string) => made.get(column)! as string[], text };
}

/** Everybody has a name of their own, all of them in the dictionary. */
const ownNames = (i: number): readonly [string, string] => [
  english.firstNames.female[i],
  english.lastNames[i % english.lastNames.length],
];

test('an e-mail address is built from the row’s names as real ones are, at a domain of their length that is nobody’s', () => {
  const { made, text } = people(
    true,
    ownNames,
    (i) =>
      `${ownNames(i)
        .join('.')
        .toUpperCase()
        .replaceAll(/[^A-Z.]/g, '')}@${i % 4 === 0 ? 'northwindtraders.org' : 'post.net'}`,
  );
  const [firsts, lasts, emails] = ['first_name', 'last_name', 'email'].map(made);
  expect(new Set(emails.map((email) => email.toLowerCase())).size).toBe(ROWS);
  const lengths = new Map<number, number>();
  emails.forEach((email, i) => {
    const [local, domain] = email.split('@');
    expect(local.replace('.', '')).toBe((firsts[i] + lasts[i]).toUpperCase().replaceAll(/[^A-Z]/g, ''));
    expect(domain).toMatch(/\.(test|example)$/);
    lengths.set(domain.length, (lengths.get(domain.length) ?? 0) + 1);
  });
  expect([...lengths.keys()].toSorted((a, b) => a - b)).toEqual([8, 20]);
  expect(Math.abs(lengths.get(20)! / ROWS - 0.25)).toBeLessThan(0.08); // 3.7 standard errors
  expect(text).not.toMatch(/northwind|post\.net/i);
});

test('initials, signs and digits of handles are learned; the same form alone is not enough for a unique column', () => {
  const short = (i: number): string =>
    `${ownNames(i)[0][0]}${ownNames(i)[1]}${10 + (i % 90)}@corp.com`.replace("'", '');
  const free = people(false, ownNames, (i) => short(i).toLowerCase());
  const firsts = free.made('first_name');
  free.made('email').forEach((email, i) => {
    expect(email).toMatch(/^[a-z]+\d\d@[a-z]+\.test$/);
    expect(email[0]).toBe(firsts[i].normalize('NFD')[0].toLowerCase());
  });
  const unique = people(true, ownNames, (i) => short(i).toLowerCase()).made('email');
  for (const email of unique) expect(email).toMatch(/^[a-z]+\d{4}@[a-z]+\.test$/);
  expect(new Set(unique).size).toBe(ROWS);
});

test('made names meet real ones no more often than real ones meet each other', () => {
  const hits = (names: (i: number) => readonly [string, string]): number => {
    const real = new Set(Array.from({ length: ROWS }, (_, i) => names(i)[0]));
    const { made } = people(false, names, (i) => `p${i}@corp.com`);
    return made('first_name').filter((name) => real.has(name)).length / ROWS;
  };
  // Nobody shares a name, so a dictionary that holds all of them (400 of 3,000) would hit far too often.
  expect(hits(ownNames)).toBeLessThan(0.02);
  // The control: where real people share their names, the dictionary may be used.
  const shared = (i: number): readonly [string, string] => [english.firstNames.female[i % 200], 'Gray'];
  expect(hits(shared)).toBeGreaterThan(0.02);
});

test('the names of a pool are spelt as the dictionary’s are, and none of them is one of its own', () => {
  const dictionary = new Set(english.lastNames);
  const { last } = namePools(english);
  const made = last.names(true, null);
  expect(made.length).toBeGreaterThan(3000);
  expect(new Set(made).size).toBe(made.length);
  for (const name of made) {
    expect(dictionary.has(name)).toBe(false);
    expect(name).toMatch(/^\p{Lu}/u);
  }
  for (const name of last.names(true, 7)) expect(name.length).toBe(7);
});
