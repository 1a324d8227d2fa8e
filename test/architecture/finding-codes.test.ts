/** What a schema or a target can end in besides data: every such code is met by a test, and explained in the README. */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ERROR_CODES } from '../../src/kernel/errors.ts';
import { projectRoot } from '../support/build.ts';

const CODE = /'((?:INTROSPECT|GRAPH|GENERATE|LOAD|PREFLIGHT)_[A-Z_]*[A-Z])'/g;

const textOf = (folders: readonly string[], but = ''): string =>
  folders
    .flatMap((folder) =>
      readdirSync(path.join(projectRoot, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        path.join(folder, name),
      ),
    )
    .filter((file) => /\.(ts|mjs)$/.test(file) && file !== but)
    .map((file) => readFileSync(path.join(projectRoot, file), 'utf8'))
    .join('\n');

const table = 'src/kernel/errors.ts';
const given = new Set([...textOf(['src', 'connectors'], table).matchAll(CODE)].map(([, code]) => code));

test('every code of the table about schemas and rows is raised somewhere', () => {
  const known = Object.keys(ERROR_CODES).filter((code) => `'${code}'`.match(CODE) !== null);
  expect(known.filter((code) => !given.has(code))).toEqual([]);
});

test('every code that a schema or a target can end in is met by a test', () => {
  const tests = textOf(['test']);
  // A test may name the end of a code, where all of its codes begin alike.
  const isMet = (code: string): boolean =>
    tests.includes(code) || tests.includes(` ${code.replace('PREFLIGHT_DRIFT_', '')} `);
  expect([...given].filter((code) => !isMet(code)).toSorted()).toEqual([]);
  // The control: a code that nobody gives is met nowhere.
  expect(isMet(['GRAPH', 'MADE_UP'].join('_'))).toBe(false);
});

test('every code that ends in no data stands in the README', () => {
  const readme = readFileSync(path.join(projectRoot, 'README.md'), 'utf8');
  const schemaCodes = [...given].filter((code) => /^(INTROSPECT|GENERATE|LOAD)_/.test(code) && code in ERROR_CODES);
  expect(schemaCodes.filter((code) => !readme.includes(code)).toSorted()).toEqual([]);
});
