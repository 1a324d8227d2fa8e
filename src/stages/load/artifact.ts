/** How fast one table went in. */
export interface TableLoad {
  /** `tableId` of the table. */
  readonly table: string;
  /** What the server took. */
  readonly rowCount: number;
  /** From the first block asked for to the server's answer: making the rows is in it. */
  readonly durationMs: number;
  readonly rowsPerSecond: number;
}

/** What was loaded, in the order in which it was. */
export interface LoadReport {
  readonly version: 1;
  readonly tables: readonly TableLoad[];
  readonly rowCount: number;
  readonly durationMs: number;
  readonly rowsPerSecond: number;
}
