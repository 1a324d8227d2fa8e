import type { Detector } from '../pack.ts';

/** The payment data that turn up outside payment systems. */
export const paymentDetectors: readonly Detector[] = [
  {
    id: 'payment.card-number',
    title: 'payment card number',
    sensitivity: 'direct',
    treatment: 'fake',
    identifiesPerson: false,
    kinds: ['text', 'number'],
    names: [{ terms: ['card_number', 'card_no', 'credit_card', 'credit_card_number', 'creditcard', 'cc_number', 'cc_num', 'ccn', 'debit_card', 'pan_number', 'kreditkarte', 'kreditkartennummer', 'kartennummer', 'numero_carte', 'carte_bancaire', 'numero_tarjeta', 'tarjeta_credito', 'numero_cartao', 'cartao_credito'] }],
    values: { test: { check: 'card-number' }, alone: { share: 0.5, distinctCount: 3 } },
    positive: [{ column: 'card_number' }, { column: 'ref', values: ['4111 1111 1111 1111', '5500-0000-0000-0004', '340000000000009', '6011000000000004'] }],
    negative: [{ column: 'card_type' }, { column: 'ref', values: ['4111111111111112', '1234567890123', '4111111111111113', '4111111111111114'] }],
  },
  {
    id: 'payment.card-code',
    title: "payment card's security code",
    sensitivity: 'secret',
    treatment: 'redact',
    identifiesPerson: false,
    kinds: ['text', 'number'],
    names: [{ terms: ['cvv', 'cvc', 'cvv2', 'cvc2', 'card_code', 'card_security_code', 'security_code', 'pruefnummer', 'cryptogramme'] }],
    values: null,
    positive: [{ column: 'cvv' }],
    negative: [{ column: 'cv_text' }],
  },
  {
    id: 'payment.iban',
    title: 'bank account number',
    sensitivity: 'direct',
    treatment: 'fake',
    identifiesPerson: false,
    kinds: ['text', 'number'],
    names: [{ terms: ['iban', 'iban_*', 'bank_account', 'bank_account_number', 'account_number', 'bank_account_no', 'kontonummer', 'bankverbindung', 'numero_compte', 'rib', 'cuenta_bancaria', 'numero_cuenta', 'conta_bancaria', 'numero_conta', 'routing_number', 'sort_code', 'pix_key', 'chave_pix'] }],
    values: { test: { check: 'iban' }, alone: { share: 0.2, distinctCount: 1 } },
    positive: [{ column: 'iban' }, { column: 'x9', values: ['DE89 3704 0044 0532 0130 00', 'GB82WEST12345698765432'] }],
    negative: [{ column: 'x9', values: ['DE89370400440532013001', 'GB82WEST12345698765433'] }, { column: 'account_id', kind: 'number' }],
  },
];
