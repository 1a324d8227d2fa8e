/** What the frequencies of pseudonyms and hashes give away of the values behind them. */
import { frequencyRankRate } from '../../metrics/frequency-rank.ts';
import type { ScanInput } from './input.ts';
import type { TableView } from './table-view.ts';
import { exactGate, type OpenGate } from './verdicts.ts';

const GATE = 'frequency-rank';

/** Share of rows whose value may be told by its frequency alone, where nobody accepted more. */
const LIMIT = 0.05;

/** One for each column of a masked table whose stand-ins repeat as often as the values. */
export function frequencyGates(view: TableView, input: ScanInput): OpenGate[] {
  const columns = input.classification.columns.filter(
    (entry) => entry.table === view.id && ['pseudonym', 'hash'].includes(entry.treatment),
  );
  return columns.flatMap((entry) => {
    const values = input.source.sample.tables.get(view.id)?.columns.get(entry.column);
    if (values === undefined) return [];
    const rate = frequencyRankRate(values);
    const isAccepted = entry.options?.accepted === true;
    return [
      exactGate(GATE, `${view.id}.${entry.column}`, view.id, {
        value: rate,
        limit: LIMIT,
        passes: rate <= LIMIT || isAccepted,
        explanation:
          `Who knows how often each value occurs tells the values of ${(100 * rate).toFixed(1)} % of the rows from the frequencies of their stand-ins.` +
          (rate > LIMIT && isAccepted ? ' It was accepted by name.' : ''),
      }),
    ];
  });
}
