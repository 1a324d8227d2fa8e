import { isGlob } from '../kernel/glob.ts';
import type { ColumnConfig, RuleConfig } from './schema.ts';
import type { ResolvedConfig } from './resolved.ts';

/** What the configuration says about columns, in the order in which `mask` asks: the first that matches decides. */
export interface ConfiguredColumnRule {
  readonly table: string;
  readonly column: string;
  readonly treatment: ColumnConfig['treatment'];
  readonly detector?: string;
  readonly options: {
    readonly days?: number;
    readonly width?: number;
    readonly locale?: string;
    readonly alphabet?: 'digits' | 'letters' | 'both';
    readonly accepted?: boolean;
  };
}

/** Column rules under `tables:` first, then `rules:`. */
export function columnRules(config: ResolvedConfig): ConfiguredColumnRule[] {
  // Names know better than patterns.
  const entries = Object.entries(config.tables).toSorted(([a], [b]) => Number(isGlob(a)) - Number(isGlob(b)));
  const exact = entries.flatMap(([table, settings]) =>
    Object.entries(settings.columns).map(([column, rule]) => toRule(table, column, rule)),
  );
  return [...exact, ...config.rules.map((rule) => toRule(rule.table, rule.column, rule))];
}

function toRule(table: string, column: string, rule: ColumnConfig | RuleConfig): ConfiguredColumnRule {
  const { treatment, detector, days, width, locale, alphabet, accept } = rule;
  return {
    table,
    column,
    treatment,
    ...(detector === undefined ? {} : { detector }),
    options: { days, width, locale, alphabet, ...(accept === undefined ? {} : { accepted: true }) },
  };
}
