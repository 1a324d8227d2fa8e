import type { ColumnType } from '../../../connectors/connector.ts';

/** Shortest text that each maker can write, where that is more than one character. */
const SHORTEST: Readonly<Record<string, number>> = {
  'person.email': 8,
  'internet.ip': 7,
  'internet.mac': 12,
  'internet.profile-url': 12,
  'person.birth-date': 10,
};

const NUMERIC = new Set([
  'person.phone',
  'person.phone-extension',
  'person.national-id',
  'location.postal-code',
  'location.building-number',
  'location.coordinate',
  'payment.card-number',
  'payment.card-code',
  'payment.iban',
  'health.insurance-number',
  'health.record-number',
  'secret.recovery',
]);

/** Whether a fake of that class can be written in that type. */
export function canFake(detector: string, type: ColumnType): boolean {
  switch (type.class) {
    case 'text':
      return type.maxLength === null || type.maxLength >= (SHORTEST[detector] ?? 1);
    case 'array':
      return type.element?.class === 'text' && canFake(detector, type.element);
    case 'integer':
    case 'decimal':
    case 'float':
      return NUMERIC.has(detector);
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return detector === 'person.birth-date';
    case 'network':
      return detector === 'internet.ip' || detector === 'internet.mac';
    case 'uuid':
      return detector === 'secret.token';
    case 'bytes':
      return detector.startsWith('secret.');
    default:
      return false;
  }
}
