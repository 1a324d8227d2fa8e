import { normaliseWord } from './dictionaries.ts';

/** Form of a name without letters a–z. */
export const NO_LETTERS = 'user';

const forms = new Map<string, string>();

/** Lower-case letters a–z of a name, `NO_LETTERS` where it has none; remembered, as names come from lists. */
export function asciiForm(name: string): string {
  let form = forms.get(name);
  if (form === undefined) {
    form =
      normaliseWord(name)
        .replaceAll('ø', 'o')
        .replaceAll('æ', 'ae')
        .replaceAll('å', 'a')
        .replaceAll('ł', 'l')
        .replaceAll('đ', 'd')
        .replaceAll('þ', 'th')
        .replace(/[^a-z]/g, '') || NO_LETTERS;
    if (forms.size < 200_000) forms.set(name, form);
  }
  return form;
}
