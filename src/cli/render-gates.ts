import type { GateResult, IntegrityResult, Result } from '../pipeline/contract.ts';
import type { Paint, Style } from './output-mode.ts';
import { count, textTable } from './text-table.ts';

const STYLES: Readonly<Record<GateResult['verdict'], Style>> = {
  pass: 'green',
  fail: 'red',
  underpowered: 'yellow',
  'not-applicable': 'dim',
};

/** One line a kind of gate, and every one that did not pass in full. */
export function renderGates(gates: readonly GateResult[], paint: Paint): string {
  if (gates.length === 0) return '';
  const kinds = groupByGate(gates);
  const rows = [...kinds].map(([kind, group]) => {
    const tally = (verdict: GateResult['verdict']): string => {
      const number = group.filter((gate) => gate.verdict === verdict).length;
      return number === 0 ? '' : paint(STYLES[verdict], count(number));
    };
    return [
      kind,
      tally('pass'),
      tally('fail'),
      tally('underpowered'),
      tally('not-applicable'),
      [...new Set(group.map((gate) => gate.basis))].join(', '),
    ];
  });
  const table = textTable(['gate', 'pass ', 'fail ', 'underpowered ', 'not applicable ', 'measured on'], rows);
  const failed = gates
    .filter((gate) => gate.verdict === 'fail')
    .map((gate) => `  ${paint('red', 'failed')} ${gate.gate} ${gate.scope}: ${gate.explanation}\n`);
  return `${paint('bold', 'Gates')}\n${table}${failed.join('')}\n`;
}

function groupByGate(gates: readonly GateResult[]): Map<string, GateResult[]> {
  const groups = new Map<string, GateResult[]>();
  for (const gate of gates) groups.set(gate.gate, [...(groups.get(gate.gate) ?? []), gate]);
  return groups;
}

export function renderIntegrity(integrity: IntegrityResult | null, paint: Paint): string {
  if (integrity === null) return '';
  const { foreignKeyCount, orphanCount, violationCount } = integrity;
  const clean = orphanCount === 0 && violationCount === 0;
  const text = `${count(foreignKeyCount)} foreign keys checked by the server, ${count(orphanCount)} orphans, ${count(violationCount)} other violations`;
  return `${paint('bold', 'Integrity')}  ${paint(clean ? 'green' : 'red', text)}\n\n`;
}

/** The last line that people look for. */
export function renderVerdict({ verdict }: Result, meaning: string, paint: Paint): string {
  return `${paint(verdict === 'pass' ? 'green' : 'red', paint('bold', verdict.toUpperCase()))}  ${meaning}\n`;
}
