/**
 * Ranges that regulators keep free for fiction, as national digits; `#` is a free digit.
 * Sources: NANPA 555-01XX; Ofcom, "Telephone numbers for use in TV and radio drama programmes"; Bundesnetzagentur,
 * Mitteilung 148/2021; ARCEP, decision 2018-0881.
 */
const RESERVED: Readonly<Record<string, { readonly country: string; readonly national: readonly string[] }>> = {
  US: { country: '1', national: ['2', '3', '4', '5', '6', '7', '8', '9'].map((first) => `${first}##55501##`) },
  GB: { country: '44', national: ['07700900###', '01632960###', '02079460###'] },
  DE: { country: '49', national: ['03023125###', '06990009###', '04066969###', '08999998###', '02214710###'] },
  FR: { country: '33', national: ['019900####', '063998####'] },
};

const RANGE_OF_LOCALE: Readonly<Record<string, string>> = {
  en: 'US',
  en_US: 'US',
  en_CA: 'US',
  en_GB: 'GB',
  de: 'DE',
  fr: 'FR',
};

/**
 * Patterns for a fictional number of `count` digits, `#` a free digit: the locale's reserved ranges where they have
 * that length, with or without the country's code; else the prefix 999, which no country has; a short one begins
 * with 0, which no local number does.
 */
export function fictionalPatterns(locale: string, count: number): readonly string[] {
  const range = RESERVED[RANGE_OF_LOCALE[locale] ?? ''];
  if (range !== undefined) {
    const local = range.country === '1' && count === 7 ? ['55501##'] : [];
    for (const form of [range.national, international(range), local]) {
      const fitting = form.filter((pattern) => pattern.length === count);
      if (fitting.length > 0) return fitting;
    }
  }
  return [unassignedPattern(count)];
}

function international(range: { readonly country: string; readonly national: readonly string[] }): string[] {
  return range.national.map((text) => range.country + text.replace(/^0/, ''));
}

const ALL_RESERVED = Object.values(RESERVED)
  .flatMap((range) => [...range.national, ...international(range)])
  .map((pattern) => new RegExp(`^${pattern.replaceAll('#', '\\d')}$`));

/** Whether a number, however it is written, lies in a reserved range: then production holds made numbers itself. */
export function isFictionalNumber(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  return ALL_RESERVED.some((pattern) => pattern.test(digits));
}

/** As many free digits as a fictional number of that length can have. */
export function unassignedPattern(count: number): string {
  return count >= 9 ? `999${'#'.repeat(count - 3)}` : count >= 7 ? `0${'#'.repeat(count - 1)}` : '#'.repeat(count);
}
