/** Texts whose near misses are counted: their number is scaled up. */
const NEAR_MISS_SAMPLE = 1000;
/** Longer texts are no codes that a pattern of characters would hit. */
const CODE_LENGTH = 24;
/** Below this a product of shares adds nothing to what is expected. */
const NOTHING = 1e-9;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';

/**
 * How often made texts equal given ones by accident. Two ways of making them are thought of, and the likelier counts:
 * words put together, each with the share it has after the one before it, and characters drawn from a pattern, which
 * hits a text about as often as the texts that differ from it in one character.
 *
 * Neither looks at how often the given text itself was made, so a copied one is not its own excuse.
 */
export class TextChance {
  readonly #made: ReadonlyMap<string, number>;
  readonly #words = new Map<string, number>();
  readonly #pairs = new Map<string, number>();
  #textCount = 0;
  #digitCount = 0;

  /** `made`: the texts, each with its number. */
  constructor(made: ReadonlyMap<string, number>) {
    this.#made = made;
    for (const [text, count] of made) {
      this.#textCount += count;
      const words = wordsOf(text);
      let before = '';
      for (const word of words) {
        add(this.#words, word, count);
        add(this.#pairs, `${before} ${word}`, count);
        if (isDigit(word)) this.#digitCount += count;
        before = word;
      }
      add(this.#words, '', count);
    }
  }

  /** Expected number of made texts that equal one of these. **Domain** `texts` distinct. */
  expectedHits(texts: ReadonlySet<string>): number {
    let fromWords = 0;
    let fromPattern = 0;
    let sampled = 0;
    for (const text of texts) {
      fromWords += this.#byWords(text);
      if (text.length > CODE_LENGTH || sampled >= NEAR_MISS_SAMPLE) continue;
      sampled++;
      fromPattern += this.#byNearMisses(text);
    }
    const codes = [...texts].filter((text) => text.length <= CODE_LENGTH).length;
    return Math.max(fromWords, sampled === 0 ? 0 : (fromPattern * codes) / sampled);
  }

  #byWords(text: string): number {
    const own = this.#made.get(text) ?? 0;
    let expected = this.#textCount;
    let before = '';
    for (const word of wordsOf(text)) {
      const after = (this.#pairs.get(`${before} ${word}`) ?? 0) - own;
      const chained = after <= 0 ? 0 : after / Math.max(1, (this.#words.get(before) ?? 0) - own);
      // A text has many digits, and each place is filled by one of them.
      const places = isDigit(word) ? this.#digitCount : this.#textCount;
      const alone = Math.max(0, (this.#words.get(word) ?? 0) - own) / places;
      expected *= Math.min(1, Math.max(chained, alone));
      if (expected < NOTHING) return 0;
      before = word;
    }
    return expected;
  }

  /** Mean number of the made texts that differ from this one in a given character, of its kind. */
  #byNearMisses(text: string): number {
    let near = 0;
    let tried = 0;
    for (let at = 0; at < text.length; at++) {
      const own = text[at];
      const isUpper = own !== own.toLowerCase();
      const kind = LETTERS.includes(own.toLowerCase()) ? LETTERS : DIGITS.includes(own) ? DIGITS : '';
      for (const letter of kind) {
        const other = isUpper ? letter.toUpperCase() : letter;
        if (other === own) continue;
        tried++;
        near += this.#made.get(text.slice(0, at) + other + text.slice(at + 1)) ?? 0;
      }
    }
    return tried === 0 ? 0 : near / tried;
  }
}

function add(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

function isDigit(word: string): boolean {
  return word.length === 1 && DIGITS.includes(word);
}

/** Words, and each digit for itself. */
function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{M}]+|\d/gu) ?? [];
}
