import type { Knex } from 'knex';

/** What a run was, and what came of it. Names, counts and digests; no value of any database. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('runs', (table) => {
    table.text('run_id').primary();
    table.text('state').notNullable();
    table.timestamp('started_at', { useTz: true }).notNullable();
    table.timestamp('finished_at', { useTz: true });
    table.text('mode').notNullable();
    // As text: seeds are compared and shown, never calculated with.
    table.text('seed').notNullable();
    table.double('scale').notNullable();
    table.text('model_hash');
    table.text('config_digest').notNullable();
    table.text('source_fingerprint').notNullable();
    table.text('verdict');
    table.bigInteger('row_count');
    table.text('version').notNullable();
    table.text('report_path');
    table.text('holder').notNullable();
    table.index(['source_fingerprint']);
  });
  await knex.schema.createTable('run_tables', (table) => {
    table.text('run_id').notNullable().references('run_id').inTable('runs').onDelete('CASCADE');
    table.text('schema_name').notNullable();
    table.text('table_name').notNullable();
    table.text('strategy').notNullable();
    table.bigInteger('source_row_count').notNullable();
    table.bigInteger('row_count').notNullable();
    table.primary(['run_id', 'schema_name', 'table_name']);
  });
  await knex.schema.createTable('run_gates', (table) => {
    table.text('run_id').notNullable().references('run_id').inTable('runs').onDelete('CASCADE');
    table.integer('place').notNullable();
    table.text('gate').notNullable();
    table.text('scope').notNullable();
    table.double('value');
    table.double('interval_low');
    table.double('interval_high');
    table.double('limit_value');
    table.text('verdict').notNullable();
    table.text('basis').notNullable();
    table.primary(['run_id', 'place']);
  });
}

export async function down(knex: Knex): Promise<void> {
  for (const table of ['run_gates', 'run_tables', 'runs']) await knex.schema.dropTable(table);
}
