import type { NameRule, TableKind } from '../../../rules/pack.ts';

/** After these last words a name no longer speaks of the value itself but of a fact about it. */
const TECHNICAL_ENDINGS = new Set([
  'id',
  'ids',
  'at',
  'on',
  'count',
  'cnt',
  'type',
  'status',
  'state',
  'verified',
  'confirmed',
  'enabled',
  'disabled',
  'valid',
  'flag',
  'template',
  'format',
  'sent',
  'date',
  'time',
  'version',
  'policy',
  'language',
  'pattern',
  'length',
  'size',
  'order',
  'rank',
  'source',
  'attempts',
  'required',
  'expires',
  'expiry',
  'optin',
  'in',
  'out',
  'active',
  'bounced',
  'preference',
  'preferences',
  'updated',
  'created',
]);

/** Words after a table's own that leave it a table of the same things. */
const TABLE_SUFFIXES = new Set([
  'archive',
  'archived',
  'history',
  'hist',
  'old',
  'new',
  'backup',
  'bak',
  'data',
  'info',
  'information',
  'detail',
  'details',
  'list',
  'master',
  'tbl',
  'table',
  'view',
  'tmp',
  'temp',
  'log',
  'profile',
  'record',
  'records',
  'stamm',
  'daten',
  'stammdaten',
]);
/** The same in Japanese, where words are not set apart. */
const JAPANESE_SUFFIX = /(?:マスター?|テーブル|情報|一覧|データ|履歴)$/;
const TABLE_PREFIXES = new Set([
  'tbl',
  'tb',
  't',
  'app',
  'auth',
  'sys',
  'core',
  'crm',
  'dim',
  'stg',
  'fact',
  'wp',
  'public',
]);

