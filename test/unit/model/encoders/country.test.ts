import { expect, test } from 'vitest';
import { COUNTRIES, countryCode } from '../../../../src/model/encoders/countries.ts';
import { drawn, fit, revived, shapeOf } from './column-trial.ts';

/** Of twenty people in thirteen countries, five in one, nine in Europe, five elsewhere in America. */
const FEW = (
  'USA,USA,USA,USA,USA,Canada,Canada,Brazil,Brazil,Chile,Japan,' +
  'France,France,Hungary,Portugal,Denmark,Netherlands,Austria,Germany,Poland'
).split(',');
const continentOf = (text: string): string | undefined =>
  COUNTRIES.find(({ code }) => code === countryCode(text, 'en'))?.continent;

test('a country of few people is another one of its continent, as likely as its economy is large', () => {
  const encoder = fit(shapeOf('text'), FEW);
  expect(encoder.kind).toBe('country');
  const many = Array.from({ length: 200 }, () => FEW).flat();
  const made = drawn(revived(encoder), many) as string[];
  made.forEach((country, i) => {
    if (many[i] === 'USA') expect(country).toBe('USA');
    else if (continentOf(many[i]) === 'europe') expect(continentOf(country)).toBe('europe');
    else if (many[i] !== 'Japan') expect(continentOf(country)).toMatch(/america$/);
    expect(countryCode(country, 'en')).not.toBeNull();
  });
  const share = (name: string): number => made.filter((country) => country === name).length / made.length;
  expect(share('Germany')).toBeGreaterThan(2 * share('Poland')); // 4,460 against 811
  expect(share('Poland')).toBeGreaterThan(0);
});

test('no country that fewer than five people share is in the model', () => {
  const content = JSON.stringify(fit(shapeOf('text'), FEW).toJson());
  expect(content).toContain('USA');
  for (const country of ['Hungary', 'Chile', 'Canada']) expect(content).not.toContain(country);
});

test('codes stay codes, and what is no country is none', () => {
  const codes = ['DE', 'FR', 'IT', 'ES', 'PL', 'AT', 'CH'];
  for (const text of drawn(fit(shapeOf('text', { maxLength: 2 }), codes), codes)) expect(text).toMatch(/^[A-Z]{2}$/);
  const words = ['Georgia', 'Alabama', 'Ohio', 'Texas', 'Utah', 'Iowa', 'Maine'];
  expect(fit(shapeOf('text'), words).kind).toBe('text');
});
