/**
 * The form of a JSON value without its contents: names and types, lists as the merged form of their items. Snapshots
 * of it hold a public interface still while the data changes. Keys of open mappings are shown as `*`.
 */
export function shapeOf(value: unknown, openKeys: readonly string[] = [], key = ''): unknown {
  if (value === null) return 'null';
  if (Array.isArray(value))
    return value.length === 0 ? [] : [value.map((item) => shapeOf(item, openKeys)).reduce(merge)];
  if (typeof value !== 'object') return typeof value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (openKeys.includes(key)) {
    const inner = entries.map(([, item]) => shapeOf(item, openKeys));
    return inner.length === 0 ? {} : { '*': inner.reduce(merge) };
  }
  return Object.fromEntries(entries.map(([name, item]) => [name, shapeOf(item, openKeys, name)]));
}

function merge(a: unknown, b: unknown): unknown {
  if (typeof a === 'string' && typeof b === 'string')
    return [...new Set([...a.split('|'), ...b.split('|')])].toSorted().join('|');
  if (Array.isArray(a) && Array.isArray(b)) return a.length === 0 ? b : b.length === 0 ? a : [merge(a[0], b[0])];
  if (isMapping(a) && isMapping(b)) {
    const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].toSorted();
    return Object.fromEntries(
      names.map((name) => [name, name in a ? (name in b ? merge(a[name], b[name]) : a[name]) : b[name]]),
    );
  }
  // A value and its absence: the value's form says more.
  return a === 'null' ? b : a;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
