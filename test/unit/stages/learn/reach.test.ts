import { beforeAll, describe, expect, it } from 'vitest';
import { streamKey, uniformAt } from '../../../../src/numeric/random.ts';
import type { LearnedModel } from '../../../../src/stages/learn/artifact.ts';
import { learned, made, type MadeRows, type SketchDatabase, type SketchRow } from '../../../support/sketch-database.ts';

const MEMBERS = 600;
const FILMS = 40;
const COPIES = 160;
const LOANS = 2400;
/** Payments that somebody else than the borrower made. */
const BY_OTHERS = 24;

const list = (count: number, make: (i: number) => SketchRow): SketchRow[] =>
  Array.from({ length: count }, (_, i) => ({ id: i + 1, ...make(i) }));
const scatter = (i: number, among: number): number => Math.floor(uniformAt(streamKey(1, 'library'), 0, i, 0) * among);

/** A payment is what the film costs that the loan's copy is of; `shift` breaks that for the control. */
function library(shift: number): SketchDatabase {
  const film = list(FILMS, (i) => ({ price: 1 + 2 * (i % 3), title: `film ${i}` }));
  const copy = list(COPIES, (i) => ({ film_id: 1 + (i % FILMS) }));
  const loan = list(LOANS, (i) => ({ member_id: 1 + (i % MEMBERS), copy_id: 1 + scatter(i, COPIES) }));
  const priceOf = (i: number): number =>
    film[(copy[(loan[(i + shift) % LOANS].copy_id as number) - 1].film_id as number) - 1].price as number;
  const payment = list(LOANS, (i) => ({
    loan_id: i + 1,
    member_id: i < BY_OTHERS ? 1 + ((i + 7) % MEMBERS) : loan[i].member_id,
    amount: priceOf(i),
  }));
  return {
    sketch: {
      member: { columns: 'id', primaryKey: ['id'] },
      film: { columns: 'id price title:text', primaryKey: ['id'] },
      copy: { columns: 'id film_id', primaryKey: ['id'], keys: [{ columns: 'film_id', to: 'film' }] },
      loan: {
        columns: 'id member_id copy_id',
        primaryKey: ['id'],
        keys: [
          { columns: 'member_id', to: 'member' },
          { columns: 'copy_id', to: 'copy' },
        ],
      },
      payment: {
        columns: 'id loan_id member_id amount',
        primaryKey: ['id'],
        keys: [
          { columns: 'loan_id', to: 'loan' },
          { columns: 'member_id', to: 'member' },
        ],
      },
    },
    rows: { member: list(MEMBERS, () => ({})), film, copy, loan, payment },
    subjects: ['member'],
  };
}

const overrides = new Map(['film', 'copy'].map((name) => [`public.${name}`, { strategy: 'synthesize' as const }]));

const byId = (rows: MadeRows[string]): Map<string, MadeRows[string][number]> =>
  new Map(rows.map((row) => [row.id!, row]));

/** Share of payments of exactly what the film costs. */
function shareAtPrice({ film, copy, loan, payment }: MadeRows): number {
  const [films, copies, loans] = [byId(film), byId(copy), byId(loan)];
  const right = payment.filter(({ amount, loan_id }) => {
    const of = copies.get(loans.get(loan_id!)!.copy_id!)!;
    return films.get(of.film_id!)!.price === amount;
  });
  return right.length / payment.length;
}

describe('what lies behind the keys of a row', () => {
  let model: LearnedModel;
  let rows: MadeRows;

  beforeAll(async () => {
    model = await learned(library(0), { overrides });
    rows = await made(model);
  });

  it('is what the row depends on, three steps away', () => {
    expect(shareAtPrice(rows)).toBeGreaterThan(0.97);
  });

  it('is not where the source does not depend on it', async () => {
    const control = await made(await learned(library(1), { overrides }));
    // Three prices, a third each.
    expect(shareAtPrice(control)).toBeLessThan(0.45);
  });

  it('tells a key along a second path, but for the exceptions that the source has', () => {
    const loans = byId(rows.loan);
    const others = rows.payment.filter(({ loan_id, member_id }) => loans.get(loan_id!)!.member_id !== member_id);
    const payment = model.tables.find(({ id }) => id === 'public.payment')!;
    expect(payment.foreignKeys.map(({ maker }) => maker.by).sort()).toEqual(['context', 'through']);
    // 24 in the source; three standard deviations of a Poisson count, and one that meets its own member by chance.
    expect(others.length).toBeGreaterThan(8);
    expect(others.length).toBeLessThan(40);
  });
});