/** `Kunden-eMail2` → `['kunden', 'e', 'mail', '2']`; accents folded, `ß` and umlauts as two letters. */
export function wordsOf(name: string): string[] {
  return fold(name)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .replace(/([A-Za-z])(\d)/g, '$1 $2')
    .replace(/(\d)([A-Za-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== '');
}

/**
 * Letters without accents; German umlauts written out, so that `Straße` is `strasse` and `Schüler` is `schueler`;
 * half and full width are the same. Marks of other scripts stay: in kana they make other letters.
 */
function fold(text: string): string {
  return text
    .normalize('NFKC')
    .replaceAll('ß', 'ss')
    .replace(/[äöüÄÖÜ]/g, (letter) => `${letter}e`)
    .normalize('NFD')
    .replace(/[\u0300-\u036f]+/g, '')
    .normalize('NFC');
}

/** What the name of a table says about its rows. */
export function tableKindsOf(
  table: string,
  words: Readonly<Record<TableKind, readonly string[]>>,
): ReadonlySet<TableKind> {
  const forms = tableForms(table);
  const kinds = new Set<TableKind>();
  for (const kind of Object.keys(words) as TableKind[]) {
    if (words[kind].some((word) => forms.has(word.replaceAll('_', '')))) kinds.add(kind);
  }
  return kinds;
}

/** The word that a table's name ends with, in the forms that a word list may have it: `user_accounts` → `accounts`, `account`, and the joined whole. */
function tableForms(table: string): ReadonlySet<string> {
  const words = wordsOf(table.replace(JAPANESE_SUFFIX, '')).filter((word) => !/^\d+$/.test(word));
  while (words.length > 1 && TABLE_SUFFIXES.has(words.at(-1)!)) words.pop();
  const forms = new Set<string>();
  for (const text of [words.at(-1) ?? '', words.slice(-2).join('')]) {
    forms.add(text);
    for (const singular of singularsOf(text)) forms.add(singular);
  }
  return forms;
}

/** What an English or Romance plural may be the plural of. */
export function singularsOf(word: string): string[] {
  const forms: string[] = [];
  if (word.endsWith('ies')) forms.push(`${word.slice(0, -3)}y`);
  if (word.endsWith('es')) forms.push(word.slice(0, -2));
  if (word.endsWith('s')) forms.push(word.slice(0, -1));
  return forms;
}

/** Where a term was found in a column's name. */
export interface NameMatch {
  readonly term: string;
  /** Letters of the name that the term explains: the longest decides. */
  readonly weight: number;
  /** Words before and after it: `billing` of `billing_city`. The table's own name and numbers are left out. */
  readonly qualifier: string;
  /** The number that ends the name, apart from the term's own: 2 of `phone_2`. */
  readonly ordinal: number;
}

/** A column's name, cut up once for many terms. */
export interface ColumnName {
  readonly words: readonly string[];
  readonly ownWords: ReadonlySet<string>;
}

export function columnNameOf(table: string, column: string): ColumnName {
  const words = wordsOf(table).filter((word) => !TABLE_PREFIXES.has(word));
  const own = new Set<string>();
  for (const word of [...words, words.join('')]) for (const form of [word, ...singularsOf(word)]) own.add(form);
  return { words: wordsOf(column), ownWords: own };
}

/** The best match of any term of the rules that hold for this kind of table; null where none matches. */
export function matchNameRules(
  name: ColumnName,
  kinds: ReadonlySet<TableKind>,
  rules: readonly NameRule[],
): NameMatch | null {
  let best: NameMatch | null = null;
  for (const rule of rules) {
    if (rule.in !== undefined && !kinds.has(rule.in)) continue;
    if (rule.notIn !== undefined && kinds.has(rule.notIn)) continue;
    for (const term of rule.terms) {
      const match = matchTerm(name, term);
      if (match !== null && (best === null || match.weight > best.weight)) best = match;
    }
  }
  return best;
}

/** Matches one term of the grammar in rules/pack.ts. */
export function matchTerm(name: ColumnName, term: string): NameMatch | null {
  const bare = term.replace(/^[=*]|\*$/g, '').replaceAll('_', '');
  const { words } = name;
  if (term.startsWith('=')) return matchWhole(name, term, bare);
  if (term.startsWith('*')) {
    const { kept, ordinal } = withoutNumber(words);
    const last = kept.at(-1) ?? '';
    return last.endsWith(bare) || (kept.join('').endsWith(bare) && bare.length > last.length)
      ? {
          term,
          weight: bare.length,
          qualifier: qualifierOf(
            name,
            kept.join('').slice(0, -bare.length) === '' ? [] : [kept.join('').slice(0, -bare.length)],
          ),
          ordinal,
        }
      : null;
  }
  if (term.endsWith('*')) {
    const length = wordsThatSpell(words, bare, 'start');
    const rest = length === null ? [] : words.slice(length);
    if (length === null || rest.length === 0 || TECHNICAL_ENDINGS.has(rest.at(-1)!)) return null;
    return { term, weight: bare.length, qualifier: qualifierOf(name, rest), ordinal: 0 };
  }
  const exact = wordsThatSpell(words, bare, 'end');
  if (exact !== null)
    return {
      term,
      weight: bare.length,
      qualifier: qualifierOf(name, words.slice(0, words.length - exact)),
      ordinal: 0,
    };
  const { kept, ordinal } = withoutNumber(words);
  if (kept.length === words.length) return null;
  const length = wordsThatSpell(kept, bare, 'end');
  return length === null
    ? null
    : { term, weight: bare.length, qualifier: qualifierOf(name, kept.slice(0, kept.length - length)), ordinal };
}

function matchWhole(name: ColumnName, term: string, bare: string): NameMatch | null {
  const { kept, ordinal } = withoutNumber(name.words);
  const length = wordsThatSpell(kept, bare, 'end');
  if (length === null) return null;
  const before = kept.slice(0, kept.length - length);
  return before.every((word) => name.ownWords.has(word)) ? { term, weight: bare.length, qualifier: '', ordinal } : null;
}

/** How many words at that end, joined, are the text. */
function wordsThatSpell(words: readonly string[], text: string, end: 'start' | 'end'): number | null {
  let joined = '';
  for (let n = 1; n <= words.length; n++) {
    joined = end === 'end' ? words[words.length - n] + joined : joined + words[n - 1];
    if (joined === text) return n;
    if (joined.length > text.length) return null;
  }
  return null;
}

function withoutNumber(words: readonly string[]): { kept: readonly string[]; ordinal: number } {
  const last = words.at(-1) ?? '';
  return /^\d+$/.test(last) && words.length > 1
    ? { kept: words.slice(0, -1), ordinal: Number(last) }
    : { kept: words, ordinal: 0 };
}

/** Words that say whose address it is even where they are part of a term (`ship_region`). */
const ROLE_WORDS = new Set(['billing', 'shipping', 'ship', 'delivery']);

function qualifierOf(name: ColumnName, words: readonly string[]): string {
  const roles = name.words.filter((word) => ROLE_WORDS.has(word) && !words.includes(word));
  return [...roles, ...words].filter((word) => !name.ownWords.has(word) && !/^\d+$/.test(word)).join('_');
}
