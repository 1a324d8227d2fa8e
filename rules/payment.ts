import { paymentDetectors } from './payment/bank-and-card.ts';
import type { RulePack } from './pack.ts';
import { tableWords } from './table-words.ts';

/** Cards, bank accounts, bank codes, wallets. */
export const payment: RulePack = {
  name: 'payment',
  description: 'Cards, bank accounts, bank codes, wallets.',
  tables: tableWords,
  detectors: paymentDetectors,
};
