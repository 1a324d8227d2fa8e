/** What could name or reach a person stays out of a vocabulary, however many units share it. */
export function isTelling(word: string): boolean {
  return word.length > 40 || /@|:\/\/|www\.|\d{4,}/i.test(word);
}
