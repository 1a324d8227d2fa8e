/**
 * The form of a rule pack: data only. What a check or a dictionary *is* lives in `stages/mask`; a pack names it.
 *
 * Column names are compared as words: `Kunden-eMail2`, `kundenEMail2` and `KUNDEN_E_MAIL_2` are the words
 * `kunden e mail 2`. Accents are folded, words joined: `firstname` and `first_name` are the same term. A term is
 *
 *     first_name      the name ends with these words (`billing_first_name`, `first_name_2`)
 *     =name           the name is these words and nothing else, but for the table's own name (`customer_name`)
 *     telefono_*      the name begins with these words and does not go on to something technical (`telefono_id`)
 *     *telefon        the name ends with these letters: compounds (`privattelefon`)
 *
 * The longest term that matches decides, so that `email_address` is not an `address`.
 */

/** What kind of type a column has, coarsely; domains count as their base type, arrays as their element. */
export type ColumnKind =
  | 'text'
  | 'number'
  | 'date'
  | 'boolean'
  | 'enum'
  | 'uuid'
  | 'network'
  | 'bytes'
  | 'json'
  | 'other';

/**
 * `direct`: a value that belongs to one person alone, so that none may appear in a target (an e-mail); `quasi`: shared
 * by several, naming somebody in combination (a first name, a city); `secret`: grants access.
 */
export type PackSensitivity = 'none' | 'quasi' | 'direct' | 'secret';

export type PackTreatment = 'synthesize' | 'fake' | 'hash' | 'redact' | 'null' | 'shift' | 'bucket' | 'keep';

/** Kinds of table that a term may be bound to; the words are in the pack. */
export type TableKind = 'persons' | 'addresses' | 'writings' | 'places';

export interface NameRule {
  readonly terms: readonly string[];
  /** Only in tables of this kind. */
  readonly in?: TableKind;
  /** Not in tables of this kind. */
  readonly notIn?: TableKind;
}

/** Validators that code implements: a syntax that a regular expression alone cannot hold. */
export type ValueCheck =
  | 'email'
  | 'phone'
  | 'card-number'
  | 'iban'
  | 'ip-address'
  | 'mac-address'
  | 'password-hash'
  | 'token'
  | 'url'
  | 'birth-date';

/** Lists of names, from faker's locale data. */
export type Dictionary = 'first-name' | 'last-name' | 'full-name' | 'city' | 'country';

/** What a value of the class looks like. */
export type ValueTest =
  | { readonly check: ValueCheck }
  | { readonly pattern: string }
  | { readonly dictionary: Dictionary };

/**
 * When values alone decide, whatever the column is called: at least `share` of at least `distinctCount` distinct
 * sampled values pass. Formats that nothing else has (an e-mail) need few; shapes that other things share (a phone
 * number) need many. Absent: values only confirm a name.
 */
export interface ValueEvidence {
  readonly test: ValueTest;
  /** What the values of a column that is named so must at least look like; the test itself where absent. */
  readonly confirm?: ValueTest;
  readonly alone?: { readonly share: number; readonly distinctCount: number };
}

/** A column as a test: what it is called, what it holds. */
export interface Example {
  /** Default `things`: a table of no kind. */
  readonly table?: string;
  readonly column: string;
  /** Default `text`. */
  readonly kind?: ColumnKind;
  readonly values?: readonly string[];
}

export interface Detector {
  /** `person.email`: unique over all packs. */
  readonly id: string;
  /** As said to a person: `e-mail address`. */
  readonly title: string;
  readonly sensitivity: PackSensitivity;
  readonly treatment: PackTreatment;
  /** Says who a natural person is, by itself: a table that has it beside its own key is a table of persons. */
  readonly identifiesPerson: boolean;
  readonly kinds: readonly ColumnKind[];
  readonly names: readonly NameRule[];
  readonly values: ValueEvidence | null;
  /** Found so. */
  readonly positive: readonly Example[];
  /** Not found so (perhaps as something else). */
  readonly negative: readonly Example[];
}

export interface RulePack {
  readonly name: string;
  readonly description: string;
  /** Words, singular, that end a table's name: which kinds of table there are. */
  readonly tables: Readonly<Record<TableKind, readonly string[]>>;
  readonly detectors: readonly Detector[];
}
