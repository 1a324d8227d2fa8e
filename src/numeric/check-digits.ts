/** Sums that tell a mistyped number from a right one. */

/** Luhn's sum of all digits, the last one counting once (ISO/IEC 7812-1). */
export function luhnSum(digits: string): number {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum;
}

/** Letters count as 10–35; the remainder modulo 97. */
export function mod97(text: string): number {
  let rest = 0;
  for (const character of text) {
    const value = Number.parseInt(character, 36);
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97;
  }
  return rest;
}

/** Σ weight(i) · digit, i counted from the last digit. */
export function weightedSum(digits: string, weight: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) sum += weight(i) * (digits.charCodeAt(digits.length - 1 - i) - 48);
  return sum;
}
